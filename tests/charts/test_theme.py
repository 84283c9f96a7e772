"""The palette is readable on both pages and by color-blind people; text stays text."""

from itertools import combinations

import numpy as np
import plotly.io as pio
import pytest

from core.charts.theme import (
    GREY,
    PALETTE,
    PAPER,
    SYMBOLS,
    escape,
    family_styles,
    register,
    resolve,
)

MACHADO = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(color):
    levels = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    low = levels / 12.92
    return np.where(levels <= 0.04045, low, ((levels + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    lights = sorted(linear(color) @ [0.2126, 0.7152, 0.0722] for color in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def lab(rgb):
    to_xyz = [
        [0.4124, 0.3576, 0.1805],
        [0.2126, 0.7152, 0.0722],
        [0.0193, 0.1192, 0.9505],
    ]
    xyz = np.array(to_xyz) @ np.clip(rgb, 0, 1) / [0.95047, 1, 1.08883]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("page", ["#ffffff", "#0e1117"])
def test_colors_stand_out_on_both_pages(page):
    assert all(contrast(color, page) >= 3 for color in (*PALETTE, GREY))


@pytest.mark.parametrize("vision", MACHADO)
def test_colors_differ_for_every_vision(vision):
    seen = [lab(np.array(MACHADO[vision]) @ linear(color)) for color in PALETTE]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 20


def test_styles_are_stable_and_the_eighth_family_is_grey():
    styles = family_styles([f"F{number}" for number in range(9)])
    assert styles["F0"] == family_styles(["F0"])["F0"]
    assert len({(s.color, s.symbol) for s in styles.values()}) == 8
    assert styles["F7"].color == styles["F8"].color == GREY
    assert len(PALETTE) == len(set(SYMBOLS)) == 7


def test_foreign_text_holds_no_tag_and_no_control_character():
    shown = escape("<a href='https://x.org'>x</a>\x00\ud800\n%{y}")
    assert "<" not in shown
    assert shown.isprintable()


def test_register_keeps_the_default_template():
    before = pio.templates.default
    register()
    assert pio.templates.default == before
    assert resolve(PAPER).layout.font.size == pytest.approx(8 * 96 / 72)
