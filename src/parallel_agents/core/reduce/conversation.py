"""The fold over what is said and done in the conversation."""

from parallel_agents.core import events as ev
from parallel_agents.core.state import SessionState
from parallel_agents.core.summary import first_line, tool_summary
from parallel_agents.core.value import replace


def fold_conversation(state: SessionState, event: ev.ConversationEvent) -> SessionState:
    """Fold what is said and done in the conversation.

    Args:
        state: the facts before it.
        event: what happened.

    Returns:
        The facts after it.
    """
    match event:
        case ev.AssistantText():
            return replace(state, activity=first_line(event.text) or state.activity, retry=None)
        case ev.ToolUsed():
            return replace(
                state, activity=event.summary or tool_summary(event.name, event.input), retry=None
            )
        case ev.ToolReturned():
            # An answered tool waits for nobody, also when nobody withdrew the request:
            # when its stdin closes, one only writes the tool's error (recording `60-untrusted`).
            answered = event.tool_use
            requests = tuple(r for r in state.requests if not answered or r.tool_use != answered)
            return replace(state, decided=(), requests=requests)
        case _:
            return state
