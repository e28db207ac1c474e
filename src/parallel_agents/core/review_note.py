"""What the agent is told of the changes that a person took out, before the person's own words.

Keep true: names of files are made safe, since whoever wrote the files chose them.
"""

from parallel_agents.core.events import ChangeRejected
from parallel_agents.core.place import PlaceFacts
from parallel_agents.core.taken_out import lines_said
from parallel_agents.core.text import safe_line

END = "[End of the note.]"
_HEAD = "[Note from parallel-agents, not written by the person:]"
_OUT = (
    "The person reviewed your work and took these changes out of the worktree on purpose. Do not "
    "make them again unless you are asked to, and read a file again before you edit it. Taken out:"
)
_BACK = "The person has put these changes back, of which you were told that they were taken out:"


def note_before(text: str, place: PlaceFacts) -> str:
    """Write the note that goes before a message.

    Args:
        text: the message; before a command of the agent's program nothing may stand.
        place: what was taken out, and what of it the agent was told.

    Returns:
        The note; empty when there is nothing new to tell.
    """
    if text.lstrip().startswith("/"):
        return ""
    out = [one.change for one in place.rejections if not one.told and not one.moving]
    groups = ((_OUT, out), (_BACK, place.put_back))
    if not out and not place.put_back:
        return ""
    told = (
        "\n".join([head, *(f"- {_said(change)}" for change in these)])
        for head, these in groups
        if these
    )
    return "\n".join([_HEAD, *told, END])


def _said(change: ChangeRejected) -> str:
    return safe_line(lines_said(change.spans, change.path, change.old_path))
