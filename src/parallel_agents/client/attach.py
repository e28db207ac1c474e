"""Opens a conversation in the person's terminal, and returns it to the supervisor afterwards.

Keep true: one owner at a time: the headless process is gone before the interactive one starts,
and starts again after it; whatever happens in between, the conversation is returned.
"""

import subprocess

from parallel_agents.client.quick import QuickClient
from parallel_agents.core.errors import AgentError
from parallel_agents.core.ids import new_uuid
from parallel_agents.wire.messages import AttachBegin, AttachEnd


def attach(session: str) -> int:
    """Run the agent's interactive program on a session's conversation, in this terminal.

    Args:
        session: id, prefix or name.

    Returns:
        The program's exit code.

    Raises:
        UserError: the session cannot be attached to now.
        AgentError: the program cannot be started.
    """
    client = QuickClient()
    command = client.request(AttachBegin(key=new_uuid(), session=session))
    try:
        done = subprocess.run(command.argv, cwd=command.cwd, env=command.env, check=False)
    except OSError as error:
        raise AgentError(f"{command.argv[0]} cannot be started: {error.strerror}") from error
    finally:
        client.request(AttachEnd(key=new_uuid(), session=session))
        client.close()
    return done.returncode
