"""Snapshots ranked on a dataset: the score of each, the best on top, colored by how
deep it was retrained. Knows a frame of ranks.
"""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from core.charts.labels import shorten
from core.charts.theme import GREY, INK_LIGHT, SCREEN, escape, resolve

LABEL_LENGTH = 36
NO_INDEX = -1
LEGEND_MOST = 12
MOST = 40
"""More snapshots than this are not drawn; the table has all."""


def snapshot_ranking(
    rows: pd.DataFrame,
    *,
    title: str,
    template: str | go.layout.Template = SCREEN,
) -> go.Figure:
    """Draw the score of each of the best snapshots.

    `rows` is `Ranking.rows`: rank, id, score, images and retrain_index; one without an
    index (a base, a mask) is a diamond. Hollow points saw fewer images than the first.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": title})
    best = rows.dropna(subset=["score"]).head(MOST)
    most = best["images"].max() if len(best) else 0
    indices = pd.to_numeric(best["retrain_index"], errors="coerce")
    colors = _colors(sorted(indices.dropna().unique()))
    for index, part in best.groupby(indices.fillna(NO_INDEX)):
        shape = "diamond" if index == NO_INDEX else "circle"
        symbols = [shape if n == most else f"{shape}-open" for n in part["images"]]
        figure.add_scatter(
            x=part["score"], y=_labels(part["id"]), mode="markers",
            name="no index" if index == NO_INDEX else f"index {index:.0f}",
            marker={"size": 10, "symbol": symbols, "color": colors.get(index, GREY),
                    "line": {"width": 1, "color": INK_LIGHT}},
            customdata=part[["rank", "images"]].to_numpy(object),
            hovertemplate="<b>%{y}</b><br>rank %{customdata[0]}, score %{x:.5g}<br>"
            "%{customdata[1]:,} images<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.update_xaxes(title_text=escape(title))
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=_labels(best["id"]),
        autorange="reversed", ticks="",
    )  # fmt: skip
    inches = 1.0 + 0.17 * max(2, len(best))
    return figure.update_layout(
        meta={"paper_inches": dict.fromkeys(("single", "double"), min(inches, 8))},
        height=140 + 22 * max(2, len(best)), showlegend=len(colors) <= LEGEND_MOST,
    )  # fmt: skip


def _colors(indices: Sequence[float]) -> dict[float, str]:
    """Give the indices colors from dark to light."""
    last = max(indices, default=0) or 1
    return {
        index: sample_colorscale("Cividis", [0.15 + 0.75 * index / last])[0]
        for index in indices
    }


def _labels(names: pd.Series) -> list[str]:
    return [escape(shorten(str(name), LABEL_LENGTH)) for name in names]
