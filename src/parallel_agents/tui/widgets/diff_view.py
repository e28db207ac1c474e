"""What a session changed: the files and their unified diff, in one view.

Keep true: a patch is asked for when its file comes into view, not before; a refresh keeps the
place, and shows what was known until the new patch is there; nothing here looks at more files than
are shown at a time.
"""

from collections.abc import Callable, Hashable, Mapping

from textual.message import Message

from parallel_agents.core.diff import Anchor, DiffHunk, parse_hunks
from parallel_agents.core.worktree import DiffPart, DiffStat as ChangedFiles, FileStat
from parallel_agents.tui.content.diff_lines import (
    PART,
    FileBlockKey,
    FileKey,
    HunkKey,
    MoreKey,
    RowKey,
    Totals,
    diff_blocks,
    totals_of,
)
from parallel_agents.tui.text.lines import Block, LineView
from parallel_agents.tui.widgets.keyed import Keyed

_NOTHING = ChangedFiles(against="", commit="", files=())


class DiffView(LineView, Keyed):
    """Shows a diff."""

    PLACES = ("lines", "diff")

    class NeedPatch(Message):
        """A file's patch is needed to go on.

        Attributes:
            path: which file's.
        """

        def __init__(self, view: "DiffView", path: str) -> None:
            super().__init__()
            self.view = view
            self.path = path

        @property
        def control(self) -> "DiffView":
            """The view that needs it."""
            return self.view

    class Reject(Message):
        """A person takes a change out.

        Attributes:
            parts: the trees that are shown.
            file: the changed file.
            hunk: one of its hunks, or None for the whole file.
        """

        def __init__(
            self, parts: tuple[DiffPart, ...], file: FileStat, hunk: DiffHunk | None
        ) -> None:
            super().__init__()
            self.parts = parts
            self.file = file
            self.hunk = hunk

    class UndoReject(Message):
        """A person puts back what was taken out last."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._stat = _NOTHING
        self._totals = Totals(0, 0, 0, 0)
        self._first = 0
        self._known: dict[str, str] = {}
        self._fresh: frozenset[str] = frozenset()
        self._asked: set[str] = set()
        self._folded: frozenset[str] = frozenset()
        self._cache: dict[Hashable, Block] = {}

    def show(
        self, stat: ChangedFiles, patches: Mapping[str, str], totals: Totals | None = None
    ) -> None:
        """Show a diff, or its newer state.

        Args:
            stat: the changed files.
            patches: patches by path. One that was there before and is not any more is asked for
                again when it is visible, and shown as it was until then.
            totals: of the whole change; added up here when not given.
        """
        self._totals = totals or totals_of(stat)
        if self._first >= self._totals.files:
            self._first = 0
        self._asked -= self._fresh - patches.keys()
        self._fresh = frozenset(patches)
        paths = {file.path for file in stat.files[self._first : self._first + PART]}
        self._known = {k: v for k, v in {**self._known, **patches}.items() if k in paths}
        self._stat = stat
        self._rebuild()

    def clear(self) -> None:
        """Forget everything: another session's diff comes."""
        self._known, self._fresh, self._asked, self._cache = {}, frozenset(), set(), {}
        self._stat, self._folded, self._first = _NOTHING, frozenset(), 0
        self.restart()

    def _rebuild(self) -> None:
        made = list(diff_blocks(self._stat, self._known, self._folded, self._first, self._totals))
        kept = [
            old if (old := self._cache.get(b.key)) and old.version == b.version else b for b in made
        ]
        self._cache = {block.key: block for block in kept}
        place = self.index_of(self.cursor)
        self.set_blocks(kept)
        if place is not None and self.index_of(self.cursor) is None:
            self.cursor = kept[min(place, len(kept) - 1)].key if kept else None
        self._ask()

    def _ask(self) -> None:
        """Ask for the patches of the files that are visible."""
        for block in self.visible_blocks():
            if not isinstance(block.key, HunkKey):
                continue
            path = block.key.path
            if path not in self._fresh and path not in self._asked:
                self._asked.add(path)
                self.post_message(self.NeedPatch(self, path))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """What comes into view may need its patch."""
        super().watch_scroll_y(old_value, new_value)
        self._ask()

    def on_resize(self) -> None:
        """More may be visible now."""
        super().on_resize()
        self._ask()

    # --- moving ------------------------------------------------------------------------------

    def action_hunk(self, step: int) -> None:
        """Go to the next hunk, or the one before."""
        self._go_to(step, lambda key: isinstance(key, HunkKey) and key.line == 0)

    def action_file(self, step: int) -> None:
        """Go to the next file, or the one before."""
        self._go_to(step, lambda key: isinstance(key, FileKey))

    def _go_to(self, step: int, wanted: Callable[[Hashable], bool]) -> None:
        place = self.index_of(self.cursor)
        if place is None:
            place = -1 if step > 0 else len(self.blocks)
        stops = range(place + 1, len(self.blocks)) if step > 0 else range(place - 1, -1, -1)
        for index in stops:
            key = self.blocks[index].key
            if wanted(key):
                self.cursor = key
                self.show_block(key, at_top=True)
                self.refresh()
                return

    def action_open(self) -> None:
        """On a row of the list: go to that file. Else fold the file, or unfold it."""
        if self.cursor is not None:
            target = "jump" if isinstance(self.cursor, RowKey) else "fold"
            self.pressed(self.cursor, target)

    def action_reject(self) -> None:
        """Take out the hunk under the cursor, or the whole file on its head or row."""
        key = self.cursor
        file = next(
            (f for f in self._stat.files if isinstance(key, FileBlockKey) and f.path == key.path),
            None,
        )
        if file is None or self.index_of(key) is None:
            self._explain("Go to a hunk or a file first.")
            return
        hunks: tuple[DiffHunk, ...] = ()
        if isinstance(key, HunkKey):
            if key.path not in self._fresh:
                self._explain("This file is still being read.")
                return
            hunks = parse_hunks(self._known[key.path], key.path)[key.hunk : key.hunk + 1]
        self.post_message(self.Reject(self._stat.parts, file, hunks[0] if hunks else None))

    def _explain(self, why: str) -> None:
        self.notify(why, markup=False, timeout=3)

    def action_undo_reject(self) -> None:
        """Put back what was taken out last."""
        self.post_message(self.UndoReject())

    def _show_from(self, start: int) -> None:
        self._first = start
        self._known, self._asked, self._cache = {}, set(), {}
        self.restart()
        self._rebuild()

    def pressed(self, key: Hashable, target: str) -> None:
        """Go to a file, fold it, or show another part of the files."""
        if isinstance(key, MoreKey):
            self._show_from(key.start)
        elif isinstance(key, FileBlockKey):
            self.cursor = FileKey(key.path)
            if target == "jump":
                self.show_block(self.cursor, at_top=True)
            else:
                self._folded ^= {key.path}
                self._rebuild()
            self.refresh()

    def line_at_cursor(self) -> Anchor | None:
        """The line of a file that is looked at: of a hunk, its first one in view."""
        index = self.index_of(self.cursor)
        if index is None or not isinstance(self.cursor, FileBlockKey):
            return None
        skipped = max(self.scroll_offset.y - self._tops[index], 0)
        anchors = (line.anchor for line in self._lines(index)[skipped:])
        shown = (anchor for anchor in anchors if anchor is not None and anchor.side == "new")
        return next(shown, Anchor(path=self.cursor.path, side="new", number=1))
