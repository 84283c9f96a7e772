"""Counted shares as bars with their intervals: patterns, failures, freeze choices; and
frozen depths. Knows a frame of shares, not what was counted.
"""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts.labels import shorten
from core.charts.theme import INK_LIGHT, PALETTE, SCREEN, escape, family_styles, resolve

BAR_PX = 32
ABOVE, BELOW = 0.12, 0.28
"""How far a bar and its diamond stand from their row's middle, in rows."""
FAINT = "rgba(21,91,199,0.55)"
"""The first color of the palette, through which an interval can be seen."""
LABEL_LENGTH = 44
DOWNLOADS = ("downloads_share", "downloads_low", "downloads_high")


def share_bars(
    shares: pd.DataFrame,
    by: str,
    *,
    title: str = "Share of models",
    template: str | go.layout.Template = SCREEN,
) -> go.Figure:
    """Draw one bar a row with its interval and count, the first row on top.

    `shares` has the column `by` and models, total, share, low, high; where it has
    downloads_share too, a diamond with its own interval says how the downloads split.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": by})
    names = [escape(shorten(str(name), LABEL_LENGTH)) for name in shares[by]]
    places = np.arange(len(names))
    weighted = "downloads_share" in shares and shares["downloads_share"].notna().any()
    figure.add_bar(
        x=shares["share"], y=places - ABOVE * weighted, orientation="h", name="models",
        marker={"color": FAINT, "line": {"width": 0}}, width=0.45,
        error_x=whiskers(shares, "share", "low", "high"),
        customdata=_counts(shares, by),
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]} of %{customdata[2]} "
        "models: %{x:.1%}<br>95 %: %{customdata[3]:.1%} to %{customdata[4]:.1%}"
        "<extra></extra>",
    )  # fmt: skip
    if weighted:
        _add_downloads(figure, shares, places + BELOW)
    figure.update_xaxes(title_text=title, range=[0, 1.08], tickformat=".0%")
    figure.update_yaxes(
        tickvals=places, ticktext=names, showgrid=False, ticks="",
        range=[max(1, len(names)) - 0.4, -0.6],
    )  # fmt: skip
    figure.update_layout(showlegend=len(figure.data) > 1)
    return _sized(figure, len(names))


def depth_bars(
    depths: pd.DataFrame, *, template: str | go.layout.Template = SCREEN
) -> go.Figure:
    """Draw how many models equal the base up to which block, stacked by pattern.

    `depths` has depth, up_to, kind, models and total (see
    `core.derived.summary.depth_counts`).
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "depths"})
    order = depths.sort_values("depth").drop_duplicates("depth")["up_to"]
    for kind, style in family_styles(commonest(depths)).items():
        rows = depths[depths["kind"] == kind]
        figure.add_bar(
            x=rows["up_to"].map(escape), y=rows["models"], name=escape(kind),
            marker={"color": style.color, "line": {"width": 0}},
            hovertemplate="frozen up to %{x}: %{y} models<extra>%{fullData.name}"
            "</extra>",
        )  # fmt: skip
    figure.update_layout(
        barmode="stack", legend_traceorder="normal", showlegend=True, bargap=0.3
    )
    figure.update_xaxes(
        type="category", categoryorder="array", categoryarray=list(order.map(escape)),
        title_text="Equal to the base from the input up to",
    )  # fmt: skip
    return figure.update_yaxes(title_text="Models", tickformat="d", rangemode="tozero")


def whiskers(
    rows: pd.DataFrame, middle: str, low: str, high: str, *, color: str = INK_LIGHT
) -> dict:
    """Return the error bars of an interval around a value, from three columns."""
    values = rows[[middle, low, high]].astype(float)
    return {
        "type": "data", "symmetric": False, "color": color, "width": 3,
        "thickness": 1.6,
        "array": (values[high] - values[middle]).clip(lower=0),
        "arrayminus": (values[middle] - values[low]).clip(lower=0),
    }  # fmt: skip


def commonest(counts: pd.DataFrame) -> list[str]:
    """Return the kinds of a frame of kind and models, the commonest first.

    >>> commonest(pd.DataFrame({"kind": ["a", "b", "b"], "models": [2, 1, 3]}))
    ['b', 'a']
    """
    sums = counts.groupby("kind")["models"].sum()
    return list(sums.sort_values(ascending=False, kind="stable").index)


def _add_downloads(figure: go.Figure, shares: pd.DataFrame, places: np.ndarray) -> None:
    known = shares["downloads_share"].notna().to_numpy()
    rows = shares[known]
    figure.add_scatter(
        x=rows["downloads_share"].astype(float), mode="markers", name="downloads",
        y=places[known],
        marker={"color": PALETTE[1], "symbol": "diamond", "size": 9},
        error_x=whiskers(rows, *DOWNLOADS, color=PALETTE[1]),
        customdata=rows[["downloads"]].to_numpy(object),
        hovertemplate="%{customdata[0]:,} downloads: %{x:.1%}<extra></extra>",
    )  # fmt: skip


def _counts(shares: pd.DataFrame, by: str) -> object:
    rows = shares[[by, "models", "total", "low", "high"]]
    return rows.assign(**{by: rows[by].map(escape)}).to_numpy(object)


def _sized(figure: go.Figure, rows: int) -> go.Figure:
    """Give every bar the same height, on screen and in a paper."""
    inches = min(5.0, 0.7 + 0.22 * max(1, rows))
    paper = {"paper_inches": {"single": inches, "double": inches}}
    return figure.update_layout(height=100 + BAR_PX * max(1, rows), meta=paper)
