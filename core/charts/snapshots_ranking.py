"""Snapshots ranked on a data set: the score of each, the best on top, colored by how
deep it was retrained. Knows a frame of ranks.
"""

import pandas as pd
import plotly.graph_objects as go

from core.charts.labels import shorten
from core.charts.theme import GREY, SCREEN, escape, resolve

LABEL_LENGTH = 36
COLORBAR = {
    "title": {"text": "Retrain index", "side": "top"}, "dtick": 1, "thickness": 8,
    "orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom",
    "len": 0.6,
}  # fmt: skip
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
    index (a base, a mask) is grey. Hollow points saw fewer images than the first.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": title})
    best = rows.dropna(subset=["score"]).head(MOST)
    most = best["images"].max() if len(best) else 0
    indices = pd.to_numeric(best["retrain_index"], errors="coerce")
    for known, part in best.groupby(indices.notna(), sort=False):
        symbols = ["circle" if n == most else "circle-open" for n in part["images"]]
        color = {"color": GREY}
        if known:
            color = {
                "color": indices[part.index], "colorscale": "Cividis",
                "cmin": 0, "cmax": max(indices.max(), 1),
                "colorbar": COLORBAR,
            }  # fmt: skip
        figure.add_scatter(
            x=part["score"], y=_labels(part["id"]), mode="markers", showlegend=False,
            marker={"size": 11, "symbol": symbols, **color},
            customdata=part[["rank", "images", "retrain_index"]]
            .astype(object).fillna("none").to_numpy(object),
            hovertemplate="<b>%{y}</b><br>rank %{customdata[0]}, score %{x:.5g}<br>"
            "%{customdata[1]:,} images, index %{customdata[2]}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title_text=escape(title))
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=_labels(best["id"]),
        autorange="reversed", ticks="",
    )  # fmt: skip
    inches = 1.3 + 0.17 * max(2, len(best))
    return figure.update_layout(
        meta={"paper_inches": dict.fromkeys(("single", "double"), min(inches, 8))},
        height=170 + 22 * max(2, len(best)),
    )


def _labels(names: pd.Series) -> list[str]:
    return [escape(shorten(str(name), LABEL_LENGTH)) for name in names]
