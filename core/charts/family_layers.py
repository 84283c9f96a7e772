"""How a community trains a base, layer by layer: the share of models that trained each
block, and how far they moved it. Knows a frame of blocks.
"""

import pandas as pd
import plotly.graph_objects as go

from core.charts.family_shares import FAINT, whiskers
from core.charts.theme import PALETTE, SCREEN, escape, resolve


def layer_bars(
    layers: pd.DataFrame, *, template: str | go.layout.Template = SCREEN
) -> go.Figure:
    """Draw, in forward order, the share of models that trained each block.

    `layers` is `core.derived.summary.layer_shares`. Below stands the mean relative
    distance of those models, where it was measured; without any, that panel is not
    drawn.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "layers"})
    blocks = [escape(block) for block in layers["block"]]
    figure.add_bar(
        x=blocks, y=layers["share"], name="models that trained it",
        marker={"color": FAINT, "line": {"width": 0}},
        error_y=whiskers(layers, "share", "low", "high"),
        customdata=layers[["models", "total", "low", "high"]].to_numpy(object),
        hovertemplate="<b>%{x}</b><br>trained by %{customdata[0]} of %{customdata[1]}: "
        "%{y:.1%}<br>95 %: %{customdata[2]:.1%} to %{customdata[3]:.1%}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(
        type="category", categoryorder="array", categoryarray=blocks, title_text="Layer"
    )
    figure.update_yaxes(
        title_text="Models that trained it", range=[0, 1.05], tickformat=".0%"
    )
    figure.update_layout(bargap=0.3, showlegend=False)
    if layers["mean_relative_l2"].notna().any():
        _add_distances(figure, layers, blocks)
    return figure


def _add_distances(figure: go.Figure, layers: pd.DataFrame, blocks: list[str]) -> None:
    figure.add_scatter(
        x=blocks, y=layers["mean_relative_l2"], yaxis="y2", mode="lines+markers",
        name="mean relative distance", connectgaps=False,
        line={"color": PALETTE[1], "width": 1.5},
        marker={"color": PALETTE[1], "symbol": "diamond", "size": 7},
        customdata=layers[["measured"]].to_numpy(object),
        hovertemplate="<b>%{x}</b><br>mean relative distance %{y:.3g}, measured in "
        "%{customdata[0]} models<extra></extra>",
    )  # fmt: skip
    figure.update_layout(
        yaxis={"domain": [0.45, 1.0]},
        yaxis2={
            "domain": [0.0, 0.36], "anchor": "x", "rangemode": "tozero", "nticks": 4,
            "title": {"text": "Distance"},
        },
        xaxis={"anchor": "y2"},
    )  # fmt: skip
