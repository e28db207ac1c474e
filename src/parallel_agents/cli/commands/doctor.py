"""`doctor`: check what is installed, what is missing, and what to do about it."""

import argparse
import subprocess
import sys

from parallel_agents import __version__
from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, absolute, ask, environment, json_argument, verb
from parallel_agents.cli.printed import DoctorReport
from parallel_agents.client.quick import QuickClient
from parallel_agents.core.agents import Offer
from parallel_agents.core.errors import UserError
from parallel_agents.wire.endpoint import config_dir, state_dir
from parallel_agents.wire.messages import ListAgents, Reconcile, ResolveRepository, Status

MINIMUM_GIT = (2, 36)
"""`git worktree list -z` came with 2.36."""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "doctor", run, "check what is needed, and say what is missing")
    parser.add_argument(
        "--worktrees", action="store_true", help="also compare the records with git and the disk"
    )
    json_argument(parser, DoctorReport)


def run(args: argparse.Namespace) -> int:
    """Run the verb; return 1 if something that is needed is missing."""
    if args.json:
        found = ask(_reconcile()) if args.worktrees else None
        render.as_json(DoctorReport.of(ask(Status()), found))
        return 0
    problems = [_platform(), _git(), _places(), *_settings()]
    problems += _supervisor(worktrees=args.worktrees)
    return 1 if any(problems) else 0


def _line(good: bool | None, what: str, said: str, hint: str = "") -> bool:
    mark = {True: "✓", False: "✗", None: "-"}[good]
    render.data(f"{mark} {what.ljust(12)} {said}")
    if hint:
        render.data(f"  {' ' * 12} {hint}")
    return good is False


def _platform() -> bool:
    said = f"Python {sys.version.split()[0]}, parallel-agents {__version__}"
    if sys.platform == "linux":
        return _line(True, "platform", f"Linux, {said}")
    return _line(False, "platform", f"{sys.platform}, {said}", "Only Linux is supported.")


def _version(program: str) -> str | None:
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _numbers(text: str) -> tuple[int, ...]:
    word = next((part for part in text.split() if part[:1].isdecimal()), "0")
    return tuple(int(number) for number in word.split(".")[:3] if number.isdecimal())


def _git() -> bool:
    said = _version("git")
    if said is None:
        return _line(False, "git", "not found", "Install git 2.36 or newer.")
    good = _numbers(said) >= MINIMUM_GIT
    return _line(good, "git", said, "" if good else "git 2.36 or newer is needed.")


def _agent(offer: Offer) -> bool:
    """Print whether an agent is installed, and its modes and effort levels."""
    bad = _program(offer)
    traits = offer.traits
    if not traits.asks:
        _line(None, "", "never asks before it acts")
    for what, names in (("modes", traits.mode_names), ("efforts", traits.efforts)):
        if names:
            _line(None, f"  {what}", ", ".join(names))
    return bad


def _program(offer: Offer) -> bool:
    traits = offer.traits
    if not offer.available:
        return _line(None, traits.name, "not found", offer.hint)
    if traits.command:
        return _line(True, traits.name, "part of parallel-agents")
    if not offer.version:
        said = f"{offer.program} does not answer --version"
        return _line(False, traits.name, said, "Reinstall it.")
    known = not traits.tested or offer.version.startswith(traits.tested)
    tested = "" if known else f"Tested with {traits.tested[0]}."
    return _line(True, traits.name, f"{offer.version} ({offer.program})", tested)


def _places() -> bool:
    _line(None, "config", str(config_dir() / "config.toml"))
    return _line(True, "state", str(state_dir()))


def _settings() -> list[bool]:
    from parallel_agents.cli.open_tui import settings_problems  # loads the screen's table of keys

    return [_line(False, "settings", problem) for problem in settings_problems()]


def _reconcile() -> Reconcile:
    return Reconcile(directory=absolute(None))


def _supervisor(*, worktrees: bool) -> list[bool]:
    client = QuickClient()
    try:
        status = client.request(Status())
        agents = client.request(ListAgents(environment=environment()))
        found = client.request(_reconcile()) if worktrees else None
    except UserError as error:
        return [_line(False, "supervisor", error.message, error.hint)]
    said = f"pid {status.pid}, {status.sessions} sessions, {status.alive} alive"
    problems = [_line(True, "supervisor", said)]
    problems += [_agent(offer) for offer in agents.agents]
    problems += _repository(client)
    for name, value in sorted(status.config.items()):
        _line(None, f"  {name}", f"{value.value} ({value.source})")
    for session, why in status.damaged.items():
        problems.append(_line(False, "session", f"{session} cannot be read: {why}"))
    for session, count in status.damaged_records.items():
        said = f"{count} records of {session} cannot be read and are left out"
        problems.append(_line(False, "session", said))
    for finding in found.findings if found else ():
        _line(None, "worktree", f"{finding.kind}: {finding.reason}", finding.action)
    return problems


def _repository(client: QuickClient) -> list[bool]:
    """Print what is wrong in the settings of the repository here, if there is one."""
    try:
        found = client.request(ResolveRepository(directory=absolute(None)))
    except UserError:  # it is no repository, or one that a start will explain
        return []
    return [_line(False, "repository", found.problem)] if found.problem else []
