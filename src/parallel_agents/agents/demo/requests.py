"""Questions and plans: what a story asks the person, besides permissions.

Keep true: every request's tool gets a result, whatever the answer is.
"""

from pathlib import Path

from parallel_agents.agents.demo.frames import Frame
from parallel_agents.agents.demo.voice import Voice


def answers(voice: Voice, opening: str, questions: list[Frame]) -> dict[str, str] | None:
    """Ask the person questions.

    Args:
        voice: who asks.
        opening: what is said before.
        questions: in the form of `AskUserQuestion`.

    Returns:
        The answer to each question, by its text; None if the person declined.
    """
    given: Frame = {"questions": questions}
    used = voice.say(opening, ("AskUserQuestion", given))
    leave = voice.leave(used, "AskUserQuestion", given, {"requires_user_interaction": True})
    if not leave.allowed:
        voice.say(f"No answer then: {leave.message}")
        return None
    found: dict[str, str] = leave.given.get("answers") or {}
    result = {"questions": questions, "answers": found}
    told = f"Your questions have been answered: {listed(found)}."
    voice.result(used, told, result, leave.meta, failed=False)
    return found


def listed(found: dict[str, str]) -> str:
    """Return questions and answers in one line."""
    return ", ".join(f'"{question}"="{answer}"' for question, answer in found.items())


def approved(voice: Voice, opening: str, plan: str) -> bool:
    """Propose a plan in plan mode; return whether the person approved it."""
    talk = voice.talk
    if talk.known.mode != "plan":
        talk.change_mode("plan")
    place = str(Path.cwd() / ".plan.md")
    given: Frame = {"plan": plan, "planFilePath": place}
    used = voice.say(opening, ("ExitPlanMode", given))
    leave = voice.leave(used, "ExitPlanMode", given, {"requires_user_interaction": True})
    if not leave.allowed:
        voice.say(f"I keep planning. You said: {leave.message}")
        return False
    if talk.known.mode == "plan":
        talk.change_mode("default")
    plan = str(leave.given.get("plan") or plan)
    result = {"plan": plan, "isAgent": False, "filePath": place}
    told = f"User has approved your plan. You can now start coding.\n\n## Approved Plan:\n{plan}"
    voice.result(used, told, result, leave.meta, failed=False)
    return True
