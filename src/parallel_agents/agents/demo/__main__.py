"""The demo agent's command line and its two threads.

Keep true: stdin is always being read, whatever a turn does; an unreadable line ends the program,
as it does with the real one.
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path

from parallel_agents.agents.demo import frames, memory, scenarios, voice
from parallel_agents.agents.demo.conversation import Conversation, complain

SWITCHES = {"-p", "--print", "--verbose", "--include-partial-messages", "--fork-session"}
LISTS = {"--allowedTools", "--allowed-tools"}


def parse(arguments: list[str]) -> dict[str, list[str]]:
    """Parse flags as the real program does; unknown ones are kept and ignored.

    Args:
        arguments: the arguments without the program's name.

    Returns:
        The values of every flag: from `--flag value` or `--flag=value`, and all following ones
        for flags that take a list.
    """
    found: dict[str, list[str]] = {}
    name = ""
    for argument in arguments:
        if argument.startswith("-") and argument != "-":
            name, has_value, value = argument.partition("=")
            found.setdefault(name, [])
            if has_value:
                found[name].append(value)
                name = ""
            elif name in SWITCHES:
                name = ""
        elif name:
            found[name].append(argument)
            if name not in LISTS:
                name = ""
    return found


def rules(values: list[str]) -> list[tuple[str, str]]:
    """Parse `Tool(content)` rules; one value may hold several, separated by commas."""
    read: list[tuple[str, str]] = []
    for value in values:
        for part in value.replace("),", ")\n").split("\n"):
            tool, _, content = part.strip().partition("(")
            names = tool.split(",") if not content else [tool]
            read += [(name.strip(), content.removesuffix(")")) for name in names]
    return read


def recall(flags: dict[str, list[str]]) -> tuple[memory.Memory | None, Path | None]:
    """Load or create the conversation that the flags name; None if that is an error."""
    resumed = (flags.get("--resume") or [""])[0]
    session = resumed or (flags.get("--session-id") or [frames.new_id()])[0]
    path = memory.place(Path.cwd(), session)
    known = memory.load(path, session)
    if resumed and known is None:
        problem = f"No conversation found with session ID: {session}"
        complain(problem)
        spent = {"model": "", "sent": 0, "received": 0, "cost": 0, "total": 0, "began": 0}
        outcome = {"subtype": "error_during_execution", "is_error": True, "errors": [problem]}
        outcome |= {"session_id": session, "num_turns": 0, "stop_reason": None, "result_index": 0}
        frames.Out().frame(frames.result(spent, outcome) | {"duration_ms": 0, "duration_api_ms": 0})
        return None, None
    if not resumed and known is not None:
        complain(f"Error: Session ID {session} is already in use.")
        return None, None
    return known or memory.Memory(session), path


def converse(flags: dict[str, list[str]], known: memory.Memory, path: Path | None) -> Conversation:
    """Create the conversation with the mode, model and rules that the flags name."""
    mode = (flags.get("--permission-mode") or ["default"])[0]
    known.mode = "default" if mode == "manual" else mode
    known.model = (flags.get("--model") or [known.model])[0]
    bypass = known.mode == "bypassPermissions" or "--dangerously-skip-permissions" in flags
    talk = Conversation(frames.Out(), known, path, bypass, scenarios.play)
    for flag in LISTS:
        talk.rules += rules(flags.get(flag, []))
    return talk


def listen(talk: Conversation) -> None:
    """Read stdin until it ends."""
    for line in sys.stdin.buffer:
        if talk.deaf:
            continue
        if not line.strip():
            continue
        try:
            frame = json.loads(line)
        except ValueError:
            complain("Error parsing streaming input line")
            leave(1)
        if isinstance(frame, dict):
            talk.receive(frame)
    while talk.deaf:
        signal.pause()
    talk.hang_up()


def leave(code: int) -> None:
    """End the program and all commands that it runs."""
    voice.end_commands()
    os._exit(code)


def main() -> None:
    """Run the program; never returns."""
    flags = parse(sys.argv[1:])
    for name in flags.get("--worktree", []):
        os.chdir(Path(".claude", "worktrees", name))
    known, path = recall(flags)
    if known is None:
        leave(1)
        return
    talk = converse(flags, known, path)

    def terminated(number: int, _frame: object) -> None:
        if not talk.deaf:
            leave(0 if number == signal.SIGINT else 128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, terminated)

    def work() -> None:
        talk.work()
        leave(talk.exit_code)

    def failed(fault: threading.ExceptHookArgs) -> None:
        complain(f"the demo agent failed: {fault.exc_type.__name__}: {fault.exc_value}")
        leave(70)

    threading.excepthook = failed
    worker = threading.Thread(target=work)
    worker.start()
    listen(talk)
    worker.join()


if __name__ == "__main__":
    main()
