"""The pure parsers, on anything."""

from hypothesis import given, strategies as st

from parallel_agents.worktrees.plumbing import disarm, porcelain
from parallel_agents.worktrees.plumbing.porcelain import ConfigEntry, StatusEntry, WorktreeEntry

NAMES = st.binary(min_size=1).filter(lambda b: b"\0" not in b)
KEYS = st.sampled_from([
    "core.sshcommand", "filter.x.clean", "filter.x.smudge", "filter.x.process", "filter.a=b.clean",
    "credential.helper", "credential.https://x.helper", "diff.x.textconv", "merge.x.driver",
    "remote.o.uploadpack", "hook.x.command", "pager.log", "user.name", "core.bare", "gpg.program",
])  # fmt: skip


@given(st.binary())
def test_no_parser_raises(data: bytes) -> None:
    porcelain.parse_config(data)
    porcelain.parse_worktrees(data)
    porcelain.parse_status(data)
    porcelain.parse_progress(data)
    porcelain.parse_version(data)
    porcelain.fields(data)


@given(st.lists(NAMES))
def test_names_come_back_as_they_were(names: list[bytes]) -> None:
    data = b"".join(name + b"\0" for name in names)
    back = [name.encode("utf-8", "surrogateescape") for name in porcelain.fields(data)]
    assert back == names


@given(st.lists(st.tuples(NAMES, st.booleans())))
def test_worktrees_come_back(entries: list[tuple[bytes, bool]]) -> None:
    data = b"".join(
        b"worktree " + path + b"\0HEAD " + b"a" * 40 + b"\0" + (b"locked why\0" if held else b"")
        + b"detached\0\0"
        for path, held in entries
    )  # fmt: skip
    assert [(e.path.encode("utf-8", "surrogateescape"), e.locked) for e in
            porcelain.parse_worktrees(data)] == [
        (path, "why" if held else None) for path, held in entries
    ]  # fmt: skip


def test_worktree_entries() -> None:
    data = (
        b"worktree /r\0bare\0\0"
        b"worktree /r/w\0HEAD " + b"0" * 40 + b"\0branch refs/heads/x\0locked\0prunable gone\0\0"
    )
    assert porcelain.parse_worktrees(data) == (
        WorktreeEntry(path="/r", bare=True),
        WorktreeEntry(path="/r/w", branch="refs/heads/x", locked="", prunable=True),
    )


def test_status_entries() -> None:
    data = (
        b"# branch.head main\x00"
        b"1 .M N... 100644 100644 100644 a b with space.txt\x00"
        b"2 R. N... 100644 100644 100644 a b R100 new name\x00old name\x00"
        b"u UU N... 1 2 3 4 a b c both.txt\x00"
        b"? new\nfile\x00! ignored\x00"
    )
    assert porcelain.parse_status(data) == (
        StatusEntry(code=".M", path="with space.txt"),
        StatusEntry(code="R.", path="new name", old_path="old name"),
        StatusEntry(code="UU", path="both.txt"),
        StatusEntry(code="??", path="new\nfile"),
    )


def test_progress_and_version() -> None:
    told = b"Updating files:  10% (1/10)\rUpdating files:  20% (2/10)\r"
    assert porcelain.parse_progress(told) == (2, 10)
    assert porcelain.parse_progress(b"hello") is None
    assert porcelain.parse_version(b"git version 2.39.5 (Apple Git-154)") == (2, 39, 5)
    assert porcelain.parse_version(b"git version 2.45.1.windows.1") == (2, 45, 1)


@given(
    st.lists(
        st.builds(
            ConfigEntry,
            scope=st.sampled_from(["system", "global", "local", "worktree"]),
            origin=st.just("file:x"),
            key=KEYS,
            value=st.sampled_from(["mine", "theirs", "", None]),
        )
    )
)
def test_the_last_word_is_never_the_repositorys(entries: list[ConfigEntry]) -> None:
    marked = [
        ConfigEntry(
            scope=e.scope,
            origin=e.origin,
            key=e.key,
            value=f"evil {e.value}" if e.scope in ("local", "worktree") else e.value,
        )
        for e in entries
    ]
    effective: dict[str, list[str]] = {}
    for key, value in [*((e.key, e.value or "") for e in marked), *disarm.overrides(marked)]:
        effective.setdefault(key, [])
        if key.endswith(".helper") and value == "":
            effective[key] = []
        effective[key].append(value)
    for key, values in effective.items():
        if key in ("user.name", "core.bare"):
            continue
        relevant = values if key.endswith(".helper") else values[-1:]
        assert not any(value.startswith("evil") for value in relevant), key
    for entry in marked:  # what only the person sets stays as it is
        if not any(e.key == entry.key and e.scope in ("local", "worktree") for e in marked):
            assert effective[entry.key][-1] == ([e.value or "" for e in marked
                                                 if e.key == entry.key][-1])  # fmt: skip
