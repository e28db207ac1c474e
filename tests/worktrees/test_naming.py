"""Branch name patterns."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core.errors import RefusedError, UsageError
from parallel_agents.worktrees.manager import WorktreeManager
from parallel_agents.worktrees.plumbing import expression, naming
from parallel_agents.worktrees.plumbing.naming import Filling, branch_of, check_pattern, ticket_in
from tests.worktrees.conftest import git

FILLED = Filling(user="ada", date="2026-11-21", ticket="AB-12")
EMPTY = Filling(user="", date="2026-11-21", ticket="")


@pytest.mark.parametrize(
    ("pattern", "filling", "branch"),
    [
        ("worktree-{slug}", FILLED, "worktree-x"),
        ("{user}/{ticket}-{slug}", FILLED, "ada/AB-12-x"),
        ("{user}/{ticket}-{slug}", EMPTY, "x"),
        ("{date}/{ticket}-{slug}", EMPTY, "2026-11-21/x"),
        ("a/{ticket}/{slug}", EMPTY, "a/x"),
        ("{slug}-{ticket}", EMPTY, "x"),
        ("{slug}_{ticket}.end", EMPTY, "x_end"),
        ("{date}-{slug}", EMPTY, "2026-11-21-x"),
        ("{slug}", Filling(user="a b@c", date="", ticket="~^:"), "x"),
        ("{user}/{slug}", Filling(user="a b@c", date="", ticket=""), "a-b-c/x"),
        ("{user}/{slug}", Filling(user="{slug}", date="", ticket=""), "slug/x"),
    ],
)
def test_a_pattern_gives_a_branch(pattern: str, filling: Filling, branch: str) -> None:
    check_pattern(pattern)
    assert branch_of("x", filling.fill(pattern)) == branch


@pytest.mark.parametrize("wrong", ["", "fix", "{user}", "{slug}{nope}", "{slug", "{slug}}", "{}"])
def test_a_pattern_that_cannot_work_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_pattern(wrong)
    assert caught.value.hint


def test_tickets() -> None:
    assert ticket_in("Fix ABC-123 and DEF-4", naming.TICKET) == "ABC-123"
    assert ticket_in("nothing", naming.TICKET) == ""
    assert ticket_in("see #42", r"#\d+") == "#42"
    assert ticket_in("x" * 5000 + "ABC-1", naming.TICKET) == ""
    for wrong in ("[", "(" * 500, "a{99999999999999}"):
        with pytest.raises(UsageError, match="is wrong"):
            ticket_in("", wrong)


@pytest.mark.parametrize("slow", ["(a+)+$", "(a|aa)+$", "(.*a){25}", "(a*)*b", "a(?=(.*)*$)(.*)*b"])
def test_no_expression_is_waited_for(slow: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is anybody kept waiting: the process goes on meanwhile."""
    monkeypatch.setattr(expression, "SECONDS", 0.5)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ticket_in, "a" * 40 + "!" + "a" * 1000 + "c", slow)
        turns = 0
        while not asked.done():
            turns += 1
        assert turns > 100
        with pytest.raises(UsageError, match="given up after") as caught:
            asked.result()
    assert "Simplify" in caught.value.hint


def test_an_expression_has_a_length() -> None:
    with pytest.raises(UsageError, match="over 1,000 characters"):
        ticket_in("", "a" * 1001)


@given(st.text(), st.text(), st.from_regex(r"(\{(slug|user|ticket|date)\}[-/_.x]?){0,4}"))
def test_a_filled_pattern_keeps_its_slug_and_nothing_else(
    user: str, ticket: str, around: str
) -> None:
    pattern = around + "{slug}"
    try:
        check_pattern(pattern)
    except UsageError:
        return
    filled = Filling(user=user, date="2026-11-21", ticket=ticket).fill(pattern)
    assert filled.count("{slug}") == pattern.count("{slug}")
    assert "{" not in branch_of("x", filled)


def test_a_number_makes_slug_and_branch_free_together(manager: WorktreeManager, repo: Path) -> None:
    found = manager.resolve(str(repo))
    git(repo, "branch", "ada/login")
    git(repo, "branch", "ada/other/below")
    assert manager.slug(found, "login", "ada/{slug}") == "login-2"
    assert manager.slug(found, "other", "ada/{slug}") == "other-2"
    assert manager.slug(found, "login") == "login"


def test_a_branch_above_it_is_said(manager: WorktreeManager, repo: Path) -> None:
    git(repo, "branch", "ada")
    found = manager.resolve(str(repo))
    base = manager.resolve_base(found, "head")
    with pytest.raises(RefusedError, match="the branch ada exists") as caught:
        manager.create(found, session="s", slug="x", base=base, branch="ada/x")
    assert caught.value.hint
    assert git(repo, "branch", "--format=%(refname:short)").split() == ["ada", "main"]


@pytest.mark.parametrize(
    ("branch", "pattern", "name"),
    [
        ("dev", "dev/{slug}", "dev-login"),
        ("Dev", "dev/{slug}", "dev-login"),
        ("dev", "dev/new/{slug}", "dev-new/login"),
        ("dev/new", "dev/new/{slug}", "dev/new-login"),
        ("dev/x", "dev/{slug}", "dev/login"),
        ("dev/login", "dev/{slug}", "dev/login-2"),
        ("login", "{slug}/wip", "login-2/wip"),
        ("login/x", "{slug}", "login-2"),
        ("login/x", "{slug}/wip", "login/wip"),
        ("login/wip/x", "{slug}/wip", "login-2/wip"),
    ],
)
def test_a_branch_is_found_beside_any_other(
    branch: str, pattern: str, name: str, manager: WorktreeManager, repo: Path
) -> None:
    git(repo, "branch", branch)
    found = manager.resolve(str(repo))
    changed = manager.pattern(found, pattern)
    slug = manager.slug(found, "login", changed)
    assert branch_of(slug, changed) == name
    base = manager.resolve_base(found, "head")
    record = manager.create(found, session="s", slug=slug, base=base, branch=name)
    assert record.branch == name


def test_a_branch_below_it_is_said(manager: WorktreeManager, repo: Path) -> None:
    git(repo, "branch", "ada/x")
    found = manager.resolve(str(repo))
    with pytest.raises(RefusedError, match="the branch ada/x exists") as caught:
        manager.check_branch(found, manager.resolve_base(found, "head"), "ada")
    assert caught.value.hint
