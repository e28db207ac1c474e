"""What one agent calls things stands in its own package, and nowhere else.

Its program, tools, modes, variables and error texts are its translator's business: the rest of the
source would otherwise treat every agent as this one.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "parallel_agents"
TOOLS = (
    "AskUserQuestion|ExitPlanMode|TodoWrite|MultiEdit|NotebookEdit|WebFetch|WebSearch"
    r"|['\"](?:Bash|Edit|Write|Read|Grep|Glob|Task)['\"]"
)
WORDS = re.compile(
    rf"(?i:claude|anthropic)|{TOOLS}|acceptEdits|bypassPermissions|dontAsk|multiSelect|addRules"
    "|can_use_tool|stream-json|No conversation found"
)

FOLDER = "worktrees lie in `.claude/worktrees`, wherever the agent looks for them as well"
SETTINGS = "reads the repository's settings files, which people share with Claude Code"
EXCEPTIONS = {
    "worktrees/plumbing/naming.py": FOLDER,
    "worktrees/look/repository.py": FOLDER,
    "worktrees/make/creation.py": FOLDER,
    "worktrees/make/adoption.py": FOLDER + "; Claude Code's own locks on them name their owner",
    "worktrees/look/exclude.py": FOLDER,
    "worktrees/settings/include.py": FOLDER + ", and `.worktreeinclude` must not copy them",
    "worktrees/make/links.py": FOLDER + ", and are never linked",
    "worktrees/settings/claude_settings.py": SETTINGS,
    "worktrees/manager.py": SETTINGS,
    "worktrees/settings/executable_settings.py": SETTINGS
    + "; a person accepts what they would run",
    "worktrees/settings/hooks.py": SETTINGS + "; their hooks make and remove worktrees",
}
"""Files outside of `agents/` that may use such words, each with its reason."""


def _words(path: Path) -> list[str]:
    return WORDS.findall(path.read_text("utf-8"))


def _outside() -> dict[str, Path]:
    """Every module that is not an agent's own."""
    files = {str(path.relative_to(SOURCE)): path for path in sorted(SOURCE.rglob("*.py"))}
    known = ("agents/claude/", "agents/demo/", "agents/registry.py")
    return {name: path for name, path in files.items() if not name.startswith(known)}


@pytest.mark.parametrize("name", list(_outside()))
def test_only_its_own_package_knows_its_words(name: str) -> None:
    words = _words(_outside()[name])
    assert bool(words) == (name in EXCEPTIONS), words


@pytest.mark.parametrize(
    "line",
    [
        'PROGRAM = "claude"',
        'os.environ["PARALLEL_AGENTS_CLAUDE"]',
        'if name == "AskUserQuestion":',
        "if event.name == 'Bash':",
        'MODES = ("acceptEdits",)',
        'if "No conversation found" in stderr:',
        'question.get("multiSelect")',
    ],
)
def test_each_kind_of_word_is_seen(line: str, tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text(line)
    assert _words(path)
