"""The page can be read by people with weak eyesight, in light and in dark (WCAG 2.2, level AA)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import triage.exporters
from triage.domain.items import Outcome

STYLE = (Path(next(iter(triage.exporters.__path__))) / "templates/style.css").read_text(encoding="utf-8")
LIGHT, DARK = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in STYLE.split("@media screen", 1))
TEXT, MARK = 4.5, 3.0


def _luminance(colour: str) -> float:
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_stands_out_from_its_background(colours: dict[str, str]) -> None:
    """Text, soft text and links on the page and on cards."""
    for text in ("ink", "soft", "accent"):
        for background in ("page", "card"):
            assert _contrast(colours[text], colours[background]) >= TEXT


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_every_answer_has_a_visible_colour_of_its_own(colours: dict[str, str]) -> None:
    """Marks that carry meaning; each answer also stands in words beside its colour."""
    shades = [colours[outcome.value] for outcome in Outcome]
    assert len(set(shades)) == len(shades)
    assert min(_contrast(shade, colours["page"]) for shade in shades) >= MARK
    assert all(f".is-{outcome.value} {{" in STYLE for outcome in Outcome)
