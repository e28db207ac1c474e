"""Templates for tasks: the user's own, the repository's, and those that come with the program.

Keep true: a repository's templates are text of others: only plain files of its own are read, no
link is followed, and a file that is large or cannot be shown as it is, is left out and named.
"""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from parallel_agents.core.template import Origin, Template
from parallel_agents.core.text import safe
from parallel_agents.worktrees.filesystem.files import open_directory, opened_parent

LIMIT = 64 << 10
"""The most bytes of a template."""

MOST = 100
"""The most templates of one directory."""

FOLDER = "templates"
IN_REPOSITORY = f".parallel-agents/{FOLDER}"
_SHIPPED = Path(__file__).with_name("shipped")
_NAME = re.compile(r"([A-Za-z0-9][\w.-]{0,59})\.md", re.ASCII)
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


class Found:
    """The templates found, each name once, and what was left out.

    Attributes:
        templates: by name, in the order in which they count.
        notes: why files were left out, one sentence each.
    """

    def __init__(self) -> None:
        self.templates: dict[str, Template] = {}
        self.notes: list[str] = []


def find_templates(settings: Path, root: str) -> Found:
    """Find all templates; blocking. The user's come first, then the repository's.

    Args:
        settings: the directory of the user's settings.
        root: a repository's main worktree; empty for none.
    """
    found = Found()
    _add_own(found, settings / FOLDER, "user")
    if root:
        _add_repository(found, Path(root))
    _add_own(found, _SHIPPED, "program")
    return found


def _add_own(found: Found, folder: Path, origin: Origin) -> None:
    """Add the templates of a directory whose owner may use links."""
    try:
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        _add(found, top, folder, origin, _READ)
    finally:
        os.close(top)


def _add_repository(found: Found, root: Path) -> None:
    try:
        top = open_directory(root)
    except OSError:
        return
    try:
        with opened_parent(top, f"{IN_REPOSITORY}/.md") as (folder, _):
            _add(found, folder, root / IN_REPOSITORY, "repository", _READ | os.O_NOFOLLOW)
    except OSError:  # there are none, or they are behind a link
        return
    finally:
        os.close(top)


def _add(found: Found, folder: int, path: Path, origin: Origin, flags: int) -> None:
    for file, name in _names(folder):
        if name in found.templates:
            continue
        try:
            text = _text(os.open(file, flags, dir_fd=folder))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            found.notes.append(f"The template {path / file} is left out: {reason}.")
        else:
            found.templates[name] = Template(
                name=name, text=text, origin=origin, path=str(path / file)
            )


def _names(folder: int) -> Iterator[tuple[str, str]]:
    """The files that could be templates, each with the template's name."""
    fitting = (match for file in sorted(os.listdir(folder)) if (match := _NAME.fullmatch(file)))
    for match, _ in zip(fitting, range(MOST), strict=False):
        yield match[0], match[1]


def _text(descriptor: int) -> str:
    """Read and close an open file.

    Raises:
        OSError: it cannot be read.
        ValueError: its content is no template; the text says why.
    """
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no plain file")
        data = file.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise ValueError(f"it has more than {LIMIT >> 10} KiB")
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").strip("\n")
    except UnicodeDecodeError:
        raise ValueError("it is no UTF-8 text") from None
    if safe(text) != text:
        raise ValueError("it has hidden or control characters")
    if not text.strip():
        raise ValueError("it is empty")
    return text
