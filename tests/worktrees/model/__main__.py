"""`python -m tests.worktrees.model SEED…`: run histories, each by its seed.

Prints one JSON object: how many ran, what happened to them, and what went wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.support.ordinary import drop_overrides
from tests.worktrees.model.history import History, remove
from tests.worktrees.model.place import FILTERS, environment, make_place, make_template

OFTEN = 0.2
"""How probable it is that an operation is killed or fails."""


def work_directory() -> str | None:
    """A directory in memory where there is one: what is proved here is no matter of the disk."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def run(seeds: Iterable[int], *, often: float = OFTEN, said: Path | None = None) -> dict[str, Any]:
    """Run histories.

    Args:
        seeds: one each.
        often: how probable a failure of an operation is.
        said: file for the progress, rewritten now and then.

    Returns:
        Counts, and the failures: seed, acts and what was wrong.
    """
    tally: Counter[str] = Counter(histories=0)
    failures: list[dict[str, Any]] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=work_directory(), ignore_cleanup_errors=True) as top:
        template = Path(top, "template")
        template.mkdir()
        make_template(template)
        for seed in seeds:
            failure = run_one(seed, template, Path(top, "now"), often, tally)
            tally["histories"] += 1
            failures += [failure] if failure else []
            if said is not None and (failure or tally["histories"] % 20 == 0):
                _save(said, _result(tally, failures, began))
    result = _result(tally, failures, began)
    if said is not None:
        _save(said, result)
    return result


def run_one(
    seed: int, template: Path, root: Path, often: float, tally: Counter[str]
) -> dict[str, Any] | None:
    """Run one history.

    Args:
        seed: of the history.
        template: from `make_template`.
        root: where to make its place; free afterwards.
        often: how probable a failure of an operation is.
        tally: counts.

    Returns:
        What was wrong, or nothing.
    """
    history = History(seed, make_place(template, root), often=often, tally=tally)
    try:
        history.run()
    except Exception as error:  # noqa: BLE001 - whatever it is, the seed must be told
        told = str(error) if isinstance(error, AssertionError) else traceback.format_exc()
        return {"seed": seed, "history": history.said, "wrong": told[:4000]}
    finally:
        if not os.environ.get("KEEP"):
            remove(root)
    return None


def _result(tally: Counter[str], failures: list[dict[str, Any]], began: float) -> dict[str, Any]:
    return {**tally, "took_s": round(time.monotonic() - began, 1), "failures": failures}


def _save(path: Path, result: dict[str, Any]) -> None:
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(json.dumps(result, indent=1))
    temporary.replace(path)


def main() -> int:
    """Run the histories that were asked for; 1 when anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.worktrees.model", description=__doc__)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int, nargs="?", help="the first only, if left out")
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--often", type=float, default=OFTEN, help="failures per operation")
    parser.add_argument("--said", type=Path, help="file for the progress")
    args = parser.parse_args()
    last = args.first if args.last is None else args.last
    drop_overrides()  # closed files are closed to root, too
    with tempfile.TemporaryDirectory() as home:
        _become_hermetic(Path(home))
        result = run(range(args.first, last + 1, args.step), often=args.often, said=args.said)
    for failure in result["failures"]:
        again = f"python -m tests.worktrees.model {failure['seed']} --often {args.often}"
        print(f"seed {failure['seed']}: {failure['wrong']}\n  after: {failure['history']}\n"
              f"  again: {again}", file=sys.stderr)  # fmt: skip
    print(json.dumps(result))
    return 1 if result["failures"] else 0


def _become_hermetic(home: Path) -> None:
    """The manager's git reads this environment; its own home has an identity only."""
    (home / ".gitconfig").write_text(
        "[user]\n name = Somebody\n email = somebody@example.org\n" + FILTERS
    )
    clean = environment(home)
    for name in set(os.environ) - clean.keys():
        del os.environ[name]
    os.environ.update(clean)
    for name in ("GIT_LITERAL_PATHSPECS", "GIT_EDITOR", "PA_FAILPOINT"):
        os.environ.pop(name, None)


if __name__ == "__main__":
    sys.exit(main())
