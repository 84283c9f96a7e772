"""Accuracy against cost: every model a point, the Pareto front a step line. Knows the
columns of a model table, not where it came from.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts.axes import Metric, metric_of, set_axes
from core.charts.hover import compact, hover_card, percent
from core.charts.labels import Canvas, relabel
from core.charts.theme import (
    GREY,
    REST,
    SCREEN,
    Style,
    escape,
    family_styles,
    resolve,
)

PICK_COLOR = "#D81B60"
SCREEN_CANVAS = Canvas(width=860, height=340, font_px=11)
PLAIN_PRETRAINING = frozenset({"", "none", "none named", "imagenet-1k", "in-1k"})


def accuracy_vs_cost(
    models: pd.DataFrame,
    *,
    x: str = "params",
    y: str = "accuracy",
    log_x: bool = True,
    front: pd.Index | None = None,
    picked: Sequence[str] = (),
    size: str | None = None,
    highlighted: Sequence[str] | None = None,
    metric: Metric | None = None,
    higher_x_is_better: bool = False,
    template: str | go.layout.Template = SCREEN,
) -> go.Figure:
    """Scatter column `y` against the cost `x`, one color and symbol per family.

    `front` holds index labels of `models`; `picked` holds ids. `customdata[0]` of every
    point is its id. Points are SVG even when there are thousands: WebGL would print as
    a bitmap, and 1,556 points draw in well under half a second.
    """
    metric = metric or metric_of(models, y)
    rows = models.loc[_drawable(models, x, y, log_x)]
    styles = family_styles(
        frequent_families(rows) if highlighted is None else highlighted
    )
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "models"})
    set_axes(figure, rows, x, y, log_x, metric)
    if rows.empty:
        return figure
    on_front = rows.index.isin(front) if front is not None else None
    _add_families(figure, rows, x, y, size, styles, on_front, metric)
    if front is not None and on_front.any():
        _add_front(figure, rows[on_front], x, y, higher_x_is_better)
    _add_picks(figure, rows[rows["id"].isin(list(picked))], x, y)
    named = rows["id"].isin(list(picked)) | (False if front is None else on_front)
    _add_labels(figure, rows[named], x, y, picked, metric)
    return relabel(figure, SCREEN_CANVAS, limit=10)


def frequent_families(models: pd.DataFrame, limit: int = 7) -> list[str]:
    """Return the families with most rows, ties by name.

    >>> frequent_families(pd.DataFrame({"family": ["ViT", "ResNet", "ViT"]}))
    ['ViT', 'ResNet']
    """
    counts = models["family"].replace("", None).dropna().value_counts()
    return sorted(counts.index, key=lambda family: (-counts[family], family))[:limit]


def has_extra_pretraining(models: pd.DataFrame) -> pd.Series:
    """Tell which models saw more than their benchmark's own training set."""
    if "pretraining" not in models:
        return pd.Series(False, index=models.index)
    named = models["pretraining"].astype("string").fillna("").str.strip().str.lower()
    return ~named.isin(PLAIN_PRETRAINING)


def _drawable(models: pd.DataFrame, x: str, y: str, log_x: bool) -> pd.Series:
    known = models[x].notna() & models[y].notna()
    return known & (models[x] > 0) if log_x else known


def _add_families(figure, rows, x, y, size, styles, on_front, metric) -> None:
    write = percent if metric.is_fraction else compact
    cards, template = hover_card(rows, metric.title, rows[y].map(write))
    looks = rows["family"].map(lambda family: styles.get(family, REST))
    opacity = np.where(on_front, 1.0, 0.65) if on_front is not None else 0.85
    drawn = rows.assign(
        _open=has_extra_pretraining(rows),
        _opacity=opacity,
        _size=_marker_sizes(rows, size, on_front),
        _family=rows["family"].where(looks != REST, "Other families"),
    )
    for family in _legend_order(drawn["_family"], styles):
        style = styles.get(family, REST)
        members = drawn[drawn["_family"] == family]
        figure.add_scatter(
            x=members[x], y=members[y], mode="markers", name=escape(family),
            legendgroup=escape(family), showlegend=False,
            customdata=cards.loc[members.index].to_numpy(object),
            hovertemplate=template,
            marker=_marker(style, members),
        )  # fmt: skip
        _add_legend(figure, escape(family), style)
    if drawn["_open"].any():
        hollow = Style(REST.color, "circle-open")
        _add_legend(figure, "Extra pre-training data", hollow)


def _marker(style: Style, members: pd.DataFrame) -> dict:
    symbols = np.where(members["_open"], f"{style.symbol}-open", style.symbol)
    width = np.where(members["_open"], 1.5, 0.0)
    return {
        "color": style.color,
        "symbol": symbols,
        "size": members["_size"],
        "opacity": members["_opacity"],
        "line": {"width": width, "color": style.color},
    }


def _marker_sizes(rows, size: str | None, on_front) -> np.ndarray:
    base = np.full(len(rows), 7.0)
    if size is not None:
        root = np.sqrt(rows[size].astype(float).clip(lower=0).fillna(0))
        base = 5 + 17 * (root / (root.max() or 1)).to_numpy()
    return base + (np.where(on_front, 2.0, 0.0) if on_front is not None else 0)


def _legend_order(families: pd.Series, styles: dict[str, Style]) -> list[str]:
    present = set(families.dropna())
    rest = sorted(present - styles.keys())
    return rest + [family for family in styles if family in present]


def _add_legend(figure: go.Figure, name: str, style: Style) -> None:
    figure.add_scatter(
        x=[None], y=[None], mode="markers", name=name, legendgroup=name,
        hoverinfo="skip", legendrank=1001 if style.color == REST.color else 1000,
        marker={"color": style.color, "symbol": style.symbol, "size": 9},
    )  # fmt: skip


def _add_front(figure, front: pd.DataFrame, x, y, higher_x_is_better: bool) -> None:
    ordered = front.sort_values([x, y], ascending=not higher_x_is_better)
    figure.add_scatter(
        x=ordered[x], y=ordered[y], mode="lines", name="Pareto front",
        line={"shape": "hv", "width": 1.2, "color": GREY},
        hoverinfo="skip", legendrank=1002,
    )  # fmt: skip


def _add_picks(figure, picks: pd.DataFrame, x: str, y: str) -> None:
    if picks.empty:
        return
    figure.add_scatter(
        x=picks[x], y=picks[y], mode="markers", name="picked", showlegend=False,
        hoverinfo="skip", customdata=picks[["id"]].to_numpy(object),
        marker={"symbol": "circle-open", "size": 18, "color": PICK_COLOR,
                "line": {"width": 2.5}},
    )  # fmt: skip


def _add_labels(figure, named: pd.DataFrame, x, y, picked, metric: Metric) -> None:
    if named.empty:
        return
    is_picked = named["id"].isin(list(picked))
    best_first = named.sort_values(y, ascending=metric.lower_is_better)
    order = pd.concat(
        [named[is_picked], _spread(best_first[~is_picked.loc[best_first.index]], x, y)]
    )
    texts = order.get("name", order["id"]).map(escape).tolist()
    figure.add_scatter(
        x=order[x], y=order[y], mode="markers+text", name="labels", showlegend=False,
        hoverinfo="skip", customdata=order[["id"]].to_numpy(object), meta=texts,
        text=texts, marker={"opacity": 0, "size": 6},
    )  # fmt: skip


def _spread(rows: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """Order rows so that each is the farthest from all before it (Gonzalez 1985)."""
    if len(rows) < 3:
        return rows
    spots = np.column_stack([rows[x].rank(), rows[y].rank()])
    order = [0]
    nearest = np.abs(spots - spots[0]).sum(axis=1)
    while len(order) < len(rows):
        order.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.abs(spots - spots[order[-1]]).sum(axis=1))
        nearest[order] = -1
    return rows.iloc[order]
