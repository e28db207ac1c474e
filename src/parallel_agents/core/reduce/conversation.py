"""The fold over the agent's conversation."""

from typing import assert_never

from parallel_agents.core import events as ev
from parallel_agents.core.options import Options
from parallel_agents.core.state import ConversationFacts
from parallel_agents.core.summary import first_line, first_sentence, tool_summary
from parallel_agents.core.value import replace

ConversationConcern = (
    ev.AssistantText
    | ev.ToolUsed
    | ev.TurnStarted
    | ev.TurnEnded
    | ev.ModeChanged
    | ev.OptionsChanged
    | ev.RunStarted
    | ev.SessionCreated
)
"""The events that change it."""


def fold_conversation(
    conversation: ConversationFacts, event: ConversationConcern, options: Options
) -> ConversationFacts:
    """Fold what becomes of the agent's conversation.

    Args:
        conversation: the facts before it.
        event: what happened.
        options: the session's options before it.

    Returns:
        The facts after it.
    """
    match event:
        case ev.AssistantText():
            activity = first_line(event.text)
            return replace(conversation, activity=activity) if activity else conversation
        case ev.ToolUsed():
            summary = event.summary or tool_summary(event.name, event.input)
            return replace(conversation, activity=summary)
        case ev.TurnEnded():
            return replace(conversation, activity="", result=first_sentence(event.text))
        case ev.TurnStarted():
            return replace(
                conversation,
                activity="",
                result="",
                id=event.conversation or conversation.id,
                model=event.model or conversation.model,
                mode=event.mode or conversation.mode,
            )
        case ev.ModeChanged():
            return replace(conversation, mode=event.mode)
        case ev.OptionsChanged():
            if event.options.mode == options.mode:
                return conversation
            return replace(conversation, mode=event.options.mode or "")
        case ev.RunStarted():
            return replace(conversation, id=event.conversation, activity="")
        case ev.SessionCreated():
            return ConversationFacts(id=event.request)
        case _:
            assert_never(event)
