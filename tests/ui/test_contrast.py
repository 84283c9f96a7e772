"""Text stands out on both pages, in the colors that the project's theme names."""

import tomllib
from pathlib import Path

import pytest

from core.charts.theme import GREY, PALETTE
from core.ui.frame import INK_SHARE

CONFIG = tomllib.loads(
    (Path(__file__).parents[2] / ".streamlit/config.toml").read_text()
)
TEXT, MARKS = 4.5, 3.0
"""The least contrasts of WCAG 2.2, 1.4.3 and 1.4.11."""

CAPTION_SHARE = 0.6
"""Captions are Streamlit's text color at this opacity."""


def rgb(color: str) -> list[int]:
    return [int(color[place : place + 2], 16) for place in (1, 3, 5)]


def blend(ink: str, page: str, share: float) -> list[float]:
    pairs = zip(rgb(ink), rgb(page), strict=True)
    return [share * one + (1 - share) * other for one, other in pairs]


def light(levels) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (level / 255 for level in levels)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other) -> float:
    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard():
    assert contrast(rgb("#000000"), rgb("#ffffff")) == pytest.approx(21)
    assert contrast(rgb("#767676"), rgb("#ffffff")) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("page", ["backgroundColor", "secondaryBackgroundColor"])
@pytest.mark.parametrize("share", [1.0, INK_SHARE, CAPTION_SHARE])
def test_text_of_pages_charts_and_captions_can_be_read(look, page, share):
    theme = CONFIG["theme"][look]
    shown = blend(theme["textColor"], theme[page], share)
    assert contrast(shown, rgb(theme[page])) >= TEXT


@pytest.mark.parametrize("look", ["light", "dark"])
def test_marks_and_controls_stand_out(look):
    theme = CONFIG["theme"][look]
    for color in (*PALETTE, GREY, theme["primaryColor"]):
        assert contrast(rgb(color), rgb(theme["backgroundColor"])) >= MARKS, color


@pytest.mark.parametrize("look", ["light", "dark"])
def test_the_text_on_a_primary_button_can_be_read(look):
    assert contrast(rgb("#ffffff"), rgb(CONFIG["theme"][look]["primaryColor"])) >= TEXT
