"""`answer`: decide what a session's agent asks."""

import argparse
from typing import Any

from parallel_agents.cli.common import Verbs, ask, key, session_argument, verb
from parallel_agents.client.quick import QuickClient
from parallel_agents.core.errors import UsageError
from parallel_agents.core.options import MODES, Decision
from parallel_agents.core.summary import questions_of
from parallel_agents.wire.messages import Answer, PendingInput


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "answer", run, "answer a permission, a question or a plan")
    session_argument(parser)
    parser.add_argument("--request", metavar="R", help="which, when several are pending")
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--allow", action="store_true", help="this once")
    choice.add_argument("--always", action="store_true", help="for the rest of this session")
    choice.add_argument(
        "--always-repo", action="store_true", help="for every session of this repository"
    )
    choice.add_argument("--deny", nargs="?", const="", metavar="MESSAGE", help="no, and why")
    choice.add_argument(
        "--choose", action="append", metavar="[HEADER=]LABEL", help="an option; repeatable"
    )
    choice.add_argument("--text", metavar="TEXT", help="answer a question in your own words")
    parser.add_argument("--mode", choices=MODES, help="with --allow of a plan: go on in this mode")


def run(args: argparse.Namespace) -> int:
    """Carry it out."""
    if args.mode and not args.allow:
        raise UsageError("--mode goes with --allow.")
    decision = _plain(args)
    if decision is not None:
        ask(Answer(key=key(), session=args.session, request=args.request, decision=decision))
        return 0
    client = QuickClient()
    pending = client.request(PendingInput(session=args.session, request=args.request))
    questions = questions_of(pending["input"])
    answers = _chosen(args.choose, questions) if args.choose else _written(args.text, questions)
    client.request(
        Answer(
            key=key(),
            session=args.session,
            request=pending["requestId"],
            digest=pending["digest"],
            decision=Decision(behavior="allow", answers=answers),
        )
    )
    return 0


def _plain(args: argparse.Namespace) -> Decision | None:
    if args.deny is not None:
        return Decision(behavior="deny", message=args.deny)
    if args.allow:
        return Decision(behavior="allow", mode=args.mode)
    if args.always:
        return Decision(behavior="allow", scope="session")
    if args.always_repo:
        return Decision(behavior="allow", scope="repository")
    return None


def _written(text: str, questions: list[dict[str, Any]]) -> dict[str, str | list[str]]:
    if len(questions) != 1:
        raise UsageError("--text answers one question.", "Use --choose HEADER=LABEL for several.")
    return {str(questions[0].get("question")): text}


def _chosen(choices: list[str], questions: list[dict[str, Any]]) -> dict[str, str | list[str]]:
    """Match labels to questions; a header before `=` says which question is meant."""
    answers: dict[str, list[str]] = {}
    for choice in choices:
        question, label = _match(choice, questions)
        answers.setdefault(question, []).append(label)
    missing = [str(q.get("question")) for q in questions if str(q.get("question")) not in answers]
    if missing:
        raise UsageError(f"No answer was given to: {missing[0]}", "Add --choose HEADER=LABEL.")
    return {
        question: labels if len(labels) > 1 else labels[0] for question, labels in answers.items()
    }


def _match(choice: str, questions: list[dict[str, Any]]) -> tuple[str, str]:
    header, separator, rest = choice.partition("=")
    for question in questions:
        labels = _labels(question)
        named = bool(separator) and header == question.get("header")
        label = rest if named else choice
        if label in labels and (named or len(questions) == 1):
            return str(question.get("question")), label
    offered = "; ".join(
        f"{question.get('header')}={label}" for question in questions for label in _labels(question)
    )
    raise UsageError(f"There is no option “{choice}”.", f"Offered: {offered}")


def _labels(question: dict[str, Any]) -> list[str]:
    options = question.get("options")
    entries = options if isinstance(options, list) else []
    return [str(entry.get("label")) for entry in entries if isinstance(entry, dict)]
