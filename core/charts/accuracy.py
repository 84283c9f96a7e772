"""Accuracy against cost: every model a point, the Pareto front a step line. Knows the
columns of a model table, not where it came from.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts.axes import Metric, axes_of, metric_of
from core.charts.hover import hover_card
from core.charts.labels import Canvas, relabel
from core.charts.layers import (
    front_layer,
    label_layer,
    own_layer,
    pick_layer,
    trend_layers,
)
from core.charts.theme import REST, SCREEN, Style, escape, family_styles, resolve
from core.numerals import compact, percent

SCREEN_CANVAS = Canvas(width=860, height=340, font_px=11)
PLAIN_PRETRAINING = frozenset({"", "none", "none named", "imagenet-1k", "in-1k"})
OTHERS = {
    "family": "Other families",
    "table": "Other sources",
    "pretraining": "Other pre-training",
    "licence": "Other licenses",
    "protocol": "Protocol not stated",
}


def accuracy_vs_cost(
    models: pd.DataFrame,
    *,
    x: str = "params",
    y: str = "accuracy",
    log_x: bool = True,
    front: pd.Index | None = None,
    picked: Sequence[str] = (),
    color: str = "family",
    size: str | None = None,
    trends: pd.DataFrame | None = None,
    own: pd.DataFrame | None = None,
    highlighted: Sequence[str] | None = None,
    metric: Metric | None = None,
    higher_x_is_better: bool = False,
    template: str | go.layout.Template = SCREEN,
) -> go.Figure:
    """Scatter column `y` against the cost `x`, one look per value of `color`.

    `front` holds index labels of `models`; `picked` holds ids; `trends` is a frame of
    core.tables.trend; `own` is a person's own rows, drawn over all. `customdata[0]` of
    every point is its id. Points are SVG even when there are thousands: WebGL would
    print as a bitmap, and 1,556 points draw in well under half a second.
    """
    metric = metric or metric_of(models, y)
    rows = models.loc[_drawable(models, x, y, log_x)]
    mine = rows[:0] if own is None else own.loc[_drawable(own, x, y, log_x)]
    styles = family_styles(
        frequent_families(rows, by=color) if highlighted is None else highlighted
    )
    on_front = rows.index.isin([] if front is None else front)
    is_picked = rows["id"].isin(list(picked)).to_numpy()
    layers = _point_layers(rows, x, y, color, size, styles, on_front, front, metric)
    if trends is not None:
        layers += trend_layers(trends, styles, metric)
    if on_front.any():
        layers.append(front_layer(rows[on_front], x, y, higher_x_is_better))
    if len(mine):
        layers.append(own_layer(mine, x, y, metric))
    if is_picked.any():
        layers.append(pick_layer(rows[is_picked], x, y))
    named = rows.loc[on_front | is_picked, list(dict.fromkeys(["id", "name", x, y]))]
    if len(named):
        layers.append(label_layer(named, x, y, picked, metric))
    within = pd.concat([rows[[x, y]], mine[[x, y]]]) if len(mine) else rows[[x, y]]
    axes = axes_of(rows, x, y, log_x, metric, within=within)
    layout = {"template": resolve(template), "uirevision": "models", **axes}
    figure = go.Figure(layers, layout)
    return relabel(figure, SCREEN_CANVAS, limit=10)


def frequent_families(
    models: pd.DataFrame, limit: int = 7, *, by: str = "family"
) -> list[str]:
    """Return the families, or values of `by`, with most rows, ties by name.

    >>> frequent_families(pd.DataFrame({"family": ["ViT", "ResNet", "ViT"]}))
    ['ViT', 'ResNet']
    """
    counts = models[by].replace("", None).dropna().value_counts()
    return sorted(counts.index, key=lambda value: (-counts[value], value))[:limit]


def has_extra_pretraining(models: pd.DataFrame) -> pd.Series:
    """Tell which models saw more than their benchmark's own training set."""
    if "pretraining" not in models:
        return pd.Series(False, index=models.index)
    named = models["pretraining"].astype("string").fillna("").str.strip().str.lower()
    return ~named.isin(PLAIN_PRETRAINING)


def _drawable(models: pd.DataFrame, x: str, y: str, log_x: bool) -> pd.Series:
    known = models[x].notna() & models[y].notna()
    return known & (models[x] > 0) if log_x else known


def _point_layers(
    rows: pd.DataFrame,
    x: str,
    y: str,
    color: str,
    size: str | None,
    styles: dict[str, Style],
    on_front: np.ndarray,
    front: pd.Index | None,
    metric: Metric,
) -> list[dict]:
    """Return two traces a group: its points, and its entry in the legend."""
    if rows.empty:
        return []
    write = percent if metric.is_fraction else compact
    cards, template = hover_card(rows, metric.title, rows[y].map(write))
    carried = cards.to_numpy(object)
    values = rows[color].tolist()
    rest = OTHERS.get(color, "Others")
    groups = np.array([v if v in styles else rest for v in values], object)
    opens = has_extra_pretraining(rows).to_numpy(bool)
    opacity = np.where(on_front, 1.0, 0.85 if front is None else 0.65)
    sizes = _marker_sizes(rows, size, on_front)
    across, up = rows[x].to_numpy(float), rows[y].to_numpy(float)
    layers = []
    for group in _legend_order(groups, styles):
        style, at = styles.get(group, REST), groups == group
        layers.append(
            {
                "type": "scatter", "mode": "markers", "name": escape(group),
                "legendgroup": escape(group), "showlegend": False,
                "x": across[at], "y": up[at], "customdata": carried[at],
                "hovertemplate": template,
                "marker": _marker(style, opens[at]) | {
                    "size": _one_for_all(sizes[at]),
                    "opacity": _one_for_all(opacity[at]),
                },
            }
        )  # fmt: skip
        layers.append(_legend_entry(escape(group), style))
    if opens.any():
        hollow = Style(REST.color, "circle-open")
        layers.append(_legend_entry("Extra pre-training data", hollow))
    return layers


def _marker(style: Style, opens: np.ndarray) -> dict:
    return {
        "color": style.color,
        "symbol": _one_for_all(np.where(opens, f"{style.symbol}-open", style.symbol)),
        "line": {
            "width": _one_for_all(np.where(opens, 1.5, 0.0)), "color": style.color,
        },
    }  # fmt: skip


def _one_for_all(values: np.ndarray) -> np.ndarray | object:
    """Return the one value that all share: browsers draw such points sooner."""
    return values[0].item() if (values == values[0]).all() else values


def _marker_sizes(rows, size: str | None, on_front: np.ndarray) -> np.ndarray:
    base = np.full(len(rows), 7.0)
    if size is not None:
        root = np.sqrt(rows[size].astype(float).clip(lower=0).fillna(0))
        base = 5 + 17 * (root / (root.max() or 1)).to_numpy()
    return base + np.where(on_front, 2.0, 0.0)


def _legend_order(groups: np.ndarray, styles: dict[str, Style]) -> list[str]:
    present = set(groups)
    rest = sorted(present - styles.keys())
    return rest + [group for group in styles if group in present]


def _legend_entry(name: str, style: Style) -> dict:
    return {
        "type": "scatter", "mode": "markers", "name": name, "legendgroup": name,
        "x": [None], "y": [None], "hoverinfo": "skip",
        "legendrank": 1001 if style.color == REST.color else 1000,
        "marker": {"color": style.color, "symbol": style.symbol, "size": 9},
    }  # fmt: skip
