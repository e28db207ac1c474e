"""A person's comments on the changes of a session.

Keep true: the lines of a comment are read from the tree that the person looked at; what is sent is
journalled together with the message that it is sent as, so that a comment is sent once; where a
comment's lines are now is read from trees, never guessed.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from parallel_agents.core import events as ev
from parallel_agents.core.errors import RefusedError, UsageError, UserError, WorktreeError
from parallel_agents.core.ids import short_id
from parallel_agents.core.review import (
    CHARACTERS,
    COMMENTS,
    CONTEXT,
    LINES,
    Comment,
    Passage,
    PlacedComment,
    Standing,
    comments_message,
    found_again,
    lines_of,
)
from parallel_agents.core.text import as_text
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import DiffPart
from parallel_agents.supervisor.sessions.session import Session
from parallel_agents.wire.messages import WriteComment
from parallel_agents.worktrees.compare.trees import StoredFile


async def write(session: Session, message: WriteComment) -> Comment:
    """Write a comment, or a draft anew.

    Args:
        session: whose changes it is about.
        message: what the person wrote, and about what.

    Returns:
        The comment as it is kept.

    Raises:
        UsageError: it says nothing, is too long, or its lines are not in the file.
        RefusedError: the comment to write anew was sent already.
        UserError: the file cannot be read.
    """
    id_ = message.id or short_id(message.key)
    known = session.state.review.find(id_)
    if known is not None and message.key in session.state.keys:
        return known
    _check_words(message)
    if message.id:
        passage = _draft(session, message.id).passage
    elif len(session.state.review.comments) >= COMMENTS:
        raise RefusedError(
            f"This session has {COMMENTS} comments, which is the most that are kept.",
            f"Delete some: parallel-agents comments {session.id}",
        )
    else:
        passage = await _passage(session, message)
    comment = Comment(
        id=id_,
        passage=passage,
        kind=message.kind,
        text=as_text(message.text).strip(),
        replacement=None if message.replacement is None else as_text(message.replacement),
        written_at=int(time.time() * 1000),
    )
    if message.key not in session.state.keys:
        session.ledger.record(ev.CommentWritten(comment=comment), key=message.key)
    return comment


def _check_words(message: WriteComment) -> None:
    words = message.text.strip()
    if len(words) + len(message.replacement or "") > CHARACTERS:
        raise UsageError(f"A comment has at most {CHARACTERS:,} characters.")
    if message.kind == "suggestion" and message.replacement is None:
        raise UsageError("A suggestion needs the text to put in place of the lines.")
    if message.kind != "suggestion" and message.replacement is not None:
        raise UsageError("Only a suggestion has a text to put in place of the lines.")
    if not words and message.replacement is None:
        raise UsageError("There is nothing to say.", "Write a comment.")


def _draft(session: Session, comment_id: str) -> Comment:
    comment = _comment(session, comment_id)
    if not comment.is_draft:
        raise RefusedError("This comment was sent already.", "Write another one.")
    return comment


def _comment(session: Session, comment_id: str) -> Comment:
    comment = session.state.review.find(comment_id)
    if comment is None:
        raise UserError(
            f"There is no comment {comment_id}.", f"See all: parallel-agents comments {session.id}"
        )
    return comment


def delete(session: Session, key: str, comment_id: str) -> None:
    """Take a comment back.

    Raises:
        UserError: there is no such comment.
    """
    if key not in session.state.keys:
        session.ledger.record(ev.CommentDeleted(id=_comment(session, comment_id).id), key=key)


def resolve(session: Session, key: str, comment_id: str, *, resolved: bool) -> None:
    """Be done with a comment, or open it again.

    Raises:
        UserError: there is no such comment, or it was not sent.
    """
    if key in session.state.keys:
        return
    comment = _comment(session, comment_id)
    if comment.is_draft:
        raise RefusedError("This comment has not been sent.", "Delete it, or send it first.")
    if comment.resolved != resolved:
        session.ledger.record(ev.CommentResolved(id=comment_id, resolved=resolved), key=key)


async def send(session: Session, key: str, ids: Sequence[str], note: str) -> None:
    """Send drafts to the agent as one message.

    Args:
        session: whose agent.
        key: uuid of the message.
        ids: the drafts; all of them without any.
        note: what the person says about all of them.

    Raises:
        UserError: there is nothing to send, or the session takes no messages now.
    """
    if key in session.state.keys:
        return
    drafts = [_draft(session, id_) for id_ in ids] or [*session.state.review.drafts]
    if not drafts:
        raise UsageError("There are no comments to send.", "Write one first.")
    wanted = tuple(comment.id for comment in drafts)

    def sent() -> ev.CommentsSent:
        if any(session.state.review.find(comment.id) != comment for comment in drafts):
            raise RefusedError("The comments changed meanwhile.", "Look at them, then send again.")
        return ev.CommentsSent(ids=wanted, message=key)

    await session.send(key, comments_message(drafts, note), beside=sent)


# --- where the lines are ---------------------------------------------------------------------


async def _passage(session: Session, message: WriteComment) -> Passage:
    """Read what a new comment is about."""
    if not message.path:
        return Passage()
    path = _inner_path(message.path)
    parts = message.parts or await _parts(session)
    part = _part_of(parts, path)
    before = message.side == "old"
    files = await session.context.threads.git(
        _read_files, session, part, [path], before=before, known=()
    )
    file = files.get(path)
    if file is None:
        raise UsageError(f"There is no file {path} in these changes.", "Name it from the top.")
    if not message.first:
        return Passage(path=path, side=message.side, blob=file.blob)
    return _lines_passage(message, path, file)


def _inner_path(text: str) -> str:
    """Write a path in the only way that git's trees have it.

    Raises:
        UsageError: it leads out of the worktree.
    """
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or "\0" in text:
        raise UsageError(f"There is no file {text} in these changes.", "Name it from the top.")
    return str(path)


def _lines_passage(message: WriteComment, path: str, file: StoredFile) -> Passage:
    lines = () if file.content is None else lines_of(file.content)
    first, last = message.first, max(message.last, message.first)
    if last > len(lines) or first < 1:
        raise UsageError(f"{path} has no line {last}: it has {len(lines):,}.")
    chosen = lines[first - 1 : last]
    if len(chosen) > LINES or sum(map(len, chosen)) > CHARACTERS:
        raise UsageError(f"A comment is about at most {LINES} lines.", "Choose fewer lines.")
    return Passage(
        path=path,
        side=message.side,
        first=first,
        last=last,
        lines=chosen,
        before=_short(lines[max(first - 1 - CONTEXT, 0) : first - 1]),
        after=_short(lines[last : last + CONTEXT]),
        blob=file.blob,
    )


def _short(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out surroundings that are no source lines, such as those of minified files."""
    return lines if sum(map(len, lines)) <= CHARACTERS // 10 else ()


async def _parts(session: Session) -> tuple[DiffPart, ...]:
    return (await session.workplace.changes.compared()).parts


def _part_of(parts: Sequence[DiffPart], path: str) -> DiffPart:
    inside = [part for part in parts if path.startswith(part.prefix)]
    if not inside:
        raise UserError("Nothing of this session can be compared.", "See: parallel-agents doctor")
    return max(inside, key=lambda part: len(part.prefix))


def _read_files(
    session: Session, part: DiffPart, names: Sequence[str], *, before: bool, known: Iterable[str]
) -> dict[str, StoredFile]:
    record = session.workplace.record
    manager = session.context.manager
    return manager.read_files(record, part, names, before=before, known=frozenset(known))


async def placed(session: Session, parts: Sequence[DiffPart]) -> tuple[PlacedComment, ...]:
    """Find where the lines of each comment are in the trees that are looked at.

    Args:
        session: whose comments.
        parts: the trees; without any, those of the worktree as it is now.

    Raises:
        TreeGoneError: a tree is not kept any more.
    """
    comments = session.state.review.comments
    if not any(comment.passage.path for comment in comments):
        return tuple(PlacedComment(comment=comment) for comment in comments)
    try:
        compared = tuple(parts) or await _parts(session)
    except WorktreeError:
        return tuple(_unknown(comment) for comment in comments)
    return await session.context.threads.git(_placed, session, compared, comments)


def _placed(
    session: Session, parts: Sequence[DiffPart], comments: Sequence[Comment]
) -> tuple[PlacedComment, ...]:
    passages = [comment.passage for comment in comments if comment.passage.path]
    files: dict[tuple[str, str], StoredFile] = {}
    for part in parts:
        for side in ("old", "new"):
            inside = [p for p in passages if p.side == side and _owns(parts, part, p.path)]
            names = sorted({p.path for p in inside})
            read = (
                _read_files(
                    session, part, names, before=side == "old", known={p.blob for p in inside}
                )
                if names
                else {}
            )
            files |= {(side, name): file for name, file in read.items()}
    renamed = _renamed(session, parts, passages, files)
    return tuple(_place(comment, files, renamed) for comment in comments)


def _owns(parts: Sequence[DiffPart], part: DiffPart, path: str) -> bool:
    return path.startswith(part.prefix) and _part_of(parts, path) == part


def _renamed(
    session: Session,
    parts: Sequence[DiffPart],
    passages: Iterable[Passage],
    files: dict[tuple[str, str], StoredFile],
) -> dict[str, str]:
    """Find the new names of files that are gone, and read them; git is asked only if any is."""
    gone = {p.path: p.blob for p in passages if p.side == "new" and ("new", p.path) not in files}
    if not gone:
        return {}
    stat = session.context.manager.diff_between(session.workplace.record, parts, "")
    # A file that is new in this change has no name before it: it is known by its content.
    moved = {file.blob: file.path for file in stat.files if file.status in "AR"}
    names = {path: moved[blob] for path, blob in gone.items() if blob in moved}
    renamed = (file for file in stat.files if file.status == "R" and file.old_path in gone)
    names |= {str(file.old_path): file.path for file in renamed}
    for part in parts:
        wanted = [name for name in names.values() if _owns(parts, part, name)]
        if wanted:
            read = _read_files(session, part, wanted, before=False, known=())
            files |= {("new", name): file for name, file in read.items()}
    return names


def _place(
    comment: Comment, files: Mapping[tuple[str, str], StoredFile], renamed: Mapping[str, str]
) -> PlacedComment:
    passage = comment.passage
    if not passage.path:
        return PlacedComment(comment=comment)
    path = renamed.get(passage.path, passage.path)
    file = files.get((passage.side, path))
    if file is None:
        return PlacedComment(comment=comment, standing="gone", path=passage.path)
    first = passage.first
    if file.blob != passage.blob and first:
        first = found_again(passage, lines_of(file.content or b""))
        if not first:
            return PlacedComment(comment=comment, standing="gone", path=path)
    last = first + passage.last - passage.first
    same = (first, path) == (passage.first, passage.path)
    standing: Standing = "here" if same else "moved"
    return PlacedComment(comment=comment, standing=standing, first=first, last=last, path=path)


def _unknown(comment: Comment) -> PlacedComment:
    """Say where a comment was written, while its worktree is not there to look."""
    passage = comment.passage
    return replace(
        PlacedComment(comment=comment, first=passage.first, last=passage.last, path=passage.path),
        standing="unknown",
    )
