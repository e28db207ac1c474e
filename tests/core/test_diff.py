"""The diff parser: right on git's output, silent on anything else."""

from hypothesis import given, strategies as st

from parallel_agents.core.diff import (
    Anchor,
    DiffLine,
    parse_diff,
    parse_hunks,
    parse_stat,
    split_patch,
)

LINE = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]))
SAMPLE = (
    b":100644 100644 aaa bbb M\0x y\0:100644 100755 ccc ddd R090\0old\0new\0"
    b":100644 120000 eee fff T\0kind\0:000000 100644 000 ggg A\0bin\0"
    b"1\t2\tx y\x00" b"0\t1\t\0old\0new\x00" b"1\t1\tkind\0-\t-\tbin\0\0"
    b"diff --git a/x y b/x y\n--- a/x y\t\n+++ b/x y\t\n@@ -1,3 +1,2 @@ def f():\n-a\n-b\n+c\n d\n"
    b"diff --git a/old b/new\nrename from old\nrename to new\n--- a/old\n+++ b/new\n@@ -3 +2,0 @@\n"
    b"-z\n"
    b"diff --git a/kind b/kind\ndeleted file mode 100644\n--- a/kind\n+++ /dev/null\n"
    b"@@ -1 +0,0 @@\n-k\n"
    b"diff --git a/kind b/kind\nnew file mode 120000\n--- /dev/null\n+++ b/kind\n"
    b"@@ -0,0 +1 @@\n+t\n"
    b"\\ No newline at end of file\n"
    b"diff --git a/bin b/bin\nnew file mode 100644\nBinary files /dev/null and b/bin differ\n"
)  # fmt: skip


def test_a_diff_of_every_kind() -> None:
    files = parse_diff(SAMPLE)
    assert [(f.stat.path, f.stat.old_path, f.stat.status) for f in files] == [
        ("x y", None, "M"),
        ("new", "old", "R"),
        ("kind", None, "T"),
        ("bin", None, "A"),
    ]
    assert [(f.stat.insertions, f.stat.deletions, f.stat.binary) for f in files] == [
        (1, 2, False),
        (0, 1, False),
        (1, 1, False),
        (0, 0, True),
    ]
    assert [len(parse_hunks(f.patch)) for f in files] == [1, 1, 2, 0]
    hunk = parse_hunks(files[0].patch)[0]
    assert (hunk.old_start, hunk.old_count, hunk.new_start, hunk.new_count) == (1, 3, 1, 2)
    assert hunk.section == "def f():"
    assert hunk.lines == (
        DiffLine(kind="-", text="a", old=1),
        DiffLine(kind="-", text="b", old=2),
        DiffLine(kind="+", text="c", new=1),
        DiffLine(kind=" ", text="d", old=3, new=2),
    )
    anchors = [line.anchor for line in parse_hunks(files[1].patch, "new")[0].lines]
    assert anchors == [Anchor(path="new", side="old", number=3)]
    assert parse_hunks(files[2].patch)[1].lines[-1].anchor is None
    assert files[2].patch.count("diff --git") == 2
    assert parse_stat(SAMPLE) == tuple(f.stat for f in files)


@given(st.binary())
def test_anything_is_taken(data: bytes) -> None:
    parse_diff(data)
    parse_stat(data)


@given(st.data())
def test_damaged_diffs_are_taken(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(SAMPLE)))
    cut = data.draw(st.integers(at, len(SAMPLE)))
    parse_diff(SAMPLE[:at] + data.draw(st.binary(max_size=20)) + SAMPLE[cut:])


@given(st.lists(LINE, min_size=1), st.lists(LINE))
def test_lines_survive_whatever_they_hold(old: list[str], new: list[str]) -> None:
    text = f"@@ -1,{len(old)} +1,{len(new)} @@\n"
    text += "".join(f"-{line}\n" for line in old) + "".join(f"+{line}\n" for line in new)
    lines = parse_hunks(text)[0].lines
    assert [line.text for line in lines if line.kind == "-"] == old
    assert [line.text for line in lines if line.kind == "+"] == new


@given(st.text())
def test_hunks_of_anything(patch: str) -> None:
    parse_hunks("@@ -1 +1 @@\n" + patch)
    parse_hunks("@@ -" + patch)


def test_impossible_numbers_are_no_hunks() -> None:
    assert parse_hunks(f"@@ -{'9' * 5000} +1 @@\n-x\n") == ()


def test_content_that_looks_like_a_header_stays_content() -> None:
    patch = b"diff --git a/f b/f\n@@ -1,2 +1,1 @@\n--- a/x\n-diff --git a/y b/y\n+x\n"
    assert len(list(split_patch(patch))) == 1
    assert [line.text for line in parse_hunks(patch.decode())[0].lines] == [
        "-- a/x",
        "diff --git a/y b/y",
        "x",
    ]
