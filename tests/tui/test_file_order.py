"""Which files come first, which are folded, which were viewed: for any change and any marks."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core.events import FileViewed
from parallel_agents.core.worktree import DiffStat, FileStat
from parallel_agents.tui.content.file_order import arranged, made_by_program, mark_of, totals_of

BLOBS = st.sampled_from(["", "1" * 40, "2" * 40])
PATHS = st.sampled_from(["a.py", "b/c.py", "uv.lock", "x.min.js", "web/app.js.map", "ß.py", ""])
FILES = st.lists(
    st.builds(
        FileStat,
        path=PATHS,
        old_path=st.none() | PATHS,
        status=st.sampled_from("ADMRT"),
        insertions=st.integers(0, 9),
        deletions=st.integers(0, 9),
        binary=st.booleans(),
        note=st.sampled_from(["", "not read"]),
        old_blob=BLOBS,
        blob=BLOBS,
    ),
    unique_by=lambda file: file.path,
)
MARKS = st.lists(st.builds(FileViewed, path=PATHS, blob=BLOBS, gone=st.booleans()))


@given(FILES, MARKS, st.sampled_from(["", "py", "PY", "c", "no such"]))
def test_any_change_is_arranged(files: list[FileStat], marks: list[FileViewed], word: str) -> None:
    stat = DiffStat(against="", commit="", files=tuple(files))
    found = arranged(stat, marks, word)
    shown = found.stat.files
    fitting = [file for file in files if word.lower() in file.path.lower()]
    assert sorted(shown, key=files.index) == fitting, "nothing is lost, nothing twice"
    ranks = [bool(made_by_program(file.path)) for file in shown]
    assert ranks == sorted(ranks)
    for rank in (False, True):
        group = [file for file, made in zip(shown, ranks, strict=True) if made == rank]
        assert group == sorted(group, key=files.index), "git's order within"
    assert found.totals == totals_of(found.stat)
    assert not found.marks.viewed & found.marks.changed
    for file in shown:
        assert _state(file, found.marks.viewed, found.marks.changed) == _expected(file, marks)


def _state(file: FileStat, viewed: frozenset[str], changed: frozenset[str]) -> str:
    return "viewed" if file.path in viewed else "changed" if file.path in changed else ""


def _expected(file: FileStat, marks: list[FileViewed]) -> str:
    now = mark_of(file)
    near = [mark for mark in marks if mark.path in {file.path, file.old_path or ""}]
    if now is None or not near:
        return ""
    same = any((mark.blob, mark.gone) == (now.blob, now.gone) for mark in near)
    return "viewed" if same else "changed"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("package-lock.json", "lock file"),
        ("deep/in/Cargo.lock", "lock file"),
        ("go.sum", "lock file"),
        ("jquery.min.js", "minified"),
        ("site-min.css", "minified"),
        ("app.js.map", "source map"),
        ("api_pb2.py", "generated"),
        ("api.pb.go", "generated"),
        ("lock.py", ""),
        ("mind.map", ""),
        ("minutes.md", ""),
        ("a-minor.js", ""),
        ("uv.lock/file.py", ""),
        ("package.json", ""),
    ],
)
def test_what_programs_write_is_known_by_its_name(path: str, why: str) -> None:
    assert made_by_program(path) == why
