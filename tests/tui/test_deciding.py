"""The card's model: a decision reaches the request that was painted, or nobody."""

from typing import Any

from hypothesis import given, strategies as st
from msgspec.structs import replace

from parallel_agents.core.events import RequestKind
from parallel_agents.core.ids import digest
from parallel_agents.core.options import JsonObject
from parallel_agents.core.state import Request, SessionState
from parallel_agents.tui.model.request_card import (
    BROUGHT,
    NOT_ALONE,
    SETTLE,
    TOO_EARLY,
    Card,
    Identity,
    Verdict,
    Wanted,
)
from tests.support.facts import facts_of
from tests.support.told import pending

KEYS = ("y", "a", "A", "n", "N", "e", "f", "1", "2", "enter", "space")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def request(
    name: str, given: JsonObject | None = None, kind: RequestKind = "permission"
) -> Request:
    given = {"command": name} if given is None else given
    return pending(
        name,
        kind=kind,
        tool_name="Bash",
        input=given,
        digest=digest(given),
        suggestions=(
            {
                "type": "addRules",
                "behavior": "allow",
                "rules": [{"toolName": "Bash", "ruleContent": "npm *"}],
            },
            {"type": "setMode", "mode": "acceptEdits"},
        ),
    )


def state(*requests: Request, session: str = "s") -> SessionState:
    return facts_of(id=session, liveness="alive", requests=requests)


def shown(*requests: Request) -> tuple[Card, Clock]:
    clock = Clock()
    card = Card(clock)
    card.show(state(*requests))
    card.painted(card.identity)
    clock.now += SETTLE
    return card, clock


QUESTIONS = {
    "questions": [
        {"question": "Which?", "options": [{"label": "A"}, {"label": "B"}]},
        {"question": "What?", "multiSelect": True, "options": [{"label": "C"}, {"label": "D"}]},
    ]
}


def test_enter_and_space_decide_nothing() -> None:
    card, _ = shown(request("r"))
    assert card.press("enter") is None
    assert card.press("space") is None


def test_early_keys_are_dropped() -> None:
    clock = Clock()
    card = Card(clock)
    card.show(state(request("r")))
    clock.now += 10
    assert card.press("y") is None, "not painted"
    card.painted(card.identity)
    clock.now += SETTLE - 0.01
    assert card.press("y") is None, "painted just now"
    clock.now += 0.02
    assert isinstance(card.press("y"), Verdict)


def test_when_a_key_was_typed_counts_and_not_when_it_is_handled() -> None:
    card, clock = shown(request("r"))
    clock.now = card._painted_at + 5
    assert card.press("y", age=5) is None, "typed before the card stood"
    assert card.press("y", age=5 - SETTLE + 0.1) is None, "typed right after"
    assert isinstance(card.press("y", age=5 - SETTLE - 0.1), Verdict)


def test_a_second_press_counts_once_the_first_ones_warning_can_have_been_read() -> None:
    card, clock = shown(request("r"))
    card.unseen = 3
    assert card.press("y") is None, "asks once more"
    assert card.asks_again == "y"
    clock.now += SETTLE - 0.01
    assert card.press("y") is None
    clock.now += 0.02
    assert isinstance(card.press("y"), Verdict)


def test_what_the_person_brings_up_can_be_decided_sooner() -> None:
    clock = Clock()
    card = Card(clock)
    for session, expected, settles in (("a", False, SETTLE), ("b", True, BROUGHT)):
        if expected:
            card.brought()
        card.show(state(request("r"), session=session))
        card.painted(card.identity)
        clock.now += settles - 0.01
        assert card.press("y") is None
        clock.now += 0.02
        assert isinstance(card.press("y"), Verdict)


def test_the_next_request_after_a_decision_can_be_decided_sooner() -> None:
    card, clock = shown(request("a"), request("b"))
    assert isinstance(card.press("y"), Verdict)
    card.show(state(request("b")))
    card.painted(card.identity)
    clock.now += BROUGHT
    assert isinstance(card.press("y"), Verdict)


def test_what_came_by_itself_while_a_session_was_brought_up_takes_the_whole_time() -> None:
    clock = Clock()
    card = Card(clock)
    card.brought()
    card.show(state())
    card.show(state(request("r")))
    card.painted(card.identity)
    clock.now += BROUGHT
    assert card.press("y") is None
    assert card.refusal == TOO_EARLY


def test_no_key_is_dropped_in_silence() -> None:
    clock = Clock()
    card = Card(clock)
    card.show(state(replace(request("r"), rules=())))
    card.painted(card.identity)
    assert (card.press("y"), card.refusal) == (None, TOO_EARLY)
    clock.now += SETTLE
    card.dropped()
    assert card.refusal == NOT_ALONE
    assert (card.press("a"), card.refusal) == (None, "a does nothing for this request")
    assert isinstance(card.press("y"), Verdict)
    assert card.refusal == ""


def test_what_a_key_was_told_goes_with_its_request() -> None:
    card, _ = shown(request("r"))
    card.dropped()
    card.show(state(request("other")))
    assert card.refusal == ""


def test_a_changed_input_begins_anew() -> None:
    card, clock = shown(request("r"))
    card.show(state(request("r", {"command": "rm -rf /"})))
    assert card.press("y") is None
    card.painted(card.identity)
    assert card.press("y") is None
    clock.now += SETTLE
    verdict = card.press("y")
    assert isinstance(verdict, Verdict)
    assert verdict.identity.digest == digest({"command": "rm -rf /"})


def test_a_decision_is_sent_once_until_refused() -> None:
    card, _ = shown(request("r"))
    verdict = card.press("y")
    assert isinstance(verdict, Verdict)
    assert card.press("y") is None
    card.refused(verdict.identity)
    assert isinstance(card.press("n"), Verdict)


def test_always_is_the_rule_alone() -> None:
    card, _ = shown(request("r"))
    assert request("r").rules == ("Bash(npm *)",)
    verdict = card.press("a")
    assert isinstance(verdict, Verdict)
    assert (verdict.decision.scope, verdict.decision.mode) == ("session", None)


def test_always_without_a_rule_means_nothing() -> None:
    card, _ = shown(replace(request("r"), rules=()))
    assert card.press("a") is None
    assert card.press("A") is None


def test_one_question_is_answered_by_its_digit() -> None:
    card, _ = shown(request("q", {"questions": QUESTIONS["questions"][:1]}, "question"))
    assert card.press("3") is None
    verdict = card.press("2")
    assert isinstance(verdict, Verdict)
    assert verdict.decision.answers == {"Which?": "B"}


def test_several_questions_are_sent_together() -> None:
    card, _ = shown(request("q", QUESTIONS, "question"))
    assert card.press("y") is None
    assert card.press("1") is None
    assert [card.press("1"), card.press("2"), card.press("1")] == [None, None, None]
    verdict = card.press("y")
    assert isinstance(verdict, Verdict)
    assert verdict.decision.answers == {"Which?": "A", "What?": ["D"]}


def test_own_words_answer_the_question_they_were_written_for() -> None:
    card, _ = shown(request("q", {"questions": QUESTIONS["questions"][:1]}, "question"))
    wanted = card.press("f")
    assert isinstance(wanted, Wanted)
    card.show(state(request("other")))
    verdict = card.written(wanted, "neither")
    assert verdict is not None
    assert verdict.identity.request == "q"
    assert verdict.decision.answers == {"Which?": "neither"}


def test_a_plan_is_approved_into_a_mode_or_changed() -> None:
    card, _ = shown(request("p", {"plan": "do"}, "plan"))
    wanted = card.press("N")
    assert isinstance(wanted, Wanted)
    verdict = card.press("1")
    assert isinstance(verdict, Verdict)
    assert (verdict.decision.behavior, verdict.decision.mode) == ("allow", "acceptEdits")


def test_the_next_of_several_begins_anew() -> None:
    card, clock = shown(request("a"), request("b"))
    assert card.position == (1, 2)
    card.turn_to("b")
    assert card.position == (2, 2)
    assert card.press("y") is None
    card.painted(card.identity)
    clock.now += BROUGHT
    verdict = card.press("y")
    assert isinstance(verdict, Verdict)
    assert verdict.identity.request == "b"


_INPUTS = st.sampled_from([{"command": "a"}, {"command": "b"}])
_REQUESTS = st.lists(
    st.builds(request, st.sampled_from(["r1", "r2", "r3"]), _INPUTS),
    max_size=3,
    unique_by=lambda r: r.id,
)
_STEPS = st.one_of(
    st.tuples(st.just("show"), st.tuples(st.sampled_from(["s", "t"]), _REQUESTS)),
    st.tuples(st.just("paint"), st.none()),
    st.tuples(st.just("pass"), st.sampled_from([0.1, 0.3, 0.6])),
    st.tuples(st.just("key"), st.sampled_from(KEYS)),
    st.tuples(st.just("turn"), st.sampled_from(["r1", "r2", "r3"])),
    st.tuples(st.just("bring"), st.none()),
    st.tuples(st.just("refused"), st.none()),
)


@given(st.lists(_STEPS, max_size=40))
def test_a_decision_never_reaches_another_request_than_the_one_shown(  # noqa: C901
    steps: list[tuple[str, Any]],
) -> None:
    clock = Clock()
    card = Card(clock)
    on_screen: Identity | None = None
    since = 0.0
    sent: list[Identity] = []
    for kind, value in steps:
        match kind, value:
            case "show", (session, requests):
                card.show(state(*requests, session=session))
            case "paint", _:
                card.painted(card.identity)
                if card.identity != on_screen:
                    on_screen, since = card.identity, clock.now
            case "pass", float(seconds):
                clock.now += seconds
            case "turn", str(name):
                card.turn_to(name)
            case "bring", _:
                card.brought()
            case "refused", _:
                for identity in sent:
                    card.refused(identity)
                sent.clear()
            case "key", str(key):
                outcome = card.press(key)
                if outcome is None:
                    continue
                assert key not in {"enter", "space"}
                assert outcome.identity == on_screen
                assert clock.now - since >= BROUGHT
                assert any((r.id, r.digest) == outcome.identity[1:] for r in card.requests), (
                    "it was withdrawn"
                )
                if isinstance(outcome, Verdict):
                    assert outcome.identity not in sent
                    sent.append(outcome.identity)
            case _:
                raise AssertionError(kind)


def test_a_decision_stays_sent_while_another_session_is_shown() -> None:
    clock = Clock()
    card = Card(clock)
    card.show(state(request("one")))
    card.painted(card.identity)
    clock.now += SETTLE
    assert isinstance(card.press("y"), Verdict)
    card.show(state(session="other"))
    card.show(state(request("one")))
    card.painted(card.identity)
    clock.now += SETTLE
    assert card.sent
    assert card.press("n") is None
    card.show(state(request("two")))
    assert not card.sent
