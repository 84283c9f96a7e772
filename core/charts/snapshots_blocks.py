"""What each block of a network costs: parameters, what it hands on, and time, one above
the other over the blocks in forward order. Knows a frame of blocks.
"""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.charts.theme import INK_LIGHT, PALETTE, SCREEN, escape, resolve

PANELS = (
    ("params", "Parameters", "%{y:,} parameters"),
    ("output_bytes", "Output (B an image)", "%{customdata} = %{y:,} B an image"),
    ("seconds", "Time (s a batch)", "%{y:.4f} s, median"),
)
PANEL_PX = 165


def block_costs_chart(
    blocks: pd.DataFrame, *, template: str | go.layout.Template = SCREEN
) -> go.Figure:
    """Draw three rows of bars over the blocks.

    `blocks` is what `core.snapshots.block_costs` returns: block, params, output,
    output_bytes, and seconds with low and high.
    """
    figure = make_subplots(len(PANELS), 1, shared_xaxes=True, vertical_spacing=0.06)
    names = [escape(name) for name in blocks["block"]]
    for row, (column, title, hover) in enumerate(PANELS, start=1):
        figure.add_bar(
            x=names, y=blocks[column], row=row, col=1, name=title, showlegend=False,
            marker={"color": PALETTE[row - 1], "line": {"width": 0}},
            error_y=_spread(blocks) if column == "seconds" else None,
            customdata=blocks["output"].map(escape),
            hovertemplate=f"<b>%{{x}}</b><br>{hover}<extra></extra>",
        )  # fmt: skip
        figure.update_yaxes(
            title_text=title, rangemode="tozero", exponentformat="SI", row=row, col=1
        )
    figure.update_xaxes(type="category", tickangle=-60)
    return figure.update_layout(
        template=resolve(template), height=PANEL_PX * len(PANELS) + 110, bargap=0.25,
        uirevision="blocks", meta={"paper_inches": {"single": 5.0, "double": 5.0}},
    )  # fmt: skip


def _spread(blocks: pd.DataFrame) -> dict[str, object]:
    """Return the lowest and highest time as bars about the median."""
    return {
        "type": "data", "symmetric": False, "thickness": 1, "width": 3,
        "color": INK_LIGHT,
        "array": blocks["high"] - blocks["seconds"],
        "arrayminus": blocks["seconds"] - blocks["low"],
    }  # fmt: skip
