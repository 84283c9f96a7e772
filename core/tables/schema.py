"""The columns of the one tidy frame of published models: names, units, meanings.

Accuracy is a fraction from 0 to 1, MACs are MACs, missing numbers are NaN and missing
text is empty. One row is one weight at one resolution. Knows no source.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

SCHEMA_VERSION = 2
FLOPS_PER_MAC = 2
"""A multiplication and an addition; who counts them apart is divided by this."""

NO_PRETRAINING = "none named"
NOT_STATED = "not stated"
Kind = Literal["text", "fraction", "count", "number"]

TEXT = pd.StringDtype("python", na_value=np.nan)
"""Texts as Python keeps them: taking rows of Arrow's costs a call a column."""


@dataclass(frozen=True)
class Column:
    """One column of the frame; `description` is the help text that pages show.

    `origin` names the column that says where the number was read; where that one is
    empty, the row's own `source`, `revision` and `fetched_at` hold.
    """

    name: str
    kind: Kind
    unit: str
    description: str
    origin: str = "source"


COLUMNS: tuple[Column, ...] = (
    Column("table", "text", "", "The source's table, such as torchvision/detection."),
    Column("task", "text", "", "What the model does."),
    Column("dataset", "text", "", "The dataset that the accuracy was measured on."),
    Column("protocol", "text", "", "supervised, or zero-shot: never trained on it."),
    Column("id", "text", "", "The unique, stable name of the row."),
    Column("name", "text", "", "A short unique name for charts."),
    Column("weight", "text", "", "The name under which the source offers the weight."),
    Column("builder", "text", "", "The function or name that builds the model."),
    Column("arch", "text", "", "The architecture, in one word for all sources."),
    Column("family", "text", "", "The architecture family, curated by hand."),
    Column("variant", "text", "", "The recipe or pre-training of this weight."),
    Column("metric", "text", "", "Which column the accuracy was taken from."),
    Column("accuracy", "fraction", "", "The table's primary metric; higher is better."),
    Column("acc@1", "fraction", "", "Share of images whose first guess is right."),
    Column("acc@5", "fraction", "", "Share with the right class in the first five."),
    Column("miou", "fraction", "", "Intersection over union, mean over classes."),
    Column("pixel_acc", "fraction", "", "Share of pixels given the right class."),
    Column("box_map", "fraction", "", "COCO mean average precision of boxes."),
    Column("mask_map", "fraction", "", "COCO mean average precision of masks."),
    Column("keypoint_map", "fraction", "", "COCO mean average precision of keypoints."),
    Column("epe", "number", "px", "End-point error of optical flow; lower is better."),
    Column("epe_final", "number", "px", "End-point error on Sintel's final pass."),
    Column("kitti_epe", "number", "px", "End-point error averaged by KITTI image."),
    Column(
        "fl_all", "fraction", "", "Share of KITTI's outlier pixels; lower is better."
    ),
    *(
        Column(
            f"acc_{key}",
            "fraction",
            "",
            f"Supervised top-1 accuracy on {name}.",
            "robustness_source",
        )
        for key, name in {
            "real": "ImageNet with ReaL labels",
            "v2": "ImageNet-V2 (matched frequency)",
            "sketch": "ImageNet-Sketch",
            "a": "ImageNet-A (200 classes)",
            "r": "ImageNet-R (200 classes)",
        }.items()
    ),
    Column("zero_shot@1", "fraction", "", "Zero-shot top-1 accuracy on ImageNet-1K."),
    Column("zero_shot_mean", "fraction", "", "Mean of the zero-shot scores."),
    Column("zero_shot_datasets", "count", "", "How many datasets that mean is over."),
    Column("zero_shot_v2", "fraction", "", "Zero-shot top-1 accuracy on ImageNet-V2."),
    Column("zero_shot_sketch", "fraction", "", "The same on ImageNet-Sketch."),
    Column("zero_shot_a", "fraction", "", "The same on ImageNet-A."),
    Column("zero_shot_r", "fraction", "", "The same on ImageNet-R."),
    Column("retrieval_mean", "fraction", "", "Mean of the retrieval scores."),
    Column("flickr_image_r@1", "fraction", "", "Image retrieval, recall@1, Flickr30k."),
    Column("flickr_text_r@1", "fraction", "", "Text retrieval, recall@1, Flickr30k."),
    Column("coco_image_r@1", "fraction", "", "Image retrieval, recall@1, MS COCO."),
    Column("coco_text_r@1", "fraction", "", "Text retrieval, recall@1, MS COCO."),
    Column("params", "count", "", "Number of parameters of the whole model."),
    Column(
        "gmacs",
        "number",
        "GMACs",
        "Billions of multiply-accumulates of one input. torchvision calls them GFLOPS; "
        "open_clip's FLOPs are halved, and count an image and a text.",
        "cost_source",
    ),
    Column("gips", "number", "GIPS", "Billions of integer operations of one input."),
    Column("macts", "number", "M", "Millions of activations.", "cost_source"),
    Column(
        "image_params", "count", "", "Parameters of the image tower.", "cost_source"
    ),
    Column(
        "image_gmacs", "number", "GMACs", "GMACs of the image tower.", "cost_source"
    ),
    Column("text_params", "count", "", "Parameters of the text tower.", "cost_source"),
    Column("text_gmacs", "number", "GMACs", "GMACs of the text tower.", "cost_source"),
    Column("file_size_bytes", "count", "bytes", "Size of the weight file."),
    Column(
        "image_size", "count", "px", "Side of the input that accuracy was taken at."
    ),
    Column(
        "throughput",
        "number",
        "images/s",
        "Images that `device` classifies in a second, in large batches; no latency.",
        "throughput_source",
    ),
    Column("device", "text", "", "What the throughput was measured on."),
    Column("precision", "text", "", "The number format of the throughput."),
    Column(
        "train_throughput",
        "number",
        "images/s",
        "Images that `train_device` trains on in a second.",
        "train_source",
    ),
    Column("train_device", "text", "", "What the training was measured on."),
    Column(
        "pretraining", "text", "", "Extra data that the source names for the weight."
    ),
    Column(
        "licence", "text", "", "The weight's own license, where the source names it."
    ),
    Column("licence_url", "text", "", "Where the weight's own license can be read."),
    Column("gated", "text", "", "Whether the Hub asks for accepted terms: no or how."),
    Column("downloads", "count", "", "Downloads from the Hub in the last 30 days."),
    Column("likes", "count", "", "Likes on the Hub."),
    Column("recipe_url", "text", "", "How the weight was trained."),
    Column("weights_url", "text", "", "Where the weight file can be downloaded."),
    Column("doc_url", "text", "", "The model's documentation."),
    Column("source", "text", "", "Where the row was read."),
    Column("revision", "text", "", "The version of the source."),
    Column("fetched_at", "text", "", "When the source was fetched (ISO 8601, UTC)."),
    Column("cost_source", "text", "", "Where MACs and activations were read."),
    Column("throughput_source", "text", "", "Where the throughput was read."),
    Column("train_source", "text", "", "Where the training throughput was read."),
    Column("robustness_source", "text", "", "Where ReaL, V2, Sketch, A, R were read."),
)


def column(name: str) -> Column:
    """Return the description of one column.

    >>> column("gmacs").unit
    'GMACs'
    """
    return next(found for found in COLUMNS if found.name == name)


def origin(row: Mapping[str, object], name: str) -> str:
    """Return where one number of a row was read: document, revision, date.

    >>> row = {"source": "a.csv", "revision": "r1", "fetched_at": "2026-01-01",
    ...        "cost_source": "b.csv, revision r2, fetched 2026-01-02"}
    >>> origin(row, "accuracy")
    'a.csv, revision r1, fetched 2026-01-01'
    >>> origin(row, "gmacs")
    'b.csv, revision r2, fetched 2026-01-02'
    """
    stated = row.get(column(name).origin)
    if column(name).origin != "source" and stated:
        return str(stated)
    return citation(*(str(row[key]) for key in ("source", "revision", "fetched_at")))


def citation(source: str, revision: str, fetched_at: str) -> str:
    """Say in one line where a number was read.

    >>> citation("a.csv", "", "2026-01-01")
    'a.csv, fetched 2026-01-01'
    """
    said = [source, f"revision {revision}" if revision else "", f"fetched {fetched_at}"]
    return ", ".join(part for part in said if part)


def tidy(rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Lay rows out with every column of the schema; what a row lacks is missing.

    >>> tidy([{"id": "a", "params": 5}])[["id", "params", "gmacs", "family"]].values
    array([['a', 5.0, nan, '']], dtype=object)
    """
    rows = list(rows)
    return pd.DataFrame(
        {c.name: _series([row.get(c.name) for row in rows], c.kind) for c in COLUMNS}
    )


def completed(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a frame of some of the columns all of them, in order and typed.

    >>> list(completed(pd.DataFrame({"id": ["a"]}))) == [c.name for c in COLUMNS]
    True
    """
    filled = {
        c.name: _typed(frame[c.name], c.kind)
        if c.name in frame
        else _series([None] * len(frame), c.kind)
        for c in COLUMNS
    }
    return typed(pd.DataFrame({name: filled[name].to_numpy() for name in filled}))


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Give every column of a whole frame its type, which a file does not keep.

    >>> typed(tidy([{"id": "a"}]).astype(object))["id"].dtype == TEXT
    True
    """
    return frame.astype(
        {c.name: TEXT if c.kind == "text" else "float64" for c in COLUMNS}
    )


def records(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Return the rows for JSON: missing values are None, counts are integers.

    >>> records(tidy([{"id": "a", "params": 5}]))[0]["params"]
    5
    """
    kinds = {column.name: column.kind for column in COLUMNS}
    return [
        {str(name): _plain(value, kinds.get(str(name))) for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _series(values: list[object], kind: Kind) -> pd.Series:
    if kind == "text":
        return pd.Series(["" if pd.isna(v) else str(v) for v in values], dtype=TEXT)
    return pd.Series(values, dtype="float64")


def _typed(values: pd.Series, kind: Kind) -> pd.Series:
    return values.fillna("").astype(TEXT) if kind == "text" else values.astype(float)


def _plain(value: object, kind: Kind | None) -> object:
    if pd.isna(value) or value == "":
        return None
    return int(value) if kind == "count" else value
