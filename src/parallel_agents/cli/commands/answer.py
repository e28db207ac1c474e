"""`answer`: decide a request of a session's agent.

Keep true: a decision names the request and the input that was read here or, as `ID@DIGEST`, shown
earlier; a doubtful request is allowed only if `--request` names it; the decision is printed.
"""

import argparse
import shlex
from collections.abc import Sequence

from parallel_agents.cli import asked, render
from parallel_agents.cli.common import Verbs, json_argument, key, verb
from parallel_agents.cli.printed import DecidedRequest
from parallel_agents.cli.waiting import waiting
from parallel_agents.client.quick import QuickClient
from parallel_agents.core.asking import Question
from parallel_agents.core.errors import RefusedError, UsageError
from parallel_agents.core.options import Decision
from parallel_agents.core.summary import decision_words
from parallel_agents.wire.messages import Answer, PendingInput, RequestInput


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "answer", run, "answer a permission, a question or a plan")
    parser.add_argument(
        "session", nargs="?", metavar="ID", help="short id, a unique prefix of it, or the name"
    )
    parser.add_argument(
        "--next", action="store_true", help="the request that waits longest, of any session"
    )
    parser.add_argument(
        "--request", metavar="R", help="the request: ID, or ID@DIGEST as `show` prints it"
    )
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--allow", action="store_true", help="this once")
    choice.add_argument("--always", action="store_true", help="for the rest of this session")
    choice.add_argument(
        "--always-repo", action="store_true", help="for every session of this repository"
    )
    choice.add_argument("--deny", nargs="?", const="", metavar="MESSAGE", help="deny, and say why")
    choice.add_argument(
        "--choose", action="append", metavar="[HEADER=]LABEL", help="an option; may be repeated"
    )
    choice.add_argument("--text", metavar="TEXT", help="answer a question in your own words")
    json_argument(parser, DecidedRequest)
    parser.add_argument("--mode", metavar="M", help="with --allow of a plan: continue in this mode")


def run(args: argparse.Namespace) -> int:
    """Run the verb.

    Raises:
        UsageError: the options do not fit each other or the request.
        RefusedError: the request is doubtful, and `--request` does not name it.
    """
    if args.mode and not args.allow:
        raise UsageError("--mode goes with --allow.")
    if (args.session is None) != args.next or (args.next and args.request):
        raise UsageError("Name a session, or use --next alone.", "inbox lists what waits.")
    client = QuickClient()
    session, request = _next(client) if args.next else (args.session, args.request)
    name, digest = asked.split(request) if request else (None, None)
    pending = client.request(PendingInput(session=session, request=name))
    decision = _plain(args) or _answered(args, pending.questions)
    if args.request is None and decision.behavior == "allow" and decision.answers is None:
        _refuse_doubtful(session, pending)
    digest = digest or pending.digest
    client.request(
        Answer(
            key=key(),
            session=session,
            request=pending.request_id,
            digest=digest,
            decision=decision,
        )
    )
    _tell(args, session, pending, decision)
    return 0


def _next(client: QuickClient) -> tuple[str, str]:
    """Name the session and the request that wait longest."""
    first = next(waiting(client), None)
    if first is None:
        raise RefusedError("Nothing waits for you.")
    return first.session, asked.named(first)


def _refuse_doubtful(session: str, pending: RequestInput) -> None:
    """Refuse a doubtful request that was not named; `show` prints the name to use."""
    odd = asked.doubts(pending.tool_name, pending.input)
    if odd:
        name = shlex.quote(asked.named(pending))
        raise RefusedError(
            f"This request is not what it seems: {', '.join(odd)}. No decision was sent.",
            f"Look at it (parallel-agents show {session}), then name it: --request {name}",
        )


def _tell(
    args: argparse.Namespace, session: str, pending: RequestInput, decision: Decision
) -> None:
    """Print the decision and the request that it decided."""
    if args.json:
        odd = asked.doubts(pending.tool_name, pending.input)
        render.as_json(DecidedRequest.of(session, pending, decision, odd))
        return
    tool, *rest = asked.lines(pending)
    whose = f"{session}: " if args.next else ""
    for line in (f"{whose}{decision_words(decision)}: {tool}", *rest):
        render.data(line)


def _answered(args: argparse.Namespace, questions: Sequence[Question]) -> Decision:
    answers = _chosen(args.choose, questions) if args.choose else _written(args.text, questions)
    return Decision(behavior="allow", answers=answers)


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


def _written(text: str, questions: Sequence[Question]) -> dict[str, str | list[str]]:
    if len(questions) != 1:
        raise UsageError(
            "--text answers a single question.", "Use --choose HEADER=LABEL for several."
        )
    return {questions[0].text: text}


def _chosen(choices: list[str], questions: Sequence[Question]) -> dict[str, str | list[str]]:
    """Match labels to questions; a header before `=` says which question a label answers."""
    answers: dict[str, list[str]] = {}
    for choice in choices:
        question, label = _match(choice, questions)
        answers.setdefault(question, []).append(label)
    missing = [q.text for q in questions if q.text not in answers]
    if missing:
        raise UsageError(f"There is no answer to: {missing[0]}", "Add --choose HEADER=LABEL.")
    return {
        question: labels if len(labels) > 1 else labels[0] for question, labels in answers.items()
    }


def _match(choice: str, questions: Sequence[Question]) -> tuple[str, str]:
    header, separator, rest = choice.partition("=")
    for question in questions:
        named = bool(separator) and header == question.header
        label = rest if named else choice
        if label in question.labels and (named or len(questions) == 1):
            return question.text, label
    offered = "; ".join(
        f"{question.header}={label}" for question in questions for label in question.labels
    )
    raise UsageError(f"There is no option “{choice}”.", f"Offered: {offered}")
