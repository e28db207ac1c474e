"""The traits of the real claude.

The modes are those that `claude --permission-mode` accepts (`manual` is `default`), the efforts
those of `--effort` (CLI 2.1.329, `--help`).
"""

from parallel_agents.core.agents import Mode, Traits

_PROGRAM = "claude"
_VARIABLE = "PARALLEL_AGENTS_CLAUDE"
_PACKAGE = "@anthropic-ai/claude-code"

MODES = (
    Mode(name="default", meaning="ask for every edit and command (the agent's own default)"),
    Mode(name="acceptEdits", meaning="edit freely in its own worktree, ask before commands"),
    Mode(name="plan", meaning="read only, and make a plan first"),
    Mode(name="auto", meaning="a classifier of the agent allows what looks safe"),
    Mode(name="dontAsk", meaning="never ask; what is not allowed is denied", asks=False),
    Mode(name="bypassPermissions", meaning="never ask; everything is allowed", asks=False),
)

TRAITS = Traits(
    name="claude",
    program=_PROGRAM,
    variable=_VARIABLE,
    minimum=(2, 1, 240),  # since then, `--worktree` and `--resume` behave as needed
    tested=("2.1.332", "2.1.329"),
    install=(
        f"Install Claude Code (`npm install -g {_PACKAGE}`), or set {_VARIABLE} to its program. "
        "Without it, try `parallel-agents demo`."
    ),
    update=f"Update it: npm install -g {_PACKAGE}",
    modes=MODES,
    usual_mode="default",
    first_modes=("acceptEdits", "default", "auto", "plan"),
    mode_in_settings=True,
    efforts=("low", "medium", "high", "xhigh", "max"),
    # The fence exists only if the program itself goes to the worktree (`--worktree`).
    starts_in="repository",
    private_variables=(
        r"CLAUDECODE|CLAUDE_CODE_\w*(SESSION|CHILD|SSE_PORT|ENTRYPOINT)\w*|CLAUDE_CODE_HOST_\w+"
    ),
    can_attach=True,
    can_resume=True,
    can_interrupt=True,
)
