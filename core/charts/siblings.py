"""How far the children of a base are from each other: a matrix in the order of its
dendrogram, which stands above it. Knows distances and names, not checkpoints.
"""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts.labels import shorten
from core.charts.theme import GREY, SCREEN, escape, resolve

ROWS = 300
"""More models than this are drawn as so many clusters."""

NAMES_UP_TO_ROWS = 60
LABEL_LENGTH = 28
FARTHEST = 1.5
COLORS = ((0.0, "#0B3C8C"), (0.45, "#5E9BE6"), (1.0, "#E3ECF7"))


def sibling_matrix(
    distances: pd.DataFrame,
    linkage: np.ndarray,
    *,
    template: str | go.layout.Template = SCREEN,
) -> go.Figure:
    """Draw the distances between models and the dendrogram of their linkage.

    `distances` is square, in the order of the leaves of `linkage` (scipy's, average).
    Above ROWS models, neighbors in the dendrogram are drawn as one, by their mean.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "siblings"})
    names = [str(name) for name in distances.index]
    apart = distances.to_numpy(float)
    if len(names) > ROWS:
        names, apart, linkage = _clusters(names, apart, linkage)
    labels = [escape(name) for name in names]
    figure.add_heatmap(
        x=labels, y=labels, z=np.round(apart, 3).astype(np.float32), zmin=0,
        zmax=FARTHEST, colorscale=COLORS, xgap=0.5, ygap=0.5,
        colorbar={"title": {"text": "Distance", "side": "right"}, "thickness": 10,
                  "len": 0.8, "y": 0.4, "outlinewidth": 0},
        hovertemplate="%{y}<br>%{x}<br>distance %{z:.2f}<extra></extra>",
    )  # fmt: skip
    if len(linkage):
        _draw_dendrogram(figure, linkage)
    _axes(figure, names)
    return figure


def _clusters(
    names: list[str], apart: np.ndarray, linkage: np.ndarray
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Cut the tree into ROWS clusters, in its order, and average within them."""
    from scipy.cluster.hierarchy import fcluster, leaves_list
    from scipy.cluster.hierarchy import linkage as link
    from scipy.spatial.distance import squareform

    codes = pd.factorize(fcluster(linkage, ROWS, "maxclust"))[0]
    sizes = np.bincount(codes).astype(float)
    member = np.zeros((len(sizes), len(names)))
    member[codes, np.arange(len(names))] = 1
    mean = member @ apart @ member.T / np.outer(sizes, sizes)
    firsts = [names[int(row.argmax())] for row in member]
    told = [
        first if size == 1 else f"{first} and {int(size) - 1:,} more"
        for first, size in zip(firsts, sizes, strict=True)
    ]
    between = mean - np.diag(np.diag(mean))
    between = (between + between.T) / 2
    tree = link(squareform(between, checks=False), method="average")
    order = leaves_list(tree)
    place = np.argsort(order)
    leaf = tree[:, :2] < len(order)
    tree[:, :2][leaf] = place[tree[:, :2][leaf].astype(int)]
    return [told[at] for at in order], mean[np.ix_(order, order)], tree


def _draw_dendrogram(figure: go.Figure, linkage: np.ndarray) -> None:
    from scipy.cluster.hierarchy import dendrogram

    drawn = dendrogram(linkage, no_plot=True)
    gap = np.full((len(drawn["icoord"]), 1), np.nan)
    across = (np.array(drawn["icoord"]) - 5) / 10  # scipy's leaves are 10 apart
    figure.add_scatter(
        x=np.hstack([across, gap]).ravel(),
        y=np.hstack([np.array(drawn["dcoord"]), gap]).ravel(),
        xaxis="x2", yaxis="y2", mode="lines", hoverinfo="skip", showlegend=False,
        line={"color": GREY, "width": 1},
    )  # fmt: skip


def _axes(figure: go.Figure, names: list[str]) -> None:
    count = len(names)
    shown = count <= NAMES_UP_TO_ROWS
    ticks = [escape(shorten(name, LABEL_LENGTH)) for name in names]
    side = {"type": "category", "showgrid": False, "fixedrange": True,
            "showticklabels": shown, "ticks": "outside" if shown else "",
            "tickvals": list(range(count)), "ticktext": ticks}  # fmt: skip
    above = {"showgrid": False, "fixedrange": True, "showline": False, "ticks": "",
             "showticklabels": False}  # fmt: skip
    figure.update_layout(
        xaxis=side | {"domain": [0, 1], "tickangle": -90},
        yaxis=side | {"domain": [0, 0.8], "autorange": "reversed"},
        xaxis2=above | {"range": [-0.5, count - 0.5], "anchor": "y2"},
        yaxis2=above | {"domain": [0.82, 1], "rangemode": "tozero"},
        height=int(np.clip(330 + 16 * count, 400, 860)),
        meta={"paper_inches": {"single": 3.6, "double": 6.6}},
    )
