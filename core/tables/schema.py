"""The columns of the one tidy frame of published models: names, units, meanings.

Accuracy is a fraction from 0 to 1, MACs are MACs, missing numbers are NaN and missing
text is empty. Knows no source.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

SCHEMA_VERSION = 1
Kind = Literal["text", "fraction", "count", "number"]


@dataclass(frozen=True)
class Column:
    """One column of the frame; `description` is the help text that pages show."""

    name: str
    kind: Kind
    unit: str
    description: str


COLUMNS: tuple[Column, ...] = (
    Column("table", "text", "", "The source's table, such as torchvision/detection."),
    Column("task", "text", "", "What the model does."),
    Column("dataset", "text", "", "The dataset that the accuracy was measured on."),
    Column("id", "text", "", "The unique, stable name of the row: the weight's name."),
    Column("name", "text", "", "A short unique name for charts."),
    Column("weight", "text", "", "The name under which the source offers the weight."),
    Column("builder", "text", "", "The function or name that builds the model."),
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
    Column("params", "count", "", "Number of parameters."),
    Column(
        "gmacs", "number", "GMACs", "Billions of multiply-accumulates of one input."
    ),
    Column("gips", "number", "GIPS", "Billions of integer operations of one input."),
    Column("file_size_bytes", "count", "bytes", "Size of the weight file."),
    Column(
        "image_size", "count", "px", "Side of the input that accuracy was taken at."
    ),
    Column(
        "pretraining", "text", "", "Extra data that the source names for the weight."
    ),
    Column(
        "licence", "text", "", "The weight's own licence, where the source names it."
    ),
    Column("licence_url", "text", "", "Where the weight's own licence can be read."),
    Column("recipe_url", "text", "", "How the weight was trained."),
    Column("weights_url", "text", "", "Where the weight file can be downloaded."),
    Column("doc_url", "text", "", "The model's documentation."),
    Column("source", "text", "", "Where the row was read."),
    Column("revision", "text", "", "The version of the source."),
    Column("fetched_at", "text", "", "When the source was fetched (ISO 8601, UTC)."),
)


def column(name: str) -> Column:
    """Return the description of one column.

    >>> column("gmacs").unit
    'GMACs'
    """
    return next(found for found in COLUMNS if found.name == name)


def tidy(rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Lay rows out with every column of the schema; what a row lacks is missing.

    >>> tidy([{"id": "a", "params": 5}])[["id", "params", "gmacs", "family"]].values
    array([['a', 5.0, nan, '']], dtype=object)
    """
    rows = list(rows)
    return pd.DataFrame(
        {c.name: _series([row.get(c.name) for row in rows], c.kind) for c in COLUMNS}
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
        return pd.Series(["" if pd.isna(v) else str(v) for v in values], dtype="str")
    return pd.Series(values, dtype="float64")


def _plain(value: object, kind: Kind | None) -> object:
    if pd.isna(value) or value == "":
        return None
    return int(value) if kind == "count" else value
