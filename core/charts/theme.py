"""The two looks of every figure, the colors and markers of families, and the escape of
foreign text. Knows no data.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import plotly.io as pio

SCREEN = "pedigree"
PAPER = "pedigree_paper"
POINT_PX = 4 / 3
PAPER_FONT_PX = 8 * POINT_PX
SMALL_SHARE = 7 / 8
"""How much smaller legends and names beside points are set in a paper."""

PALETTE = ("#155BC7", "#C7860C", "#1D8A5A", "#A4480D", "#3A97FB", "#AE769C", "#77A051")
"""Okabe and Ito's hues (2008), moved until each has contrast 3 on white and on the dark
page, and any two stay 20 apart in CIELAB for every color blindness that Machado et al.
(2009) simulate.
"""
SYMBOLS = (
    "circle", "diamond", "square", "triangle-up", "cross", "triangle-down", "star",
)  # fmt: skip
GREY = "#8A8F98"
INK_LIGHT = "#7A7F87"
INK_PAPER = "#1A1A1A"


@dataclass(frozen=True)
class Style:
    """How one family is drawn: a color and a marker symbol."""

    color: str
    symbol: str


REST = Style(GREY, "circle")


def escape(text: object) -> str:
    """Return foreign text that a figure shows as it is written.

    Plotly reads a few HTML tags and entities; a control character would spoil the SVG,
    a lone surrogate the JSON.

    >>> escape("<b>ResNet</b>\\n& co")
    '&lt;b&gt;ResNet&lt;/b&gt; &amp; co'
    """
    plain = re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+", " ", str(text))
    return html.escape(plain, quote=False)


def family_styles(families: Sequence[str]) -> dict[str, Style]:
    """Give each family, by its place in the list, one of seven looks, and grey to the
    rest.

    >>> family_styles(["ResNet", "ViT"])["ViT"]
    Style(color='#C7860C', symbol='diamond')
    """
    looks = [Style(*look) for look in zip(PALETTE, SYMBOLS, strict=True)]
    looks += [REST] * max(0, len(families) - len(looks))
    return dict(zip(families, looks, strict=False))


def screen_template() -> go.layout.Template:
    """Return the look on screen: no background, so that a light or dark page shows
    through.
    """
    axis = _axis(line="rgba(128,128,128,0.6)", grid="rgba(128,128,128,0.18)")
    return _template(
        font={"size": 13, "color": INK_LIGHT},
        background="rgba(0,0,0,0)",
        axis=axis,
        margin={"l": 8, "r": 8, "t": 8, "b": 8, "pad": 2},
    )


def paper_template() -> go.layout.Template:
    """Return the look in a paper: white, 8 pt Liberation Sans, thin axes, no title, the
    legend as wide as the figure.
    """
    axis = _axis(line="#444444", grid="#E8E8E8") | {
        "linewidth": 0.7, "tickwidth": 0.7, "ticklen": 3, "gridwidth": 0.5,
        "title": {"standoff": 4},
    }  # fmt: skip
    font = {
        "family": "Liberation Sans, Arial, Helvetica, sans-serif",
        "size": PAPER_FONT_PX,
        "color": INK_PAPER,
    }
    template = _template(
        font=font,
        background="#FFFFFF",
        axis=axis,
        margin={"l": 4, "r": 6, "t": 4, "b": 4, "pad": 0},
    )
    legend = {
        "font": {"size": SMALL_SHARE * PAPER_FONT_PX},
        "xref": "container", "yref": "container", "y": 1, "yanchor": "top",
    }  # fmt: skip
    return template.update(layout={"title": {"text": ""}, "legend": legend})


def register() -> None:
    """Make both looks known to plotly by name; the default look stays as it was."""
    pio.templates[SCREEN] = screen_template()
    pio.templates[PAPER] = paper_template()


def resolve(template: str | go.layout.Template) -> go.layout.Template:
    """Return the look of that name, or the look itself; nothing needs registering."""
    if isinstance(template, str):
        return paper_template() if template == PAPER else screen_template()
    return template


def _axis(*, line: str, grid: str) -> dict:
    return {
        "showline": True,
        "linecolor": line,
        "ticks": "outside",
        "tickcolor": line,
        "gridcolor": grid,
        "zeroline": False,
        "automargin": True,
    }


def _template(
    *, font: dict, background: str, axis: dict, margin: dict
) -> go.layout.Template:
    size = font["size"]
    layout = {
        "font": font,
        "paper_bgcolor": background,
        "plot_bgcolor": background,
        "colorway": PALETTE,
        "margin": margin,
        "xaxis": axis | {"title_font": {"size": size}, "tickfont": {"size": size}},
        "yaxis": axis | {"title_font": {"size": size}, "tickfont": {"size": size}},
        "legend": {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.02,
            "yanchor": "bottom",
            "font": {"size": size},
            "bgcolor": "rgba(0,0,0,0)",
            "itemsizing": "trace",
            "itemwidth": 30,
            "maxheight": 1,
            "tracegroupgap": 0,
            "title": {"text": ""},
        },
        "hoverlabel": {"align": "left", "namelength": -1},
        "hovermode": "closest",
    }
    return go.layout.Template(layout=layout)
