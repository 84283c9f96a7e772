"""One derived model, layer by layer: how far each tensor moved from the base. Knows a
frame of tensors, not the files.
"""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts.cells import VERDICTS
from core.charts.theme import SCREEN, escape, resolve

METRIC_TITLES = {
    "relative_l2": "Relative change ‖child − base‖ / ‖base‖",
    "fraction_changed": "Share of values changed",
    "cosine": "Cosine of base and child",
    "mse": "Mean squared difference",
    "mean_abs_diff": "Mean absolute difference",
    "max_abs_diff": "Largest absolute difference",
    "min_abs_diff": "Smallest absolute difference",
    "sign_flips": "Share of signs flipped",
    "bit_distance": "Differing bits per value",
}
LEAST_ANGLE = 1e-8
"""What 1 − cosine counts as where rounding hides that a tensor changed."""
SYMBOLS = {True: "circle", False: "circle-open"}
COLORS = {verdict.word: verdict.color for verdict in VERDICTS.values()} | {
    "removed": "#8A8F98"
}
ORDER = ("equal", "changed", "reshaped", "added", "removed", "unknown")


def layer_profile(
    tensors: pd.DataFrame,
    *,
    metric: str = "relative_l2",
    template: str | go.layout.Template = SCREEN,
) -> go.Figure:
    """Draw each tensor's distance from the base over its block, in forward order.

    `tensors` has block, name, order, verdict, is_parameter and perhaps the metric; with
    no metric measured, bars count the verdicts of each block instead.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "profile"})
    ordered = tensors.sort_values("order", kind="stable")
    blocks = [escape(block) for block in ordered["block"].unique()]
    figure.update_xaxes(
        type="category", categoryorder="array", categoryarray=blocks, title_text="Layer"
    )
    is_measured = metric in ordered and ordered[metric].notna().any()
    if is_measured:
        _add_distances(figure, ordered.dropna(subset=[metric]), metric)
    else:
        _add_counts(figure, ordered)
    return figure


def delta_histogram(
    tensors: pd.DataFrame,
    *,
    metric: str = "relative_l2",
    bins: int = 24,
    template: str | go.layout.Template = SCREEN,
) -> go.Figure:
    """Count tensors by how far they moved, on a log scale, with those at zero apart.

    Of the cosine, which is 1 where nothing moved, 1 − cosine is counted.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "deltas"})
    figure.update_yaxes(title_text="Tensors", rangemode="nonnegative")
    title = METRIC_TITLES.get(metric, escape(metric))
    is_cosine = metric == "cosine"
    figure.update_xaxes(title_text=f"1 − {title.lower()}" if is_cosine else title)
    values = _distances(tensors, metric)
    counts, edges = log_histogram(values, bins)
    width = edges[1] - edges[0]
    figure.add_bar(
        x=(edges[:-1] + edges[1:]) / 2, y=counts, width=width, name="changed",
        marker={"color": COLORS["changed"], "line": {"width": 0}},
        hovertemplate="%{y} tensors near 10^%{x:.1f}<extra></extra>",
    )  # fmt: skip
    aside = edges[0] - 2 * width
    figure.add_bar(
        x=[aside], y=[int((values == 0).sum())], width=1.5 * width, name="equal",
        marker={"color": COLORS["equal"], "line": {"width": 0}},
        hovertemplate="%{y} tensors unchanged<extra></extra>",
    )  # fmt: skip
    ticks = _log_ticks(edges[0], edges[-1])
    figure.update_xaxes(
        tickvals=[aside, *np.log10(ticks)],
        ticktext=[
            "0",
            *(f"{tick:.0e}" if tick < 1e-3 else f"{tick:g}" for tick in ticks),
        ],
    )
    return figure


def log_histogram(values: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Return counts (bins,) and edges (bins + 1,) of log10 of the positive values.

    >>> log_histogram(np.array([0.01, 0.1, 0.0]), 2)[0].tolist()
    [1, 1]
    """
    positive = np.log10(values[values > 0])
    if len(positive) == 0:
        return np.zeros(bins, int), np.linspace(-4, 0, bins + 1)
    return np.histogram(positive, bins)


def _distances(tensors: pd.DataFrame, metric: str) -> np.ndarray:
    """Return how far each measured tensor is from the base; 0 is where it was."""
    if metric not in tensors:
        return np.empty(0)
    measured = tensors.dropna(subset=[metric])
    values = measured[metric].to_numpy(float)
    if metric != "cosine":
        return values
    is_equal = (measured["verdict"] == "equal").to_numpy()
    return np.where(is_equal, 0.0, np.maximum(1 - values, LEAST_ANGLE))


def _log_ticks(low: float, high: float) -> np.ndarray:
    """Return powers of ten between two exponents; with 2 and 5 where those are few.

    >>> _log_ticks(-2.5, 0.1).tolist(), _log_ticks(-0.9, -0.1).tolist()
    ([0.01, 0.1, 1.0], [0.2, 0.5])
    """
    exponents = np.arange(np.floor(low), np.ceil(high) + 1)
    steps = (1,) if high - low > 2 else (1, 2, 5)
    ticks = np.sort([step * 10.0**exponent for exponent in exponents for step in steps])
    return ticks[(np.log10(ticks) >= low) & (np.log10(ticks) <= high)]


def _add_distances(figure: go.Figure, tensors: pd.DataFrame, metric: str) -> None:
    for verdict in _present(tensors):
        rows = tensors[tensors["verdict"] == verdict]
        figure.add_scatter(
            x=rows["block"].map(escape), y=rows[metric], mode="markers", name=verdict,
            customdata=rows[["name"]].map(escape).to_numpy(object),
            hovertemplate="<b>%{customdata[0]}</b><br>%{x}: %{y:.3g}<extra></extra>",
            marker={"color": COLORS[verdict], "size": 7, "opacity": 0.75,
                    "symbol": rows["is_parameter"].map(bool).map(SYMBOLS)},
        )  # fmt: skip
    medians = tensors.groupby("block", sort=False)[metric].median()
    figure.add_scatter(
        x=[escape(block) for block in medians.index], y=medians, mode="lines",
        name="median of the layer", hoverinfo="skip",
        line={"color": COLORS["removed"], "width": 1.2},
    )  # fmt: skip
    title = METRIC_TITLES.get(metric, escape(metric))
    figure.update_yaxes(title_text=title, rangemode="tozero")


def _add_counts(figure: go.Figure, tensors: pd.DataFrame) -> None:
    for verdict in _present(tensors):
        rows = tensors[tensors["verdict"] == verdict]
        counts = rows["block"].value_counts(sort=False)
        figure.add_bar(
            x=[escape(block) for block in counts.index], y=counts, name=verdict,
            marker={"color": COLORS[verdict], "line": {"width": 0}},
            hovertemplate=f"%{{x}}: %{{y}} {verdict}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(barmode="stack", legend_traceorder="normal", showlegend=True)
    figure.update_yaxes(title_text="Tensors")


def _present(tensors: pd.DataFrame) -> list[str]:
    found = set(tensors["verdict"])
    return [verdict for verdict in ORDER if verdict in found]
