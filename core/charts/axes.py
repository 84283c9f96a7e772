"""What the axes of a model chart say: costs with units, metrics with their direction.
Knows the columns of a model table.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts.theme import escape

COSTS = {
    "params": ("Parameters", ""),
    "gmacs": ("Multiply–accumulates (GMACs)", ""),
    "gips": ("Operations (GIPS)", ""),
    "file_size_bytes": ("File size", "B"),
}
METRICS = {
    "acc@1": "Top-1 accuracy",
    "acc@5": "Top-5 accuracy",
    "miou": "Mean IoU",
    "pixel_acc": "Pixel accuracy",
    "box_map": "Box mAP",
    "mask_map": "Mask mAP",
    "keypoint_map": "Keypoint mAP",
    "epe": "End-point error (px)",
    "epe_final": "End-point error, final pass (px)",
    "kitti_epe": "End-point error, KITTI (px)",
    "fl_all": "Outlier pixels",
}
LOWER_IS_BETTER = frozenset({"epe", "epe_final", "kitti_epe", "fl_all"})
IN_PIXELS = frozenset({"epe", "epe_final", "kitti_epe"})


@dataclass(frozen=True)
class Metric:
    """What the vertical axis measures."""

    title: str
    is_fraction: bool = True
    lower_is_better: bool = False


def metric_of(models: pd.DataFrame, y: str = "accuracy") -> Metric:
    """Name the vertical axis from the table's own metric and dataset, where each is
    one.

    >>> metric_of(pd.DataFrame({"metric": ["acc@1"], "dataset": ["ImageNet-1K"]})).title
    'Top-1 accuracy on ImageNet-1K'
    """
    key = (_only(models, "metric") if y == "accuracy" else None) or y
    title = METRICS.get(key, key.replace("_", " ").capitalize())
    dataset = _only(models, "dataset")
    return Metric(
        escape(f"{title} on {dataset}" if dataset else title),
        is_fraction=key not in IN_PIXELS,
        lower_is_better=key in LOWER_IS_BETTER,
    )


def set_axes(
    figure: go.Figure, rows: pd.DataFrame, x: str, y: str, log_x: bool, metric: Metric
) -> None:
    """Title, scale and range both axes; the top leaves room for names."""
    title, unit = COSTS.get(x, (escape(x.replace("_", " ").capitalize()), ""))
    figure.update_xaxes(
        title_text=title,
        type="log" if log_x else "linear",
        range=_range(rows[x], log_x),
        exponentformat="B" if not unit else "SI",
        minor={"ticks": "outside", "ticklen": 2} if log_x else None,
        ticksuffix=unit,
    )
    figure.update_yaxes(
        title_text=metric.title,
        range=_range(rows[y], False),
        tickformat="~%" if metric.is_fraction else None,
    )


def _range(values: pd.Series, log: bool) -> list[float]:
    if values.empty:
        return [6, 9] if log else [0, 1]
    ends = np.array([values.min(), values.max()], float)
    low, high = np.log10(ends) if log else ends
    padding = 0.05 * (high - low) or (0.5 if log else 0.1 * abs(high) or 1)
    return [low - padding, high + 2.2 * padding]


def _only(models: pd.DataFrame, column: str) -> str | None:
    values = models[column].dropna().unique() if column in models else ()
    return str(values[0]) or None if len(values) == 1 else None
