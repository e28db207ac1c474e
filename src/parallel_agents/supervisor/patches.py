"""Patches, page by page.

Keep true: all pages of one patch are of the same moment; git runs once for them.
"""

import hashlib

from parallel_agents.core.worktree import FileStat
from parallel_agents.supervisor.session import Session
from parallel_agents.wire.messages import PAGE_LIMIT, DiffText, PatchPage


class Patches:
    """Cuts patches into pages, and keeps the one that is being read."""

    def __init__(self) -> None:
        self._digest = ""
        self._text = ""
        self._left: tuple[FileStat, ...] = ()

    async def page(self, session: Session, message: DiffText) -> PatchPage:
        """Answer with a page.

        Args:
            session: whose patch.
            message: which page; without the `digest` of the patch as it is, the first one.

        Raises:
            UserError: the worktree cannot be compared.
        """
        if not message.digest or message.digest != self._digest:
            found = await session.context.threads.git(_patch, session, message)
            self._digest, self._text, self._left = found
        digest, text, left = self._digest, self._text, self._left
        offset = 0 if message.digest and message.digest != digest else max(0, message.offset)
        end = offset + len(page := text[offset : offset + PAGE_LIMIT])
        following = end if end < len(text) else None
        if following is None:
            self._digest, self._text, self._left = "", "", ()
        left_out = left if offset == 0 else ()
        return PatchPage(text=page, next=following, digest=digest, left_out=left_out)


def _patch(session: Session, message: DiffText) -> tuple[str, str, tuple[FileStat, ...]]:
    """The patch, after its digest, which tells it from any other; and what it leaves out."""
    manager, record = session.context.manager, session.workplace.record
    left: tuple[FileStat, ...] = ()
    if message.path is not None:
        text = manager.diff_file(record, message.path)
    else:
        text, left = manager.diff_patch(record, exact=message.exact)
    data = f"{session.id}\0{message.path}\0{message.exact}\0{text}"
    return hashlib.sha256(data.encode("utf-8", "surrogatepass")).hexdigest(), text, left
