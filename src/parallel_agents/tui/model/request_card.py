"""What the request card shows and what a key on it means; no widgets, no guesses.

Keep true: a decision names the request that was *painted*, by session, request id and digest of
its input; a key counts only if the person could have seen what it answers: it was pressed at least
`SETTLE` seconds after the request was painted, or `BROUGHT` when the person brought it up, however
late it is handled; a key that comes too early is reported, never dropped in silence; a decision is
sent once; Enter and Space decide nothing; a request that was not completely on the screen is
allowed only by a second, deliberate press. Whether a key was pressed by itself is `KeyQueue`'s
business.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from parallel_agents.core.asking import Question
from parallel_agents.core.options import Decision, JsonObject
from parallel_agents.core.state import Request, SessionState

SETTLE = 0.5
"""Seconds for which a request is shown before it accepts a key, when it came or changed by itself:
a choice between several reactions takes a person about that long."""

BROUGHT = 0.15
"""The same, when the person brought it up and so expects it; less than the quickest reaction."""

TOO_EARLY = "just appeared: press again"
NOT_ALONE = "came together with other input: press again, by itself"


class Identity(NamedTuple):
    """Identifies one request exactly."""

    session: str
    request: str
    digest: str


def identity_of(session: str, request: Request) -> Identity:
    """Identify a request of a session."""
    return Identity(session, request.id, request.digest)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision that is ready to be sent."""

    identity: Identity
    decision: Decision


@dataclass(frozen=True, slots=True)
class Wanted:
    """Says that the user wants to write something before deciding.

    Attributes:
        what: an edited input, the reason for a denial, or an answer in the user's own words.
        request: the request as it was painted.
    """

    what: Literal["edit", "deny", "text"]
    identity: Identity
    request: Request


@dataclass(slots=True)
class Picking:
    """The answers chosen so far for a question request."""

    at: int = 0
    chosen: dict[str, list[str]] = field(default_factory=dict)


class Card:
    """The request shown for the selected session.

    Args:
        clock: monotonic time in seconds.

    Attributes:
        session: the selected session's id.
        requests: all pending requests.
        request: the one shown.
        picking: the answers chosen so far.
        unseen: how many of its lines have not been on the screen yet.
        refusal: why the last key decided nothing; empty when it did, or when none was pressed.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.session = ""
        self.requests: tuple[Request, ...] = ()
        self.request: Request | None = None
        self.picking = Picking()
        self.unseen = 0
        self.refusal = ""
        self._doubted = ""
        self._doubted_at = 0.0
        self._brought = False
        self._settle = SETTLE
        self._known: Identity | None = None
        self._painted: Identity | None = None
        self._painted_at = 0.0
        self._stands_for = SETTLE
        self._sent: set[Identity] = set()

    # --- what is shown ------------------------------------------------------------------------

    def show(self, state: SessionState | None) -> bool:
        """Update the card from the facts of the selected session.

        Args:
            state: None when no session is selected.

        Returns:
            Whether the request to show has changed.
        """
        before, elsewhere = self.identity, self.session
        live = state is not None and state.process.is_there
        self.requests = state.dialogue.requests if state is not None and live else ()
        self.session = state.id if state is not None else ""
        # A person who went away and came back has brought up nothing that was not there.
        expected = before in self._sent or (self._brought and self.session != elsewhere)
        self._brought = False
        pending = {self._identity(request): request for request in self.requests}
        # What was sent for another session stays so while that session is not the one shown.
        self._sent -= {sent for sent in self._sent if sent.session == self.session} - pending.keys()
        kept = pending.get(before) if before is not None else None
        self._put(kept or next(iter(self.requests), None), expected=expected)
        return self.identity != before

    def brought(self) -> None:
        """Note that the person is bringing up another session's request."""
        self._brought = True

    def _put(self, request: Request | None, *, expected: bool) -> None:
        identity = None if request is None else self._identity(request)
        if identity != self._known:
            self.picking, self.unseen, self._doubted, self.refusal = Picking(), 0, "", ""
            self._settle = BROUGHT if expected else SETTLE
        self.request, self._known = request, identity

    def _identity(self, request: Request) -> Identity:
        return identity_of(self.session, request)

    @property
    def identity(self) -> Identity | None:
        """The request to show."""
        return self._known

    @property
    def sent(self) -> bool:
        """Whether a decision on this request is on its way."""
        return self._known in self._sent

    @property
    def position(self) -> tuple[int, int]:
        """The number of this request, from 1, and how many there are."""
        ids = [request.id for request in self.requests]
        return (ids.index(self.request.id) + 1 if self.request else 0, len(ids))

    def turn_to(self, request: str) -> None:
        """Show another pending request of this session, by its id."""
        found = next((pending for pending in self.requests if pending.id == request), None)
        if found is not None:
            self._put(found, expected=True)

    def painted(self, identity: Identity | None) -> None:
        """Record which request is now on the screen."""
        if identity != self._painted:
            self._painted, self._painted_at = identity, self._clock()
            self._stands_for = self._settle

    @property
    def ready(self) -> bool:
        """Whether the painted request is the current one, and has been shown for long enough."""
        return self._ready_at(self._clock())

    def _ready_at(self, at: float) -> bool:
        return (
            self.identity is not None
            and self._painted == self.identity
            and not self.sent
            and at - self._painted_at >= self._stands_for
        )

    @property
    def settles_in(self) -> float:
        """Seconds until the painted request accepts a key; 0 when it does, or never will."""
        if self.identity is None or self._painted != self.identity or self.sent:
            return 0.0
        return max(self._painted_at + self._stands_for - self._clock(), 0.0)

    # --- keys ---------------------------------------------------------------------------------

    def press(self, key: str, age: float = 0.0) -> Verdict | Wanted | None:
        """Handle a key.

        Args:
            key: `y a A n N e f`, or a digit.
            age: seconds since it was typed.

        Returns:
            What to send, or what to ask for; None when the key means nothing here or comes too
            early.
        """
        request, at = self.request, self._clock() - age
        if request is None or self.sent:
            return None
        if not self._ready_at(at):
            self.refusal = TOO_EARLY
            return None
        self.refusal = ""
        meant = self._meant(key, request)
        if not isinstance(meant, Decision):
            if meant is None:
                self.refusal = self._why_nothing(key, request)
            return meant
        if meant.behavior == "allow" and self.unseen and not self._again(key, at):
            return None
        return self._verdict(meant)

    def _why_nothing(self, key: str, request: Request) -> str:
        """Say why a key decided nothing; empty when it chose one of several answers."""
        if request.kind == "question" and (key.isdecimal() or key == "y"):
            return "" if key.isdecimal() else "answer every question first"
        return f"{key} does nothing for this request"

    def dropped(self) -> None:
        """Note that a key for this request came together with other input."""
        if self.request is not None and not self.sent:
            self.refusal = NOT_ALONE

    @property
    def asks_again(self) -> str:
        """The key that was pressed before everything had been seen; empty for none."""
        return self._doubted if self.unseen else ""

    def _again(self, key: str, at: float) -> bool:
        """Whether the user was told that something is unread, and now presses the key again."""
        if self._doubted == key:
            # A second press counts from when a person can have read what the first one said.
            return at - self._doubted_at >= SETTLE
        self._doubted, self._doubted_at = key, at
        return False

    def _meant(self, key: str, request: Request) -> Decision | Wanted | None:
        if key == "n":
            return Decision(behavior="deny")
        if key == "N":
            return self._wanted("deny", request)
        match request.kind:
            case "permission":
                return self._permission(key, request)
            case "plan":
                return self._plan(key, request)
            case "question":
                return self._question(key, request)

    def _permission(self, key: str, request: Request) -> Decision | Wanted | None:
        match key:
            case "y":
                return Decision(behavior="allow")
            case "a" if request.rules:
                return Decision(behavior="allow", scope="session")
            case "A" if request.rules and request.kept_in:
                return Decision(behavior="allow", scope="repository")
            case "e" if request.editable:
                return self._wanted("edit", request)
            case _:
                return None

    def _plan(self, key: str, request: Request) -> Decision | None:
        approvals = request.approvals
        if key == "y":  # the last approval gives the agent the least freedom
            return Decision(behavior="allow", mode=approvals[-1].mode if approvals else None)
        if key.isdecimal() and 0 < int(key) <= len(approvals):
            return Decision(behavior="allow", mode=approvals[int(key) - 1].mode)
        return None

    # --- questions ----------------------------------------------------------------------------

    def _question(self, key: str, request: Request) -> Decision | Wanted | None:
        questions = request.questions
        if not questions:
            return None
        if key == "f":
            return self._wanted("text", request)
        if key == "y":
            return self._answer(questions)
        if key.isdecimal():
            return self._pick(int(key), questions)
        return None

    def _pick(self, number: int, questions: Sequence[Question]) -> Decision | None:
        picking = self.picking
        question = questions[min(picking.at, len(questions) - 1)]
        labels = question.labels
        if not 0 < number <= len(labels):
            return None
        text, label = question.text, labels[number - 1]
        if question.multiple:
            chosen = picking.chosen.setdefault(text, [])
            chosen.remove(label) if label in chosen else chosen.append(label)
            return None
        picking.chosen[text] = [label]
        if len(questions) == 1:
            return self._answer(questions)
        picking.at = min(picking.at + 1, len(questions) - 1)
        return None

    def move_on(self, step: int) -> None:
        """Go to the next question of the same request, or the one before."""
        if self.request is not None:
            count = len(self.request.questions)
            self.picking.at = (self.picking.at + step) % max(count, 1)

    def _answer(self, questions: Sequence[Question]) -> Decision | None:
        answers: dict[str, str | list[str]] = {}
        for question in questions:
            chosen = self.picking.chosen.get(question.text)
            if not chosen:
                return None
            answers[question.text] = chosen if question.multiple else chosen[0]
        return Decision(behavior="allow", answers=answers)

    # --- written answers ----------------------------------------------------------------------

    def written(self, wanted: Wanted, text: str) -> Verdict | None:
        """Turn what the user wrote into a verdict.

        Args:
            wanted: what `press` returned; the request may be gone or replaced by now, and the
                verdict still names the one that the text was written for.
            text: the reason for a denial, or an answer in the user's own words.

        Returns:
            The verdict; None when there are more questions to answer first.
        """
        if wanted.what == "deny":
            return self._verdict(Decision(behavior="deny", message=text), wanted.identity)
        questions = wanted.request.questions
        if len(questions) == 1:
            answers: dict[str, str | list[str]] = {questions[0].text: text}
            return self._verdict(Decision(behavior="allow", answers=answers), wanted.identity)
        if wanted.identity == self.identity:
            question = questions[self.picking.at]
            self.picking.chosen[question.text] = [text]
            self.picking.at = min(self.picking.at + 1, len(questions) - 1)
        return None

    def edited(self, wanted: Wanted, value: JsonObject) -> Verdict:
        """Allow the request with an input that the user edited."""
        return self._verdict(Decision(behavior="allow", updated_input=value), wanted.identity)

    def refused(self, identity: Identity) -> None:
        """Accept keys again: the supervisor refused the decision."""
        self._sent.discard(identity)

    def _verdict(self, decision: Decision, identity: Identity | None = None) -> Verdict:
        named = identity or self._painted
        assert named is not None  # noqa: S101 - `ready` holds, or the caller names it
        self._sent.add(named)
        return Verdict(named, decision)

    def _wanted(self, what: Literal["edit", "deny", "text"], request: Request) -> Wanted:
        return Wanted(what, self._identity(request), request)
