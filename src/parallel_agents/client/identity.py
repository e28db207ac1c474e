"""What a process cannot change about itself any more, or took from its environment for good.

Keep true: a standby lends its screen only to a front that would start the same screen itself: the
same program, the same user and groups, the same view of the machine, and the same value of every
variable that is read while the screen is being loaded.
"""

import os
import sys
from pathlib import Path

import parallel_agents
from parallel_agents.wire.peer import MARKER

SWITCH = "PARALLEL_AGENTS_STANDBY"
"""Environment variable: `off` for no standby."""

_PREFIXES = ("LC_", "TEXTUAL_")
_NAMES = ("ESCDELAY", "LANG", "LANGUAGE", "UNICODE_VERSION")
"""Variables that Textual, Rich and Python read once."""

_OTHER_CODE = ("PYTHONHOME", "PYTHONPATH")
_NAMESPACES = ("mnt", "net", "pid", "user")


def identity() -> dict[str, str]:
    """What a front and a standby must have in common; see the module."""
    read = {name: value for name, value in os.environ.items() if _is_read_once(name)}
    return {
        **{f"${name}": value for name, value in read.items()},
        **{f"namespace {name}": _namespace(name) for name in _NAMESPACES},
        "version": parallel_agents.__version__,
        "package": str(parallel_agents.__file__),
        "python": f"{sys.executable} {sys.version}",
        "ids": f"{os.getresuid()} {os.getresgid()} {sorted(os.getgroups())}",
        # Textual knows this terminal by a variable that many others set to their own name.
        "iTerm": str(os.environ.get("TERM_PROGRAM") == "iTerm.app"),
    }


def _is_read_once(name: str) -> bool:
    return name in _NAMES or name.startswith(_PREFIXES)


def _namespace(name: str) -> str:
    return str(Path(f"/proc/self/ns/{name}").readlink())


def wants_standby() -> bool:
    """Whether this process may use a standby and start one.

    Not an agent's, and not one that was told to load other code than a standby would.
    """
    other_code = not sys.flags.ignore_environment and any(n in os.environ for n in _OTHER_CODE)
    off = os.environ.get(SWITCH, "").lower() in {"off", "0", "no", "false"}
    return not off and not other_code and MARKER not in os.environ
