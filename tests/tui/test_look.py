"""Every scene can be looked at, at every size that people have."""

from __future__ import annotations

import re

import pytest

from parallel_agents.core.text import safe_line
from tests.support.variations import varied
from tests.tui.look import drawn
from tests.tui.scenes import SCENES

_SHOWN = {
    "busy": "auth-refactor",
    "composer": "fix it".replace(" ", "&#160;"),
    "picture": "auth-refactor",
    "hostile": "hidden",
    "requests": "auth-refactor",
    "many": "session-0",
    "diff": "big-change",
    "review": "rate-limit",
    "nothing": "No",
}


@pytest.mark.parametrize("size", varied([(80, 24), (240, 60)]))
@pytest.mark.parametrize("scene", varied(SCENES))
async def test_a_scene_is_drawn(scene: str, size: tuple[int, int]) -> None:
    svg = await drawn(scene, size, ["enter"] if scene not in {"composer", "nothing"} else [])
    assert _SHOWN[scene] in svg
    assert re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", svg) is None


def test_a_fake_that_is_hostile_says_what_is_not_safe() -> None:
    name = SCENES["hostile"]().states["a1"].session.name
    assert safe_line(name) != name
