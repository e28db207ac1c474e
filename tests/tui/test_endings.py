"""Deleting says what it would keep, and what it has kept."""

from parallel_agents.core.errors import RefusedError
from parallel_agents.core.value import replace
from parallel_agents.wire import messages as m
from tests.tui.drive import Drive, screen
from tests.tui.fake import T0, Fake, row_of

SAVED = ("3 changed files", "2 commits not in main or on a remote")
SKIPPED = ("node_modules", "a", "b", "c\x1b[31m")
OWN = m.OwnWorkReply(session=row_of("a1"), saved=SAVED, skipped=SKIPPED)
DELETING = m.Deletion(session=row_of("a1"))


def one(**answers: object) -> Fake:
    fake = Fake()
    fake.session("a1", "auth-refactor")
    fake.answers |= answers
    return fake


def told(drive: Drive) -> list[str]:
    """What was said in notifications."""
    return [note.message for note in drive.app._notifications]


async def says(drive: Drive, text: str) -> None:
    await drive.until(lambda: any(text in said for said in told(drive)), text)


async def test_the_first_press_says_what_would_be_kept_and_the_second_what_was() -> None:
    def delete(message: m.Delete) -> m.Deletion:
        if not message.wait:
            return DELETING
        return replace(DELETING, saved=SAVED, skipped=SKIPPED, until=T0)

    async with screen(one(own_work=OWN, delete=delete)) as drive:
        await drive.press("ctrl+x")
        await says(
            drive,
            "Ctrl+X again deletes auth-refactor; kept in the trash: 3 changed files, "
            "2 commits not in main or on a remote. Not kept: node_modules, a, b and 1 more.",
        )
        assert drive.fake.of(m.Delete) == []
        await drive.press("ctrl+x")
        await says(drive, "Deleted auth-refactor; kept in the trash until 20")
        assert len({asked.key for asked in drive.fake.of(m.Delete)}) == 1
        assert not any("\x1b" in said for said in told(drive))


async def test_a_session_with_nothing_of_its_own_says_so() -> None:
    async with screen(one()) as drive:
        await drive.press("ctrl+x")
        await says(drive, "it has no work of its own.")
        await drive.press("ctrl+x")
        await says(drive, "it had no work of its own. u brings it back.")


async def test_a_deletion_that_was_refused_is_said() -> None:
    def delete(message: m.Delete) -> m.Deletion:
        if message.wait:
            raise RefusedError("A process works in it.")
        return DELETING

    async with screen(one(delete=delete)) as drive:
        await drive.press("ctrl+x", "ctrl+x")
        await says(drive, "A process works in it.")
        assert not any("Deleted" in said for said in told(drive))
