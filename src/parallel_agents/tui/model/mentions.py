"""`@agent` and `@repository` in a task: choices beside the text, written in it.

Keep true: a word leaves the text only when it is the whole name of a choice; a file of the same
name can still be named (`@./shop`).
"""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from parallel_agents.core.state import SessionState
from parallel_agents.core.text import safe_line
from parallel_agents.core.value import Value
from parallel_agents.tui.model.grouping import listed

CHILDREN = 1000
"""The most entries of the launch directory that are looked at."""


class Mention(Value):
    """What a word after `@` can choose.

    Attributes:
        kind: what is chosen.
        name: the word.
        value: the agent's name, or the repository's directory.
    """

    kind: Literal["agent", "repository"]
    name: str
    value: str

    @property
    def note(self) -> str:
        """What to say beside the name."""
        return "agent" if self.kind == "agent" else f"start in {self.value}"


def root_of(state: SessionState) -> str:
    """The root of a session's repository; where it was dispatched, until that is known."""
    worktree = state.place.worktree
    return worktree.root if worktree is not None else state.place.directory


def known_roots(states: Iterable[SessionState]) -> list[str]:
    """The roots of the repositories that have sessions, the newest session's first."""
    newest = sorted(filter(listed, states), key=lambda s: s.session.created_at, reverse=True)
    return list(dict.fromkeys(root for state in newest if (root := root_of(state))))


def repositories_in(directory: str) -> list[str]:
    """The children of a directory that are repositories, by name; blocking."""
    try:
        with os.scandir(os.path.abspath(directory)) as entries:  # noqa: PTH100 - as it was typed
            first = [entry.path for entry, _ in zip(entries, range(CHILDREN), strict=False)]
    except OSError:
        return []
    return sorted(path for path in first if _is_repository(Path(path)))


def _is_repository(path: Path) -> bool:
    try:
        return (path / ".git").exists()
    except OSError:
        return False


def mentions(agents: Iterable[str], directories: Iterable[str]) -> tuple[Mention, ...]:
    """List what can be chosen.

    Args:
        agents: names of the agents.
        directories: of the repositories, the likeliest first.

    Returns:
        The agents, then the repositories. A repository whose name is taken is named with its
        parent's name; one that cannot be typed as one word is left out.
    """
    chosen = {name: Mention(kind="agent", name=name, value=name) for name in agents}
    places = list(dict.fromkeys(os.path.normpath(d) for d in directories if d))
    count = Counter(Path(place).name for place in places)
    for place in places:
        path = Path(place)
        short = count[path.name] == 1 and path.name not in chosen
        name = path.name if short else f"{path.parent.name}/{path.name}"
        if _is_word(name) and name not in chosen:
            chosen[name] = Mention(kind="repository", name=name, value=place)
    return tuple(chosen.values())


def _is_word(name: str) -> bool:
    return bool(name.strip("/")) and safe_line(name) == name and len(name.split()) == 1


def fitting(offered: Iterable[Mention], prefix: str) -> list[Mention]:
    """The choices whose names begin with a text, whatever its case."""
    wanted = prefix.lower()
    return [mention for mention in offered if mention.name.lower().startswith(wanted)]


def leading(text: str, offered: Sequence[Mention]) -> tuple[list[Mention], str]:
    """Take the complete words at the beginning of a task that name a choice.

    Args:
        text: what is in the input; a word is complete once something stands behind it.
        offered: what can be chosen.

    Returns:
        The choices, and the rest of the text.
    """
    by_name = {mention.name: mention for mention in offered}
    taken: list[Mention] = []
    while text.startswith("@"):
        word = text[1:].split(maxsplit=1)[0] if text[1:2].strip() else ""
        behind = text[1 + len(word) :]
        if word not in by_name or not behind:
            break
        taken.append(by_name[word])
        text = behind.lstrip(" ") if behind[0] == " " else behind[1:]
    return taken, text


def last_commands(states: Iterable[SessionState], root: str, agent: str) -> tuple[str, ...]:
    """The commands that the newest session of an agent in a repository has reported."""
    fitting_states = (
        state
        for state in states
        if state.session.agent == agent and state.process.commands and root_of(state) == root
    )
    newest = max(fitting_states, key=lambda state: state.session.created_at, default=None)
    return newest.process.commands if newest is not None else ()
