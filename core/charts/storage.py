"""Bytes of a family, block by block: as published and stored once. Knows a frame."""

import pandas as pd
import plotly.graph_objects as go

from core.charts.labels import shorten
from core.charts.theme import GREY, PALETTE, SCREEN, escape, resolve

UNITS = (
    (1e12, "Terabytes"),
    (1e9, "Gigabytes"),
    (1e6, "Megabytes"),
    (1e3, "Kilobytes"),
)
LABEL_LENGTH = 24
LAYERS = (
    ("published", "as published", "rgba(138,143,152,0.35)", 0.86),
    ("files_once", "equal files once", GREY, 0.6),
    ("most", "equal tensors once, at most", PALETTE[4], 0.34),
    ("least", "equal tensors once, at least", PALETTE[0], 0.34),
)
"""Column, name, color and width of each bar, from the back to the front."""


def storage_blocks(
    blocks: pd.DataFrame, *, template: str | go.layout.Template = SCREEN
) -> go.Figure:
    """Draw what every block takes, narrower bars inside wider ones.

    `blocks` has block, published, files_once, most and least, in bytes. Where no two
    files are known to be equal, those bars are left out.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "storage"})
    names = [escape(shorten(str(name), LABEL_LENGTH)) for name in blocks["block"]]
    largest = blocks["published"].max() if len(blocks) else 0
    unit, title = next((each for each in UNITS if largest >= each[0]), UNITS[-1])
    word = title.lower()
    no_twins = blocks["files_once"].equals(blocks["published"])
    for column, name, color, width in LAYERS:
        if no_twins and column == "files_once":
            continue
        figure.add_bar(
            x=names, y=blocks[column].astype(float) / unit, name=name, width=width,
            marker={"color": color, "line": {"width": 0}},
            hovertemplate=f"%{{x}}: %{{y:.4g}} {word}<br>{name}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(type="category", showgrid=False, title_text="Block")
    figure.update_yaxes(title_text=title, rangemode="tozero")
    figure.update_layout(
        barmode="overlay", legend_traceorder="normal",
        meta={"paper_inches": {"single": 2.6, "double": 3.0}},
    )  # fmt: skip
    return figure
