"""Find the remotes to which a plain push would publish the commits that the trash keeps."""

from parallel_agents.worktrees.plumbing.git import Git

_TRUE = frozenset({"true", "yes", "on", "1"})
_ALL = frozenset({"refs/*", "*"})


def mirrors(git: Git) -> tuple[str, ...]:
    """List the remotes that mirror every ref: `mirror = true`, or a push of all `refs/`."""
    found: dict[str, None] = {}
    for entry in git.config():
        section, _, rest = entry.key.partition(".")
        name, _, setting = rest.rpartition(".")
        value = entry.value
        if section != "remote" or not name:
            continue
        is_mirror = setting == "mirror" and (value is None or value.lower() in _TRUE)
        source = (value or "").lstrip("+").partition(":")[0]
        if is_mirror or (setting == "push" and source in _ALL):
            found[name] = None
    return tuple(found)


def warning(git: Git) -> str:
    """Warn, in one sentence, if a push would publish the trash; empty if none would."""
    names = mirrors(git)
    if not names:
        return ""
    remotes = ", ".join(names[:5])
    return (
        f"git push to {remotes} mirrors every ref, so it would publish what the trash keeps; "
        "empty it first: parallel-agents trash --empty"
    )
