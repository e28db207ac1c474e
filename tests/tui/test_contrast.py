"""Text can be read in both themes: contrast as of WCAG 2.1, 1.4.3 (4.5 for text)."""

import pytest
from rich.color import Color

from parallel_agents.tui.text.styles import TONES, Tones

TEXT = ("text", "muted", "need", "good", "bad", "blue", "violet")
GROUNDS = ("background", "surface", "panel", "lift")


def _luminance(colour: str) -> float:
    parts = [part / 255 for part in Color.parse(colour).get_truecolor()]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The ratio of two colours, 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_ratio_is_the_known_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("tones", TONES.values(), ids=TONES.keys())
@pytest.mark.parametrize("ground", [*GROUNDS, "added", "removed"])
def test_every_text_stands_out_from_every_background(tones: Tones, ground: str) -> None:
    low = {
        name: round(contrast(getattr(tones, name), getattr(tones, ground)), 2)
        for name in TEXT
        if contrast(getattr(tones, name), getattr(tones, ground)) < 4.5
    }
    assert low == {}
