"""Collect and hash what an agent started from a base would load and could run.

Keep true: nothing is checked out and nothing is run to find out; the hash covers whole files, and
for a symbolic link both the link and its target; a file that cannot be read also changes the hash.
"""

import hashlib
import json
import os
import re
import stat
from pathlib import Path

from parallel_agents.core.worktree import ConfigFile, ExecutableConfig, Repository
from parallel_agents.worktrees.filesystem.files import is_symlink, read_regular
from parallel_agents.worktrees.plumbing import filters
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.plumbing.porcelain import fields

TEXT_LIMIT = 64 * 1024
_BLOB_LIMIT = 64 * 1024 * 1024
_LINK = b"symlink -> "
_TOP = (".mcp.json", ".parallel-agents.toml")
_TREES = (".claude/hooks/", ".claude/plugins/")
_TEXTS = (".claude/skills/", ".claude/commands/", ".claude/agents/")
"""Texts for the agent; they count only if they contain something to run, see `_RUNS`."""
_RUNS = re.compile(
    rb"!`|^\s*```!|^(?:hooks|allowed-tools|mcpServers|permissionMode)\s*:", re.MULTILINE
)
"""Shell commands in a text, and settings in its header that run or allow something.
Source: code.claude.com/docs, "Skills" and "Subagents"; the event PreSkillShellCommand (2.1.332)."""


def executable_config(
    repository: Repository,
    commit: str,
    worktree: str | None = None,
    *,
    partial: bool = False,
    stranger: bool = False,
) -> ExecutableConfig:
    """Collect the executable configuration of a base, of the main worktree and of git's filters.

    Args:
        repository: where to look.
        commit: full hash of the base commit.
        worktree: top of a session's worktree, to use its current files instead of the commit's;
            while they are the same, so is the digest.
        partial: whether files of the commit that the worktree lacks count as unchanged.
        stranger: whether the commit is a pull request's; the digest then applies to that commit
            alone, because the same settings may call scripts that the pull request has changed.

    Returns:
        The files, with one digest for all of them.
    """
    main = Path(repository.checkout if repository.bare else repository.root)
    git = Git(repository.root)
    base = _base_files(git, commit) if commit else []
    own = _files_below(main, "main")
    if worktree is not None:
        now = _current(Path(worktree), base, own)
        there = {file.path for file, _ in now}
        # A hook's directory need not be a copy: files that it lacks cannot run.
        base = [*now, *(entry for entry in base if partial and entry[0].path not in there)]
    lines = filters.executable_lines(git, commit, worktree) if repository.common_dir else None
    found = [*(file for file, _ in base), *own, *([lines] if lines else [])]
    files = tuple(sorted(found, key=lambda file: (file.origin, file.path)))
    digest = hashlib.sha256(f"pull request {commit}\0".encode() if stranger else b"")
    for file in files:
        for part in (file.origin, file.path, file.digest):
            digest.update(part.encode("utf-8", "surrogateescape") + b"\0")
    return ExecutableConfig(digest=digest.hexdigest(), files=files, notes=_notes(main, files))


def is_executable_config(path: str) -> bool:
    """Tell whether an agent loads the file at a path and may run code from it.

    Args:
        path: relative to the top of a worktree.

    Returns:
        True if so.
    """
    if path in _TOP or path.startswith(_TREES):
        return True
    directory, _, name = path.rpartition("/")
    return directory == ".claude" and name.startswith("settings") and name.endswith(".json")


def _base_files(git: Git, commit: str) -> list[tuple[ConfigFile, str]]:
    """Read the files of a commit, each with the hash of its blob; handles links like `_read`."""
    found = []
    listed = _listed(git, commit, ".claude", *_TOP)
    wanted = [oid for _, oid, path in listed if _may_count(path)]
    blobs = _blobs(git, wanted)
    for mode, oid, path in listed:
        if mode == "120000":
            found += _linked(git, commit, oid, path)
        elif _counts(path, blobs.get(oid, b"")):
            found.append((_file("base", path, blobs[oid]), oid))
    return found


def _may_count(path: str) -> bool:
    return is_executable_config(path) or path.startswith(_TEXTS)


def _counts(path: str, data: bytes) -> bool:
    """Whether a file can run something; for a link, assume that it can."""
    if not path.startswith(_TEXTS):
        return is_executable_config(path)
    return data.startswith(_LINK) or _RUNS.search(data) is not None


def _blobs(git: Git, names: list[str]) -> dict[str, bytes]:
    """Read blobs, all with a single git."""
    asked = "".join(f"{name}\n" for name in dict.fromkeys(names)).encode()
    rest = git.read("cat-file", "--batch", stdin=asked).stdout if asked else b""
    found = {}
    while rest:
        head, _, rest = rest.partition(b"\n")
        words = head.split(b" ")
        if words[1:2] == [b"blob"]:
            size = int(words[2])
            found[words[0].decode()], rest = rest[:size], rest[size + 1 :]
    return found


def _listed(git: Git, tree: str, *paths: str) -> list[tuple[str, str, str]]:
    """List mode, hash and path of a tree's files."""
    lines = fields(git.read("ls-tree", "-r", "-z", "--full-tree", tree, "--", *paths).stdout)
    heads = (line.partition("\t") for line in lines)
    return [(head.split(" ")[0], head.split(" ")[2], path) for head, _, path in heads]


def _linked(git: Git, commit: str, oid: str, path: str) -> list[tuple[ConfigFile, str]]:
    """Read the target of a link in a commit, if it is in the commit."""
    link = _LINK + git.read("cat-file", "blob", oid).stdout + b"\n"
    asked = os.fsencode(f"{commit}:{path}\n")
    answer = git.read("cat-file", "--batch", "--follow-symlinks", stdin=asked).stdout
    head, _, content = answer.partition(b"\n")
    words = head.split(b" ")
    if words[1:2] == [b"tree"]:
        below = _listed(git, words[0].decode())
        inner = [(f"{path}/{name}", blob) for _, blob, name in below]
        blobs = _blobs(git, [blob for name, blob in inner if _may_count(name)])
        return [
            (_file("base", name, blobs[blob]), blob)
            for name, blob in inner
            if _counts(name, blobs.get(blob, b""))
        ]
    if not _may_count(path) and path != ".claude":
        return []
    return [(_file("base", path, link + content[:-1] if words[1:2] == [b"blob"] else link), oid)]


def _current(
    worktree: Path, base: list[tuple[ConfigFile, str]], own: list[ConfigFile]
) -> list[tuple[ConfigFile, str]]:
    """Read a worktree's files; changes made only by the checkout (line ends) do not count."""
    known = {file.path: (file, oid) for file, oid in base}
    accepted = {(file.path, file.digest) for file in own}
    found = []
    for file in _files_below(worktree, "base"):
        before, oid = known.get(file.path, (None, ""))
        if before is None and (file.path, file.digest) in accepted:
            continue  # a copy of the main worktree's file, made for .worktreeinclude
        same = before is not None and _is_blob(worktree, file.path, oid)
        found.append((before if same and before is not None else file, oid))
    return found


def _is_blob(worktree: Path, path: str, oid: str) -> bool:
    """Tell whether git would store a file as a certain blob."""
    data = read_regular(worktree / path, _BLOB_LIMIT)
    if data is None:
        return False
    args = ("hash-object", "-t", "blob", f"--path={path}", "--stdin")
    return Git(str(worktree)).read(*args, stdin=data).line == oid


def _files_below(main: Path, origin: str) -> list[ConfigFile]:
    names = list(_TOP)
    claude = main / ".claude"
    if claude.is_dir():
        names += [f".claude/{entry.name}" for entry in claude.iterdir() if not entry.is_dir()]
    for tree in (*_TREES, *_TEXTS):
        for directory, below, files in os.walk(main / tree):
            links = [name for name in below if is_symlink(Path(directory) / name)]
            names += [str((Path(directory) / name).relative_to(main)) for name in (*files, *links)]
    read = (_read(main, name, origin) for name in names if _may_count(name))
    return [file for file in read if file is not None]


def _read(main: Path, name: str, origin: str) -> ConfigFile | None:
    """Read a file as the agent program would: follow links, but never read a device or a pipe.

    None if the file does not exist, or runs nothing.
    """
    path = main / name
    link = b""
    if is_symlink(path):
        link = _LINK + os.fsencode(path.readlink()) + b"\n"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return _file(origin, name, link) if link else None
    except OSError as error:
        return _file(origin, name, link + f"unreadable: {error.strerror}".encode())
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return _file(origin, name, link + b"not a regular file")
        with os.fdopen(os.dup(descriptor), "rb") as file:
            data = file.read()
        return _file(origin, name, link + data) if _counts(name, link or data) else None
    finally:
        os.close(descriptor)


def _file(origin: str, path: str, data: bytes) -> ConfigFile:
    return ConfigFile(
        path=path,
        origin=origin,
        digest=hashlib.sha256(data).hexdigest(),
        text=data[:TEXT_LIMIT].decode("utf-8", "replace"),
    )


def _notes(main: Path, files: tuple[ConfigFile, ...]) -> tuple[str, ...]:
    notes = []
    if is_symlink(main / ".claude"):
        notes.append(f"{main / '.claude'} is a symbolic link: the agent program refuses it.")
    notes += [
        f"{file.path} ({file.origin}) has a WorktreeCreate hook: it makes the directory that a "
        "session works in."
        for file in files
        if file.path.endswith(".json") and _has_worktree_hook(file.text)
    ]
    return tuple(notes)


def _has_worktree_hook(text: str) -> bool:
    try:
        settings = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return "WorktreeCreate" in text
    hooks = settings.get("hooks") if isinstance(settings, dict) else None
    return isinstance(hooks, dict) and bool(hooks.get("WorktreeCreate"))
