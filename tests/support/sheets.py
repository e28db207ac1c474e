"""Lets all screens of a process share what was parsed of the same style sheet.

Keep true: what is shared was made from the same text, variables and place, and nobody changes it.
"""

from __future__ import annotations

from collections.abc import Hashable

import pytest
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation

_parse = Stylesheet._parse_rules
_parsed: dict[Hashable, list[RuleSet]] = {}


def _parse_once(
    sheet: Stylesheet,
    css: str,
    read_from: CSSLocation,
    is_default_rules: bool = False,
    tie_breaker: int = 0,
    scope: str = "",
) -> list[RuleSet]:
    """Read rules; the signature is Textual's own."""
    text = (css, read_from, is_default_rules, tie_breaker, scope)
    key = (*text, *sheet._variables.items())
    if key not in _parsed:
        _parsed[key] = _parse(sheet, *text)
    return _parsed[key]


def parse_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse a style sheet only when no screen before had it."""
    monkeypatch.setattr(Stylesheet, "_parse_rules", _parse_once)
