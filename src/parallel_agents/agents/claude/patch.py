"""Converts the agent's `structuredPatch` into the text of a unified diff.

Keep true: any shape is accepted, and a wrong one gives no patch; the text is limited; a file name
cannot forge a line of the diff.
"""

from __future__ import annotations

LIMIT = 256 * 1024
"""How many characters of a patch are kept."""


def unified(result: object, cwd: str) -> str:
    """Write the change that a tool reported as a unified diff.

    Args:
        result: `tool_use_result` of a `user` line: for Edit and Write, an object with `filePath`
            and `structuredPatch`, or with `content` if the file is new.
        cwd: the agent's working directory; file names below it become relative to it.

    Returns:
        A unified diff of at most about `LIMIT` characters; empty if nothing changed.
    """
    if not isinstance(result, dict) or not isinstance(result.get("filePath"), str):
        return ""
    name = _name(result["filePath"], cwd)
    hunks = result.get("structuredPatch")
    if isinstance(hunks, list) and hunks:
        body = [text for hunk in hunks for text in _hunk(hunk)]
        return _joined([f"--- {_quoted('a/' + name)}", f"+++ {_quoted('b/' + name)}"], body)
    content = result.get("content")
    if result.get("type") == "create" and isinstance(content, str) and content:
        return _joined(["--- /dev/null", f"+++ {_quoted('b/' + name)}"], _added(content))
    return ""


def _joined(head: list[str], body: list[str]) -> str:
    if not body:
        return ""
    text = "\n".join((*head, *body)) + "\n"
    return text if len(text) <= LIMIT else text[: text.rfind("\n", 0, LIMIT) + 1]


def _name(path: str, cwd: str) -> str:
    root = cwd.rstrip("/") + "/"
    return path[len(root) :] if cwd and path.startswith(root) else path.lstrip("/")


def _quoted(name: str) -> str:
    """Quote a name as git does, if it contains characters that a diff's header cannot hold."""
    if name.isprintable() and not any(c in name for c in '"\\'):
        return name
    escaped = "".join(f"\\{octet:03o}" if _odd(octet) else chr(octet) for octet in name.encode())
    return f'"{escaped}"'


def _odd(octet: int) -> bool:
    return octet < 32 or octet > 126 or octet in b'"\\'


def _hunk(hunk: object) -> list[str]:
    if not isinstance(hunk, dict) or not isinstance(hunk.get("lines"), list):
        return []
    lines = [str(line).replace("\r", "").replace("\n", " ") for line in hunk["lines"]]
    sizes = [hunk.get(key) for key in ("oldStart", "oldLines", "newStart", "newLines")]
    if not all(isinstance(size, int) for size in sizes):
        return []
    return [f"@@ -{sizes[0]},{sizes[1]} +{sizes[2]},{sizes[3]} @@", *lines]


def _added(content: str) -> list[str]:
    lines = content.split("\n")
    whole = lines[-1] == ""
    lines = lines[:-1] if whole else lines
    start = "+1" if len(lines) == 1 else f"+1,{len(lines)}"
    end = [] if whole else ["\\ No newline at end of file"]
    return [f"@@ -0,0 {start} @@", *(f"+{line}" for line in lines), *end]
