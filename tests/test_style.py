"""Sizes and docstrings of the source, which no linter here counts."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median

SOURCE = Path(__file__).parents[1] / "src"
MODULES = sorted(SOURCE.rglob("*.py"))
FUNCTION_LIMIT = 50
MODULE_LIMIT = 400
LONGER = {
    "shim.py": 900,  # one file by design: it is copied and goes on alone
}
"""Modules that are longer, and what they must not outgrow."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _functions(path: Path) -> Iterator[_Function]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, _Function):
            yield node


def _length(node: _Function) -> int:
    """Lines of a function, without its docstring."""
    total = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    documented = ast.get_docstring(node) is not None
    return total - ((first.end_lineno or 0) - first.lineno + 1 if documented else 0)


def _named(path: Path) -> str:
    return str(path.relative_to(SOURCE / "parallel_agents"))


def test_functions_are_short() -> None:
    lengths = {
        f"{_named(path)}:{node.lineno}: {node.name}": _length(node)
        for path in MODULES
        for node in _functions(path)
    }
    assert {name: length for name, length in lengths.items() if length > FUNCTION_LIMIT} == {}


def test_most_functions_are_much_shorter() -> None:
    assert median(_length(f) for path in MODULES for f in _functions(path)) < 10


def test_no_two_modules_of_a_package_have_the_same_name() -> None:
    """A wing is a place to look for a module, never a part of its name."""
    for package in ("supervisor", "worktrees", "tui"):
        modules = (SOURCE / "parallel_agents" / package).rglob("*.py")
        # Handlers are named as the messages that they answer.
        rooms = (path for path in modules if path.parent.name != "handlers")
        names = Counter(path.stem for path in rooms if not path.stem.startswith("__"))
        assert {name for name, count in names.items() if count > 1} == set()


def test_modules_are_short() -> None:
    lengths = {_named(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    limits = {name: LONGER.get(name, MODULE_LIMIT) for name in lengths}
    assert {name: length for name, length in lengths.items() if length > limits[name]} == {}


def _undocumented(tree: ast.Module) -> Iterator[str]:
    """Public classes and functions of a module, and public methods of its public classes."""
    if ast.get_docstring(tree) is None:
        yield "the module"
    for node in tree.body:
        if not isinstance(node, _Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None and not _is_overload(node):
            yield node.name
        for member in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(member, _Function) and _lacks(member):
                yield f"{node.name}.{member.name}"


def _is_overload(node: _Function | ast.ClassDef) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "overload" for d in node.decorator_list)


def _lacks(member: _Function) -> bool:
    public = not member.name.startswith("_") and not member.decorator_list
    return public and ast.get_docstring(member) is None


def test_public_things_are_documented() -> None:
    missing = {_named(path): list(_undocumented(_tree(path))) for path in MODULES}
    assert {name: things for name, things in missing.items() if things} == {}
