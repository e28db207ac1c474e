"""What a session changed: the files and their unified diff, in one view.

Keep true: a patch is asked for when its file comes into view, not before; a refresh keeps the
place, and shows what was known until the new patch is there; nothing here looks at more files than
are shown at a time.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence

from textual.message import Message

from parallel_agents.core.diff import Anchor, DiffHunk
from parallel_agents.core.review import PlacedComment
from parallel_agents.core.taken_out import HunkSelection, chosen_lines, whole_hunk
from parallel_agents.core.worktree import DiffPart, DiffStat as ChangedFiles, FileStat
from parallel_agents.tui.content.comment_lines import CommentKey
from parallel_agents.tui.content.diff_lines import (
    PART,
    UNMARKED,
    Comments,
    FileBlockKey,
    FileKey,
    HeadKey,
    HunkKey,
    MoreKey,
    RowKey,
    diff_blocks,
    holds,
    line_again,
    lines_of,
)
from parallel_agents.tui.content.file_order import FileMarks, Totals, totals_of
from parallel_agents.tui.text.line_cursor import LineCursorView
from parallel_agents.tui.text.lines import Block
from parallel_agents.tui.text.patch_lines import hunks_of
from parallel_agents.tui.widgets.keyed import Keyed
from parallel_agents.tui.widgets.review_keys import ReviewKeys

_NOTHING = ChangedFiles(against="", commit="", files=())


class DiffView(LineCursorView, ReviewKeys, Keyed):
    """Shows a diff.

    Attributes:
        _folded: paths that a key folded, or unfolded, against what holds for them at first.
    """

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

    class CommentPressed(Message):
        """A key was pressed on a comment.

        Attributes:
            id: the comment's.
            delete: whether it is to be taken back.
        """

        def __init__(self, id: str, *, delete: bool = False) -> None:  # noqa: A002 - as everywhere
            super().__init__()
            self.id = id
            self.delete = delete

    class Reject(Message):
        """A person takes a change out.

        Attributes:
            parts: the trees that are shown.
            file: the changed file.
            selection: one of its hunks, or lines of it; None for the whole file.
        """

        def __init__(
            self, parts: tuple[DiffPart, ...], file: FileStat, selection: HunkSelection | None
        ) -> None:
            super().__init__()
            self.parts = parts
            self.file = file
            self.selection = selection

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
        self._marks = UNMARKED
        self._cache: dict[Hashable, Block] = {}
        self._comments: dict[str, Comments] = {}

    def show(
        self,
        stat: ChangedFiles,
        patches: Mapping[str, str],
        totals: Totals | None = None,
        marks: FileMarks = UNMARKED,
    ) -> None:
        """Show a diff, or its newer state.

        Args:
            stat: the changed files.
            patches: patches by path. One that was there before and is not any more is asked for
                again when it is visible, and shown as it was until then.
            totals: of the whole change; added up here when not given.
            marks: what else is known of the files.
        """
        before, self._marks = self._marks, marks
        # A file that is folded at first, or no longer, forgets what a key did to it before.
        self._folded = frozenset(
            path for path in self._folded if before.is_folded(path) == marks.is_folded(path)
        )
        self._totals = totals or totals_of(stat)
        if self._first >= self._totals.files:
            self._first = 0
        self._asked -= self._fresh - patches.keys()
        self._fresh = frozenset(patches)
        self._stat = stat
        paths = {file.path for file in self._part}
        self._known = {k: v for k, v in {**self._known, **patches}.items() if k in paths}
        self._rebuild()

    def show_comments(self, comments: Sequence[PlacedComment]) -> None:
        """Show comments at their lines.

        Args:
            comments: all of the session's.
        """
        by_path: dict[str, list[PlacedComment]] = {}
        for placed in comments:
            by_path.setdefault(placed.path, []).append(placed)
        self._comments = {path: tuple(found) for path, found in by_path.items()}
        self._rebuild()

    def clear(self) -> None:
        """Forget everything: another session's diff comes."""
        self._known, self._fresh, self._asked, self._cache = {}, frozenset(), set(), {}
        self._stat, self._folded, self._first = _NOTHING, frozenset(), 0
        self._comments = {}
        self._marks = UNMARKED
        self.restart()

    @property
    def _part(self) -> tuple[FileStat, ...]:
        """The files that are shown now."""
        return self._stat.files[self._first : self._first + PART]

    def _rebuild(self) -> None:
        hidden = frozenset(
            file.path
            for file in self._part
            if self._marks.is_folded(file.path) != (file.path in self._folded)
        )
        made = list(
            diff_blocks(
                self._stat,
                self._known,
                hidden,
                self._first,
                self._totals,
                self._marks,
                self._comments,
            )
        )
        kept = [
            old if (old := self._cache.get(b.key)) and old.version == b.version else b for b in made
        ]
        self._cache = {block.key: block for block in kept}
        before, line, place = self.blocks, self.line, self.index_of(self.cursor)
        self.set_blocks(kept)
        if place is not None:
            self._keep_cursor(before, place, line)
        self._ask()

    def _keep_cursor(self, before: Sequence[Block], place: int, line: Anchor | None) -> None:
        """Keep the cursor on its line; on its block; or on the next one that is left."""
        now = self.index_of(self.cursor)
        if now is not None and self.blocks[now] is before[place]:
            return  # so a large file need not be searched for the line
        if line is not None:
            self._keep_line(before, line)
        if self.index_of(self.cursor) is None:
            self.cursor = self._next_left(before[place:])

    def _next_left(self, gone: Sequence[Block]) -> Hashable | None:
        """The first of some blocks that is still there, else the last of all."""
        stops = [block.key for block in self.blocks if block.stop]
        left = frozenset(stops)
        after = (block.key for block in gone if block.key in left)
        return next(after, stops[-1] if stops else None)

    def go_to_file(self, path: str) -> None:
        """Go to a file, if it is shown."""
        if self.index_of(FileKey(path)) is not None:
            self.cursor = FileKey(path)
            self.show_block(self.cursor, at_top=True)
            self.refresh()

    def _keep_line(self, before: Sequence[Block], line: Anchor) -> None:
        """Keep the cursor on its line, even if the line is in another piece or has moved."""
        again = line_again(before, self.blocks, line) or line
        index = next((i for i, block in enumerate(self.blocks) if holds(block, again)), None)
        if index is not None:
            self.put_line(index, again)

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

    def _enter_cursor(self) -> None:
        """Begin with a file; the head, where the whole change is commented on, is above it."""
        super()._enter_cursor()
        index = self.index_of(self.cursor)
        if index is not None and isinstance(self.cursor, HeadKey):
            self._step(index, 1)

    def action_hunk(self, step: int) -> None:
        """Go to the next hunk, or the one before."""
        self._go_to(step, lambda key: isinstance(key, HunkKey) and key.line == 0)

    def action_file(self, step: int) -> None:
        """Go to the next file, or the one before."""
        self._go_to(step, lambda key: isinstance(key, FileKey))

    def action_comment(self, step: int) -> None:
        """Go to the next comment, or the one before."""
        self._go_to(step, lambda key: isinstance(key, CommentKey), at_top=False)

    def action_delete(self) -> None:
        """Take back the comment under the cursor."""
        if isinstance(self.cursor, CommentKey):
            self.post_message(self.CommentPressed(self.cursor.id, delete=True))

    def _go_to(self, step: int, wanted: Callable[[Hashable], bool], *, at_top: bool = True) -> None:
        place = self.index_of(self.cursor)
        if place is None:
            place = -1 if step > 0 else len(self.blocks)
        stops = range(place + 1, len(self.blocks)) if step > 0 else range(place - 1, -1, -1)
        for index in stops:
            key = self.blocks[index].key
            if wanted(key):
                self.cursor = key
                self.show_block(key, at_top=at_top)
                self.refresh()
                return

    def file_at_cursor(self) -> FileStat | None:
        """The file that the cursor is on; None for none."""
        if not isinstance(self.cursor, FileBlockKey | CommentKey):
            return None
        path = self.cursor.path
        return next((file for file in self._part if file.path == path), None)

    def go_to_unviewed(self, after: str) -> None:
        """Go to the next file that was not viewed, from the list to its row; else stay."""
        kind = RowKey if isinstance(self.cursor, RowKey) else FileKey
        paths = [file.path for file in self._part]
        start = paths.index(after) + 1
        ahead = [path for path in paths[start:] if path not in self._marks.viewed]
        self.cursor = kind(ahead[0] if ahead else after)
        self.show_block(self.cursor, at_top=kind is FileKey)
        self.refresh()

    def action_open(self) -> None:
        """Go to the file of a row; change or resolve a comment; else fold or unfold the file."""
        if isinstance(self.cursor, CommentKey):
            self.post_message(self.CommentPressed(self.cursor.id))
        elif self.cursor is not None:
            target = "jump" if isinstance(self.cursor, RowKey) else "fold"
            self.pressed(self.cursor, target)

    def action_reject(self) -> None:
        """Take out the hunk under the cursor, or of it the chosen lines; on a title the file."""
        key = self.cursor
        file = next(
            (f for f in self._stat.files if isinstance(key, FileBlockKey) and f.path == key.path),
            None,
        )
        if file is None or self.index_of(key) is None:
            self._explain("Go to a hunk or a file first.")
            return
        selection = None
        if isinstance(key, HunkKey):
            if key.path not in self._fresh:
                self._explain("This file is still being read.")
                return
            hunks = hunks_of(self._known[key.path], key.path)[key.hunk : key.hunk + 1]
            selection = self._selection_of(hunks[0]) if hunks else None
        self.post_message(self.Reject(self._stat.parts, file, selection))

    def _selection_of(self, hunk: DiffHunk) -> HunkSelection:
        chosen = self.chosen_range
        return whole_hunk(hunk) if chosen is None else chosen_lines(hunk, *chosen)

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

    @property
    def files(self) -> tuple[FileStat, ...]:
        """The changed files."""
        return self._stat.files

    def words_of(self, first: Anchor, last: Anchor) -> tuple[str, ...]:
        """The text of lines that are shown.

        Args:
            first: the first line.
            last: the last one, of the same file on the same side.
        """
        return tuple(
            line.text
            for line in lines_of(self.blocks, first.path)
            if first.number <= (getattr(line, first.side) or 0) <= last.number
        )

    def line_at_cursor(self) -> Anchor | None:
        """The line to edit: the one under the cursor or the first in view, if it is still there."""
        index = self.index_of(self.cursor)
        if index is None or not isinstance(self.cursor, FileBlockKey):
            return None
        above = self.scroll_offset.y - self._tops[index]
        row = max(self._row(index) or 0, above)
        anchors = (line.anchor for line in self._lines(index)[row:])
        shown = (anchor for anchor in anchors if anchor is not None and anchor.side == "new")
        return next(shown, Anchor(path=self.cursor.path, side="new", number=1))
