"""What lies over the points of a model chart: the front, trends, picked models, a
person's own results, names. Each is one trace, as plain properties.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.charts.axes import Metric
from core.charts.theme import GREY, REST, Style, escape
from core.numerals import compact, percent

PICK_COLOR = "#D81B60"
OWN_COLOR = "#D81B60"
OWN_NAME = "Your results"


def front_layer(
    front: pd.DataFrame, x: str, y: str, higher_x_is_better: bool = False
) -> dict:
    """Draw the Pareto front as a step line."""
    ordered = front[[x, y]].sort_values([x, y], ascending=not higher_x_is_better)
    return {
        "type": "scatter", "mode": "lines", "name": "Pareto front",
        "x": ordered[x], "y": ordered[y], "hoverinfo": "skip", "legendrank": 1002,
        "line": {"shape": "hv", "width": 1.2, "color": GREY},
    }  # fmt: skip


def trend_layers(
    trends: pd.DataFrame, styles: dict[str, Style], metric: Metric
) -> list[dict]:
    """Draw the line and the band of every group that has a color of its own."""
    layers = []
    for group, rows in trends.groupby("group", sort=False):
        style = styles.get(group, REST)
        if style is REST:
            continue
        along, back = rows["x"].to_numpy(float), rows["x"].to_numpy(float)[::-1]
        low, high = rows["low"].to_numpy(float), rows["high"].to_numpy(float)
        name = escape(group)
        shared = {"type": "scatter", "showlegend": False, "legendgroup": name}
        layers.append(
            shared | {
                "mode": "none", "name": f"{name}, band", "fill": "toself",
                "x": np.concatenate([along, back]),
                "y": np.concatenate([high, low[::-1]]),
                "fillcolor": _faint(style.color), "hoverinfo": "skip",
            }
        )  # fmt: skip
        layers.append(
            shared | {
                "mode": "lines", "name": f"{name}, trend",
                "x": along, "y": rows["y"].to_numpy(float),
                "line": {"color": style.color, "width": 1.6, "dash": "dash"},
                "hoverinfo": "text", "text": f"{name}: {_steepness(rows, metric)}",
            }
        )  # fmt: skip
    return layers


def own_layer(own: pd.DataFrame, x: str, y: str, metric: Metric) -> dict:
    """Draw a person's own results over all others."""
    write = percent if metric.is_fraction else compact
    cards = [
        f"<b>{escape(name)}</b><br>{metric.title}: {write(value)}"
        for name, value in zip(own["name"], own[y], strict=True)
    ]
    return {
        "type": "scatter", "mode": "markers", "name": OWN_NAME, "legendgroup": OWN_NAME,
        "x": own[x].to_numpy(float), "y": own[y].to_numpy(float), "text": cards,
        "hovertemplate": "%{text}<extra></extra>", "legendrank": 999,
        "marker": {"symbol": "star-diamond", "size": 14, "color": OWN_COLOR,
                   "line": {"width": 1, "color": "white"}},
    }  # fmt: skip


def pick_layer(picks: pd.DataFrame, x: str, y: str) -> dict:
    """Ring the models that a person picked."""
    return {
        "type": "scatter", "mode": "markers", "name": "picked", "showlegend": False,
        "x": picks[x], "y": picks[y], "hoverinfo": "skip",
        "customdata": picks[["id"]].to_numpy(object),
        "marker": {"symbol": "circle-open", "size": 18, "color": PICK_COLOR,
                   "line": {"width": 2.5}},
    }  # fmt: skip


def label_layer(
    named: pd.DataFrame, x: str, y: str, picked: Sequence[str], metric: Metric
) -> dict:
    """Name models; the order says which names matter most where room is short."""
    is_picked = named["id"].isin(list(picked))
    best_first = named.sort_values(y, ascending=metric.lower_is_better)
    order = pd.concat(
        [named[is_picked], _spread(best_first[~is_picked.loc[best_first.index]], x, y)]
    )
    texts = order.get("name", order["id"]).map(escape).tolist()
    return {
        "type": "scatter", "mode": "markers+text", "name": "labels",
        "showlegend": False, "x": order[x], "y": order[y], "hoverinfo": "skip",
        "customdata": order.assign(is_picked=order["id"].isin(list(picked)))[
            ["id", "is_picked"]
        ].to_numpy(object),
        "meta": texts, "text": texts,
        "marker": {"opacity": 0, "size": 6},
    }  # fmt: skip


def _steepness(rows: pd.DataFrame, metric: Metric) -> str:
    """Say how steep a trend is and how well it fits."""
    slope = rows["slope"].iloc[0]
    grows = f"{100 * slope:+.1f} points" if metric.is_fraction else f"{slope:+.3g}"
    return f"{grows} a decade, R² {rows['r_squared'].iloc[0]:.2f}"


def _faint(color: str) -> str:
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.15)"


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
