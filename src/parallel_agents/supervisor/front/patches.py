"""Patches, page by page.

Keep true: the pages of one patch are cut from one text, since the trees that it is between never
change; git runs once for all of them, as long as few patches are read at a time.
"""

from collections import OrderedDict

from parallel_agents.supervisor.sessions.session import Session
from parallel_agents.wire.messages import PAGE_LIMIT, DiffText, PatchPage

_READ_AT_A_TIME = 4
"""Patches of several pages that are kept until their last page is read."""


class Patches:
    """Cuts patches into pages, and keeps those that are being read."""

    def __init__(self) -> None:
        self._texts: OrderedDict[tuple[object, ...], str] = OrderedDict()

    async def page(self, session: Session, message: DiffText) -> PatchPage:
        """Answer with a page.

        Args:
            session: whose patch.
            message: which page.

        Raises:
            UserError: the trees cannot be compared.
        """
        names = (message.path, message.old_path)
        key = (session.id, message.parts, names, message.exact, message.other)
        text = self._texts.get(key)
        if text is None:
            text = await session.context.threads.git(_patch, session, message)
        offset = max(0, message.offset)
        end = offset + PAGE_LIMIT
        if end < len(text):
            self._keep(key, text)
            return PatchPage(text=text[offset:end], next=end)
        self._texts.pop(key, None)
        return PatchPage(text=text[offset:], next=None)

    def _keep(self, key: tuple[object, ...], text: str) -> None:
        self._texts[key] = text
        self._texts.move_to_end(key)
        if len(self._texts) > _READ_AT_A_TIME:
            self._texts.popitem(last=False)


def _patch(session: Session, message: DiffText) -> str:
    manager, record = session.context.manager, session.workplace.record
    if message.path is None:
        return manager.diff_patch(record, message.parts, exact=message.exact, beside=message.other)
    names = [name for name in (message.path, message.old_path) if name]
    return manager.diff_file(record, message.parts, names, beside=message.other)
