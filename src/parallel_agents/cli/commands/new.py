"""`new`: dispatch one session or several.

Keep true: when several are asked for, the failure of one keeps none of the others from starting.
"""

import argparse
from pathlib import Path

from parallel_agents.cli import render, streams
from parallel_agents.cli.common import (
    Verbs,
    absolute,
    agent_arguments,
    ask,
    environment,
    json_argument,
    key,
    verb,
)
from parallel_agents.core.errors import UsageError, UserError
from parallel_agents.core.options import Options
from parallel_agents.core.template import named
from parallel_agents.core.text import safe_line
from parallel_agents.wire.messages import ListTemplates, New, SessionRow

_SHOWN = 60


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "new", run, "start a session; prints its id, or one a line for several")
    parser.add_argument(
        "prompt", metavar="PROMPT", nargs="?", help="the task; - reads it from standard input"
    )
    parser.add_argument(
        "--from-file",
        metavar="FILE",
        help="start a session for each line of FILE; - reads standard input",
    )
    parser.add_argument(
        "--template", metavar="NAME", help="make the task of a template, such as brief"
    )
    parser.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="NAME=TEXT",
        help="fill a field of the template; once for each",
    )
    parser.add_argument("-C", dest="directory", metavar="DIR", help="a directory of the repository")
    parser.add_argument("--name", help="display name; the first words of the task by default")
    parser.add_argument(
        "--base",
        default="",
        metavar="fresh|head|REF|#N|URL",
        help="what the branch starts from: a ref, or a pull request",
    )
    parser.add_argument(
        "--branch", metavar="B", help="name of the branch; without --base, an existing one is used"
    )
    agent_arguments(parser)
    parser.add_argument("--model", metavar="M", help="model, as the agent names it")
    parser.add_argument("--models", metavar="M,M", help="start a session with each of these models")
    parser.add_argument("--effort", metavar="E", help="how much to think, as the agent names it")
    parser.add_argument(
        "--untrusted",
        action="store_true",
        help="start without the repository's own settings, hooks and servers",
    )
    parser.add_argument("--wait-ready", action="store_true", help="return when the agent is ready")
    json_argument(parser, SessionRow, tuple[SessionRow, ...])


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    several = args.from_file is not None or args.models is not None
    sessions = _sessions(args, _prompts(args))
    if not several:
        _tell(args, ask(sessions[0]))
        return 0
    return _start_all(args, sessions)


def _prompts(args: argparse.Namespace) -> list[str]:
    """Read the tasks: the one given, that of a template, or each line of a file not blank."""
    if [args.prompt, args.from_file, args.template].count(None) != 2:
        raise UsageError(
            "Give either a task or --from-file or --template.", 'parallel-agents new "what to do"'
        )
    if args.template is not None:
        return [_filled(args)]
    if args.field:
        raise UsageError("--field is for --template.")
    if args.from_file is None:
        return [streams.read() if args.prompt == "-" else args.prompt]
    text = streams.read() if args.from_file == "-" else _file(args.from_file)
    prompts = [line.strip() for line in text.split("\n") if line.strip()]
    if not prompts:
        raise UsageError(f"There is no task in {args.from_file}.", "Write one on each line.")
    return prompts


def _filled(args: argparse.Namespace) -> str:
    """The task of a template; a repository's own counts only if its settings do."""
    values = dict(_field(given) for given in args.field)
    listed = ask(ListTemplates(directory=absolute(args.directory))).templates
    usable = [each for each in listed if each.origin != "repository" or not args.untrusted]
    template = named(usable, args.template)
    task = template.filled(values)
    if template.origin == "repository":
        render.talk(f"the task is made of {safe_line(template.path)}")
    return task


def _field(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals:
        raise UsageError(f"--field {given} has no value.", "For example: --field goal='fix it'")
    return name.strip(), value


def _file(name: str) -> str:
    try:
        return Path(name).read_text("utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8 text.", "Convert it: iconv -t utf-8") from error


def _sessions(args: argparse.Namespace, prompts: list[str]) -> list[New]:
    """Make a request for each task and model."""
    models: list[str | None] = [args.model]
    if args.models is not None:
        if args.model is not None:
            raise UsageError("Give either --model or --models.")
        models = [name.strip() for name in args.models.split(",") if name.strip()]
        if not models:
            raise UsageError("--models names no model.", "For example: --models opus,sonnet")
    if len(prompts) * len(models) > 1 and (args.name or args.branch):
        raise UsageError("--name and --branch are for one session.", "Leave them out.")
    return [_new(args, prompt, model) for prompt in prompts for model in models]


def _new(args: argparse.Namespace, prompt: str, model: str | None) -> New:
    options = Options(
        model=model,
        mode=args.permission_mode,
        effort=args.effort,
        trusted=not args.untrusted,
    )
    return New(
        key=key(),
        prompt=prompt,
        directory=absolute(args.directory),
        name=args.name,
        base=args.base,
        branch=args.branch,
        agent=args.agent,
        options=options,
        environment=environment(),
        wait_ready=args.wait_ready,
    )


def _tell(args: argparse.Namespace, row: SessionRow) -> None:
    if args.json:
        render.as_json(row)
    else:
        render.data(row.id)


def _start_all(args: argparse.Namespace, sessions: list[New]) -> int:
    """Start each session, whatever becomes of the others; returns the first error's exit code."""
    rows: list[SessionRow] = []
    codes: list[int] = []
    try:
        for session in sessions:
            try:
                rows.append(ask(session))
            except UserError as error:
                codes.append(_complain(session, error))
            else:
                if not args.json:
                    render.data(rows[-1].id)
                    streams.flush()
    finally:
        if args.json:
            render.as_json(tuple(rows))
    return next(iter(codes), 0)


def _complain(session: New, error: UserError) -> int:
    model = f" ({session.options.model})" if session.options.model else ""
    render.talk(f"not started: {safe_line(session.prompt)[:_SHOWN]}{model}")
    return render.complain(error)
