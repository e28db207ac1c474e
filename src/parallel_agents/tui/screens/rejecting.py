"""Keys that take a change out of the worktree, and put it back.

Keep true: what is taken out is what was shown: its trees and its hunk go with the request; one
change is moved at a time, and the next is taken out only of what is shown afterwards.
"""

from parallel_agents.core.ids import new_uuid
from parallel_agents.core.taken_out import lines_said
from parallel_agents.tui.model.key_table import key_table
from parallel_agents.tui.screens.setting_aside import SettingAside
from parallel_agents.tui.widgets.diff_view import DiffView
from parallel_agents.wire.messages import Reject, TakenOut, UndoReject

_BUSY = "Wait a moment: the change before is still being moved."


class Rejecting(SettingAside):
    """The board with a diff of which changes can be taken out."""

    _moving = False
    _unread = 0
    """How many moves the diff on the screen does not show yet."""

    def on_diff_view_reject(self, message: DiffView.Reject) -> None:
        """Take out a hunk, or a whole file."""
        session, file = self.panes.diff.session, message.file
        if session is None:
            return
        if self._unread:
            self.commands.say(_BUSY, topic="reject")
            return
        hunks = None if message.selection is None else (message.selection,)
        self._begin(
            Reject(
                key=new_uuid(),
                session=session,
                parts=message.parts,
                path=file.path,
                old_path=file.old_path,
                hunks=hunks,
            )
        )

    def on_diff_view_undo_reject(self, message: DiffView.UndoReject) -> None:
        """Put back what was taken out last."""
        session = self.panes.diff.session
        if session is not None:
            self._begin(UndoReject(key=new_uuid(), session=session))

    def _begin(self, request: Reject | UndoReject) -> None:
        if self._moving:
            self.commands.say(_BUSY, topic="reject")
            return
        self._moving = True
        self.later(self._carry_out(request))

    async def _carry_out(self, request: Reject | UndoReject) -> None:
        self._unread += 1
        try:
            taken = await self._moved(request)
            if taken is not None:
                self.commands.say(self._said(taken), topic="reject")
            await self.panes.diff.read_again()
            if taken is not None and not taken.is_out:
                self.panes.diff.view.go_to_file(taken.path)
        finally:
            self._unread -= 1

    async def _moved(self, request: Reject | UndoReject) -> TakenOut | None:
        try:
            return await self.commands.ask(request)
        finally:
            self._moving = False

    def _said(self, taken: TakenOut) -> str:
        what = lines_said(taken.spans, taken.path, taken.old_path)
        if taken.is_out:
            return f"Took {what}. {key_table(self.app).shown('undo_reject')} puts it back."
        return f"Put back what was taken out: {what}."
