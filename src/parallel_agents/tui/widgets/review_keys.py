"""The keys of a diff that are about what is shown: its scope, its files, what was viewed."""

from typing import Protocol

from textual.widget import Widget

from parallel_agents.core.worktree import FileStat


class Reviewer(Protocol):
    """Carries out what the keys ask for."""

    def next_scope(self) -> None:
        """Compare with something else."""

    def choose_scope(self) -> None:
        """Ask with what to compare."""

    def choose_filter(self) -> None:
        """Ask which files to show."""

    def mark(self, file: FileStat) -> bool:
        """Mark a file as viewed, or take the mark back.

        Returns:
            Whether it was marked.
        """

    def left(self) -> None:
        """Note that the diff is not on the screen any more."""


class ReviewKeys(Widget):
    """A view with these keys.

    Attributes:
        reviewer: carries them out; without one they do nothing.
    """

    reviewer: Reviewer | None = None

    def file_at_cursor(self) -> FileStat | None:
        """The file that the cursor is on; None for none."""
        raise NotImplementedError

    def go_to_unviewed(self, after: str) -> None:
        """Go to the next file that was not viewed yet."""
        raise NotImplementedError

    def action_scope(self) -> None:
        """Go to the next scope."""
        if self.reviewer is not None:
            self.reviewer.next_scope()

    def action_choose_scope(self) -> None:
        """Choose a scope."""
        if self.reviewer is not None:
            self.reviewer.choose_scope()

    def action_file_filter(self) -> None:
        """Choose which files are shown."""
        if self.reviewer is not None:
            self.reviewer.choose_filter()

    def action_viewed(self) -> None:
        """Mark the file under the cursor as viewed and go on, or take the mark back."""
        file = self.file_at_cursor()
        if file is not None and self.reviewer is not None and self.reviewer.mark(file):
            self.go_to_unviewed(file.path)

    def on_hide(self) -> None:
        """Tell that nobody sees it now."""
        if self.reviewer is not None:
            self.reviewer.left()
