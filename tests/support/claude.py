"""The real `claude` for tests: where it is, and an environment that holds nothing of the user's.

Keep true: no test reads the user's configuration or reaches beyond loopback; a missing `claude`
skips with how to get it, except in CI, where it fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

VERSION = os.environ.get("PARALLEL_AGENTS_CLAUDE_VERSION") or "2.1.332"
"""The version that counts; the variable names another one to test with."""

_HOW = (
    f"npm install --prefix ~/.cache/parallel-agents/claude-{VERSION} "
    f"@anthropic-ai/claude-code@{VERSION}"
)


def _candidates() -> list[Path]:
    given = os.environ.get("PARALLEL_AGENTS_CLAUDE_TEST")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    installed = cache / f"parallel-agents/claude-{VERSION}/node_modules/.bin/claude"
    on_path = shutil.which("claude")
    return [Path(p) for p in (given, installed, on_path) if p]


def _is_pinned(program: Path) -> bool:
    if not program.exists():
        return False
    answer = subprocess.run(
        [program, "--version"], capture_output=True, text=True, timeout=60, check=False
    )
    return answer.stdout.startswith(VERSION)


def claude_program() -> Path:
    """The pinned real `claude`.

    Returns:
        Its absolute path.

    Raises:
        pytest.skip.Exception: it is not installed, outside CI.
        pytest.fail.Exception: it is not installed, in CI.
    """
    found = next((p for p in _candidates() if _is_pinned(p)), None)
    if found is not None:
        return found.absolute()
    message = f"needs claude {VERSION}: {_HOW}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def claude_env(tmp: Path, server_url: str, **extra: str) -> dict[str, str]:
    """A hermetic environment for `claude` and for git.

    Args:
        tmp: an existing directory; a fresh home is made below it.
        server_url: the address of the Messages API server.
        **extra: variables to add.

    Returns:
        The whole environment; nothing but PATH comes from the caller's.
    """
    home = tmp / "home"
    for directory in (home / ".claude", tmp / "tmp"):
        directory.mkdir(parents=True, exist_ok=True)
    config = home / ".gitconfig"
    config.write_text(
        "[user]\n\tname = Dev\n\temail = dev@example.invalid\n[init]\n\tdefaultBranch = main\n"
    )
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "TMPDIR": str(tmp / "tmp"),
        "CLAUDE_CONFIG_DIR": str(home / ".claude"),
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_CONFIG_SYSTEM": os.devnull,
        "ANTHROPIC_BASE_URL": server_url,
        "ANTHROPIC_API_KEY": "dummy",
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL": "1",
        "CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS": "1",
        **extra,
    }
