"""What the axes of a model chart say: quantities with units, and their direction.
Knows the columns of a model table.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.charts.theme import escape
from core.tables.schema import COLUMNS

COSTS = (
    "params", "gmacs", "gips", "throughput", "file_size_bytes", "macts", "image_size",
    "image_params", "image_gmacs", "text_params", "text_gmacs", "train_throughput",
    "downloads", "likes",
)  # fmt: skip
LABELS = {
    "accuracy": "Accuracy",
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
    "acc_real": "ImageNet ReaL, top-1",
    "acc_v2": "ImageNet-V2, top-1",
    "acc_sketch": "ImageNet-Sketch, top-1",
    "acc_a": "ImageNet-A, top-1",
    "acc_r": "ImageNet-R, top-1",
    "zero_shot@1": "Zero-shot top-1 accuracy",
    "zero_shot_mean": "Zero-shot mean",
    "zero_shot_datasets": "Zero-shot datasets",
    "zero_shot_v2": "Zero-shot ImageNet-V2",
    "zero_shot_sketch": "Zero-shot ImageNet-Sketch",
    "zero_shot_a": "Zero-shot ImageNet-A",
    "zero_shot_r": "Zero-shot ImageNet-R",
    "retrieval_mean": "Retrieval mean",
    "flickr_image_r@1": "Flickr30k image recall@1",
    "flickr_text_r@1": "Flickr30k text recall@1",
    "coco_image_r@1": "COCO image recall@1",
    "coco_text_r@1": "COCO text recall@1",
    "params": "Parameters",
    "gmacs": "GMACs",
    "gips": "GIPS",
    "throughput": "Throughput",
    "file_size_bytes": "File size",
    "macts": "Activations (M)",
    "image_size": "Image size (px)",
    "image_params": "Image tower, parameters",
    "image_gmacs": "Image tower, GMACs",
    "text_params": "Text tower, parameters",
    "text_gmacs": "Text tower, GMACs",
    "train_throughput": "Training throughput",
    "downloads": "Downloads, 30 days",
    "likes": "Likes",
}
"""The short name of every number, for menus and, but for TITLES, for axes."""
TITLES = {
    "gmacs": "Multiply–accumulates (GMACs)",
    "gips": "Operations (GIPS)",
}
MEASURED_ON = {
    "throughput": ("Throughput (images/s)", "device", "precision"),
    "train_throughput": ("Training throughput (images/s)", "train_device", None),
}
SUFFIXES = {"file_size_bytes": "B"}
LOWER_IS_BETTER = frozenset({"epe", "epe_final", "kitti_epe", "fl_all"})
HIGHER_IS_BETTER = frozenset(
    {"throughput", "train_throughput", "downloads", "likes", "zero_shot_datasets"}
)
ON_THE_DATASET = frozenset(
    {"accuracy", "acc@1", "acc@5", "zero_shot@1", "miou", "pixel_acc", "box_map",
     "mask_map", "keypoint_map", "epe"}
)  # fmt: skip
TOP_1 = frozenset({"acc@1", "zero_shot@1"})
FRACTIONS = frozenset(one.name for one in COLUMNS if one.kind == "fraction")


@dataclass(frozen=True)
class Metric:
    """What the vertical axis measures."""

    title: str
    is_fraction: bool = True
    lower_is_better: bool = False


def higher_is_better(name: str) -> bool:
    """Whether more of a quantity is better: of accuracy and of speed, not of cost.

    >>> [higher_is_better(name) for name in ("throughput", "gmacs", "acc@1", "epe")]
    [True, False, True, False]
    """
    return name in HIGHER_IS_BETTER or (
        name in FRACTIONS and name not in LOWER_IS_BETTER
    )


def measured(models: pd.DataFrame) -> list[str]:
    """Return the numbers that these models have: metrics first, then costs.

    >>> measured(pd.DataFrame({"params": [1.0], "gmacs": [None], "acc@1": [0.5]}))
    ['acc@1', 'params']
    """
    names = [name for name in LABELS if name in models]
    known = models[names].notna().to_numpy().any(axis=0)
    return [name for name, is_known in zip(names, known, strict=True) if is_known]


def metric_of(models: pd.DataFrame, y: str = "accuracy") -> Metric:
    """Name the vertical axis from the table's own metric and dataset, where each is
    one; where models of several protocols are shown, the title says so.

    >>> metric_of(pd.DataFrame({"metric": ["acc@1"], "dataset": ["ImageNet-1K"]})).title
    'Top-1 accuracy on ImageNet-1K'
    """
    key = _metric_key(models) if y == "accuracy" else y
    dataset = _only(models, "dataset") if key in ON_THE_DATASET else None
    protocols = _stated(models, "protocol") if key in FRACTIONS else []
    parts = [
        title_of(models, key),
        f" on {escape(dataset)}" if dataset else "",
        f": {' and '.join(map(escape, protocols))}" if len(protocols) > 1 else "",
    ]
    return Metric(
        "".join(parts),
        is_fraction=key in FRACTIONS,
        lower_is_better=not higher_is_better(key),
    )


def _metric_key(models: pd.DataFrame) -> str:
    """Return what `accuracy` is in these rows; one name where all are top-1."""
    metrics = set(_stated(models, "metric"))
    if len(metrics) > 1 and metrics <= TOP_1:
        return "acc@1"
    return metrics.pop() if len(metrics) == 1 else "accuracy"


def title_of(models: pd.DataFrame, name: str) -> str:
    """Name an axis; a throughput names the device that it was measured on.

    >>> title_of(pd.DataFrame({"device": ["RTX 5090"]}), "throughput")
    'Throughput (images/s) on RTX 5090'
    """
    if name not in MEASURED_ON:
        plain = LABELS.get(name) or name.replace("_", " ").capitalize()
        return TITLES.get(name) or escape(plain)
    title, device, precision = MEASURED_ON[name]
    devices = _stated(models, device)
    number_format = _only(models, precision) if precision else None
    said = f" on {', '.join(devices)}" if devices else ""
    return escape(title + said + (f", {number_format}" if number_format else ""))


def axes_of(
    rows: pd.DataFrame,
    x: str,
    y: str,
    log_x: bool,
    metric: Metric,
    *,
    within: pd.DataFrame | None = None,
) -> dict[str, dict]:
    """Return the layout of both axes: titles, scales, ranges with room for names.

    `within` holds every point that must be seen, where `rows` are not all.
    """
    points = rows if within is None else within
    unit = SUFFIXES.get(x, "")
    is_share = x in FRACTIONS
    across = {
        "title": {"text": title_of(rows, x)},
        "type": "log" if log_x else "linear",
        "range": _range(points[x], log_x),
        "exponentformat": "B" if not unit else "SI",
        "minor": {"ticks": "outside", "ticklen": 2} if log_x else None,
        "ticksuffix": unit,
        "tickformat": "~%" if is_share else None,
    }
    up = {
        "title": {"text": metric.title},
        "range": _range(points[y], False),
        "tickformat": "~%" if metric.is_fraction else None,
        "exponentformat": "B",
    }
    return {"xaxis": across, "yaxis": up}


def _range(values: pd.Series, log: bool) -> list[float]:
    if values.empty:
        return [6, 9] if log else [0, 1]
    ends = np.array([values.min(), values.max()], float)
    low, high = np.log10(ends) if log else ends
    padding = 0.05 * (high - low) or (0.5 if log else 0.1 * abs(high) or 1)
    return [low - padding, high + 2.2 * padding]


def _stated(models: pd.DataFrame, column: str) -> list[str]:
    values = models[column].dropna().unique() if column in models else ()
    return sorted(str(value) for value in values if value != "")


def _only(models: pd.DataFrame, column: str) -> str | None:
    values = models[column].dropna().unique() if column in models else ()
    return str(values[0]) or None if len(values) == 1 else None
