"""The keys of comments: writes, changes, sends and resolves them from the diff.

Keep true: a comment is about the lines of the trees that were on the screen when its key was
pressed; what is typed is never lost; nothing is sent before it has been listed.
"""

from collections.abc import Callable
from functools import partial

from parallel_agents.core.ids import new_uuid
from parallel_agents.core.review import Comment, Passage
from parallel_agents.core.state import SessionState
from parallel_agents.core.worktree import DiffPart
from parallel_agents.tui.content.comment_lines import CommentKey
from parallel_agents.tui.content.diff_lines import FileBlockKey, HeadKey
from parallel_agents.tui.model.kept_comments import NOTHING, Typed, keep_comment, kept_comment
from parallel_agents.tui.screens.comment_dialog import WRITTEN, CommentDialog, Words
from parallel_agents.tui.screens.verbs import Verbs
from parallel_agents.tui.text.spans import Span, flat
from parallel_agents.tui.text.styles import Ink, ink_of
from parallel_agents.tui.widgets.diff_view import DiffView
from parallel_agents.wire import messages as m

_SHOWN = 8
"""Lines of code above a comment that is being written."""


class Commenting:
    """Carries out the keys of comments.

    Args:
        screen: the screen that has the panes.
    """

    def __init__(self, screen: Verbs) -> None:
        self._screen = screen
        self._commands = screen.commands

    @property
    def _view(self) -> DiffView:
        return self._screen.panes.diff.view

    def do_comment(self) -> None:
        """Comment on the chosen lines, or change the comment under the cursor."""
        state = self._in_diff()
        if state is None:
            return
        view = self._view
        view.choose_selected()
        if isinstance(view.cursor, CommentKey):
            self._change(state, view.cursor.id)
            return
        view.bring_cursor()
        passage = self._passage()
        parts = self._screen.panes.diff.parts
        if passage is None or not parts:
            self._commands.say("Choose a line or a file first.", topic="key")
        else:
            self._screen.later(self._write(state, passage, parts))

    def _in_diff(self) -> SessionState | None:
        """The shown session, if the diff has the focus; else go there first."""
        state = self._screen.current()
        if state is None:
            return None
        if not self._view.has_focus:
            self._screen.panes.show("diff")
            self._screen.go_to_pane("diff")
            key = self._screen.keys.shown("comment")
            self._commands.say(f"Choose lines here, then {key} writes a comment.", topic="key")
            return None
        return state

    def _passage(self) -> Passage | None:
        """What is chosen in the diff, with its text as it is shown."""
        view = self._view
        if view.chosen is not None:
            first, last = view.chosen
            return Passage(
                path=first.path,
                side=first.side,
                first=first.number,
                last=last.number,
                lines=view.words_of(first, last),
            )
        if isinstance(view.cursor, FileBlockKey):
            deleted = any(f.path == view.cursor.path and f.status == "D" for f in view.files)
            return Passage(path=view.cursor.path, side="old" if deleted else "new")
        return Passage() if isinstance(view.cursor, HeadKey) or view.cursor is None else None

    async def _write(
        self, state: SessionState, passage: Passage, parts: tuple[DiffPart, ...]
    ) -> None:
        place = f"{state.id} {passage.side} {passage.place}"
        words = await self._asked(passage, kept_comment(place), partial(keep_comment, place))
        if words is None:
            return
        message = m.WriteComment(
            key=new_uuid(),
            session=state.id,
            parts=parts,
            path=passage.path,
            side=passage.side,
            first=passage.first,
            last=passage.last,
            kind=words.kind,
            text=words.text,
            replacement=words.replacement,
        )
        if await self._commands.ask(message) is not None:
            keep_comment(place, NOTHING)

    async def _asked(
        self, passage: Passage, typed: Typed, keep: Callable[[Typed], None]
    ) -> Words | None:
        """Ask for the words; None if the person left."""
        ink = ink_of(self._screen.app)
        code = "\n".join(passage.lines) if passage.lines else None
        dialog = CommentDialog(
            f"Comment on {passage.place}", _code(passage, ink), typed, code, keep
        )
        if await self._screen.ask_person(dialog) != WRITTEN:
            return None
        return dialog.words

    def _change(self, state: SessionState, id: str) -> None:  # noqa: A002 - as everywhere
        comment = state.review.find(id)
        if comment is None or not comment.is_draft:
            self._commands.say("It was sent. Write another comment on its lines.", topic="key")
        else:
            self._screen.later(self._write_anew(state.id, comment))

    async def _write_anew(self, session: str, comment: Comment) -> None:
        text = f"? {comment.text}" if comment.kind == "question" else comment.text
        typed = Typed(text=text, code=comment.replacement)
        words = await self._asked(comment.passage, typed, _forget)
        if words is not None:
            message = m.WriteComment(
                key=new_uuid(),
                session=session,
                id=comment.id,
                kind=words.kind,
                text=words.text,
                replacement=words.replacement,
            )
            await self._commands.ask(message)

    # --- what becomes of them ------------------------------------------------------------------

    def do_send_comments(self) -> None:
        """List the drafts, and send them as one message."""
        state = self._screen.current()
        if state is None:
            return
        if not state.review.drafts:
            key = self._screen.keys.shown("comment")
            self._commands.say(f"No comments to send. {key} in the diff writes one.", topic="key")
            return
        self._screen.later(self._send(state))

    async def _send(self, state: SessionState) -> None:
        drafts = state.review.drafts
        ink = ink_of(self._screen.app)
        noun = "comment" if len(drafts) == 1 else "comments"
        title = f"Send {len(drafts)} {noun} to {state.session.name or state.id}, with a note:"
        lines = [line for comment in drafts for line in _listed(comment, ink)]
        place = f"{state.id} note"
        keep = partial(keep_comment, place)
        dialog = CommentDialog(title, lines, kept_comment(place), None, keep, is_note=True)
        if await self._screen.ask_person(dialog) != WRITTEN:
            return
        ids = tuple(comment.id for comment in drafts)
        note = dialog.editor.text
        message = m.SendComments(key=new_uuid(), session=state.id, ids=ids, note=note)
        if await self._commands.ask(message) is not None:
            keep_comment(place, NOTHING)
            self._commands.say(f"Sent {len(drafts)} {noun}.", topic="comments")

    def pressed(self, id: str, *, delete: bool) -> None:  # noqa: A002 - as everywhere
        """Carry out a key on the comment under the cursor.

        Args:
            id: the comment's.
            delete: take it back; otherwise resolve it, open it again, or change a draft.
        """
        state = self._screen.current()
        comment = state.review.find(id) if state is not None else None
        if state is None or comment is None:
            return
        if delete:
            self._screen.later(self._delete(state.id, id))
        elif comment.is_draft:
            self._change(state, id)
        else:
            message = m.ResolveComment(
                key=new_uuid(), session=state.id, id=id, resolved=not comment.resolved
            )
            self._screen.later(self._tell(message))

    async def _delete(self, session: str, id: str) -> None:  # noqa: A002 - as everywhere
        message = m.DeleteComment(key=new_uuid(), session=session, id=id)
        if await self._commands.ask(message) is not None:
            self._commands.say("Deleted the comment.", topic="comments")

    async def _tell(self, message: m.ResolveComment) -> None:
        await self._commands.ask(message)


def _forget(_typed: Typed) -> None:
    """A draft that is changed is kept as it was until the change is written down."""


def _code(passage: Passage, ink: Ink) -> list[list[Span]]:
    lines = passage.lines
    shown = lines if len(lines) <= _SHOWN else (*lines[: _SHOWN - 1], f"… {len(lines)} lines")
    return [[Span("  ", ink.faint), flat(line or " ", ink.muted)] for line in shown]


def _listed(comment: Comment, ink: Ink) -> list[list[Span]]:
    kind = {"change": "", "question": "question  ", "suggestion": "suggestion  "}[comment.kind]
    words = comment.text or (comment.replacement or "")
    return [
        [flat(comment.passage.place, ink.strong), Span(f"  {kind}", ink.need)],
        *[[Span("  ", ink.text), flat(line or " ", ink.text)] for line in words.split("\n")],
    ]
