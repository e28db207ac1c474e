"""The screen's colours: two themes, and the styles that line views paint with.

Keep true: one accent (`need`) marks what needs the user, and nothing else uses it; no meaning
depends on colour alone.
"""

from dataclasses import dataclass
from functools import cache

from rich.style import Style
from textual.app import App
from textual.theme import Theme

DARK = "calm-dark"
LIGHT = "calm-light"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tones:
    """The colours of one theme, as `#rrggbb`."""

    background: str
    surface: str
    panel: str
    lift: str
    text: str
    muted: str
    faint: str
    need: str
    good: str
    bad: str
    blue: str
    violet: str
    added: str
    removed: str


TONES = {
    DARK: Tones(
        background="#15171c",
        surface="#1a1d23",
        panel="#20242b",
        lift="#2a2f38",
        text="#d3d7de",
        muted="#9197a5",
        faint="#565d6a",
        need="#f0b35c",
        good="#8dbb86",
        bad="#e07f83",
        blue="#8fb3e0",
        violet="#b9a3dd",
        added="#1d2c22",
        removed="#332024",
    ),
    LIGHT: Tones(
        background="#fbfaf8",
        surface="#f5f3ef",
        panel="#eeebe5",
        lift="#e3dfd6",
        text="#2b2e34",
        muted="#5c626b",
        faint="#a5a8ad",
        need="#994d00",
        good="#2d6f3d",
        bad="#b1323a",
        blue="#25609f",
        violet="#6a4aa3",
        added="#e2f1e1",
        removed="#f8e3e2",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    """Styles named by their meaning; only the `on_` ones set the background."""

    text: Style
    strong: Style
    muted: Style
    faint: Style
    need: Style
    good: Style
    bad: Style
    alarm: Style
    code: Style
    link: Style
    heading: Style
    keyword: Style
    string: Style
    comment: Style
    changed: Style
    on_cursor: Style
    on_panel: Style
    on_added: Style
    on_removed: Style


@cache
def ink(*, dark: bool) -> Ink:
    """Return the styles for a dark or a light background."""
    tones = TONES[DARK if dark else LIGHT]
    return Ink(
        text=Style(color=tones.text),
        strong=Style(color=tones.text, bold=True),
        muted=Style(color=tones.muted),
        faint=Style(color=tones.faint),
        need=Style(color=tones.need),
        good=Style(color=tones.good),
        bad=Style(color=tones.bad),
        alarm=Style(color=tones.bad, bold=True, reverse=True),
        code=Style(color=tones.blue),
        link=Style(color=tones.blue, underline=True),
        heading=Style(color=tones.text, bold=True),
        keyword=Style(color=tones.violet),
        string=Style(color=tones.good),
        comment=Style(color=tones.muted, italic=True),
        changed=Style(underline=True),
        on_cursor=Style(bgcolor=tones.lift),
        on_panel=Style(bgcolor=tones.panel),
        on_added=Style(bgcolor=tones.added),
        on_removed=Style(bgcolor=tones.removed),
    )


def ink_of(app: App[object]) -> Ink:
    """Return the styles that suit the app's theme, whichever it is."""
    return ink(dark=app.current_theme.dark)


def themes() -> list[Theme]:
    """List the themes to register with the app."""
    return [_theme(name, tones) for name, tones in TONES.items()]


def _theme(name: str, tones: Tones) -> Theme:
    return Theme(
        name=name,
        primary=tones.blue,
        secondary=tones.violet,
        accent=tones.need,
        warning=tones.need,
        error=tones.bad,
        success=tones.good,
        foreground=tones.text,
        background=tones.background,
        surface=tones.surface,
        panel=tones.panel,
        dark=name == DARK,
        variables=_variables(tones),
    )


def _variables(tones: Tones) -> dict[str, str]:
    return {
        "muted": tones.muted,
        "faint": tones.faint,
        "lift": tones.lift,
        "need": tones.need,
        "input-selection-background": f"{tones.blue} 35%",
        "screen-selection-background": f"{tones.blue} 40%",
        "block-cursor-background": tones.lift,
        "block-cursor-foreground": tones.text,
        "block-cursor-text-style": "none",
        "scrollbar": tones.lift,
        "scrollbar-hover": tones.faint,
        "scrollbar-active": tones.muted,
        "scrollbar-background": tones.background,
        "scrollbar-background-hover": tones.background,
        "scrollbar-background-active": tones.background,
        "scrollbar-corner-color": tones.background,
        "border": tones.faint,
        "border-blurred": tones.lift,
    }
