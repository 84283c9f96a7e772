"""The freeze map as numbers: one row a model, one column a component, stage, block or
tensor; a cell says the verdict, its evidence, or how far the weights moved. Knows no
files and no colors.
"""

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
import pandas as pd

from core.derived.columns import By, column_labels, in_forward_order

Shown = Literal["verdict", "evidence", "distance"]
SHOWN: tuple[Shown, ...] = get_args(Shown)
"""What the cells of a matrix may say."""

VERDICT_CODES = {
    "equal": 0, "changed": 1, "partly changed": 2, "reshaped": 3, "added": 4,
    "absent": 5, "unknown": 6,
}  # fmt: skip
"""What a cell says. Only what has several tensors is partly changed: something in it
equals the base. "absent" is in the base alone.
"""

NOTHING = -1
"""A cell where neither the base nor this model has anything."""

TENSOR_CODES = {
    "equal": 0, "changed": 1, "reshaped": 3, "added": 4, "removed": 5, "unknown": 6,
}  # fmt: skip

EVIDENCE = ("sha256", "bytes", "header", "crc32", "probe", "unknown")
"""From the strongest to the weakest, by code; a header is sure of what it tells."""

DISTANCE_EDGES = (1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3)
"""Relative distances between which a code of `distance_codes` lies."""

NOT_MEASURED = len(DISTANCE_EDGES) + 2

MATRIX_COLUMNS = (
    "name", "base_name", "block", "component", "order", "verdict", "evidence",
    "elements", "relative_l2", "is_parameter", "is_unreached", "is_tied",
)  # fmt: skip
"""What a matrix is made from, beside `model`."""


def verdict_matrix(
    tensors: pd.DataFrame,
    *,
    by: By = "block",
    parameters_only: bool = True,
    shown: Shown = "verdict",
) -> pd.DataFrame:
    """Code every model's tensors as int8, columns in forward order.

    `tensors` has a row a model and tensor, with the columns of `Family.tensors`. More
    than one tensor is judged by the parameters that training reaches, tied copies
    aside. The codes are VERDICT_CODES, places in EVIDENCE (of several the weakest), or
    those of `distance_codes` (of several the mean by number of elements).

    >>> facts = {"is_parameter": True, "is_unreached": False, "is_tied": False}
    >>> common = {"model": "m", "order": 0, "block": "stem", **facts}
    >>> rows = [{**common, "base_name": name, "name": name, "verdict": verdict}
    ...         for name, verdict in (("a.weight", "equal"), ("a.bias", "changed"))]
    >>> verdict_matrix(pd.DataFrame(rows)).to_dict()
    {'stem': {'m': 2}}
    """
    model_at, models = pd.factorize(tensors["model"])
    counted = _counted(tensors, by, parameters_only)
    rows = tensors[counted]
    tensor_at, first = _different(rows)
    label = column_labels(rows.iloc[first], by)
    columns = in_forward_order(label, rows.iloc[first])
    column_at = pd.Index(columns).get_indexer(label)[tensor_at]
    cell = model_at[counted] * len(columns) + column_at
    codes = CODED[shown](rows, cell, len(models) * len(columns))
    return pd.DataFrame(
        codes.reshape(len(models), len(columns)),
        index=pd.Index(models.astype(object), name="model"),
        columns=pd.Index(columns, name=by),
    )


def merge_codes(codes: set[int]) -> int:
    """Sum up the codes of a block's tensors in one.

    A block with an undecided tensor is unknown unless another tensor differs.

    >>> [merge_codes(codes) for codes in ({0}, {0, 1}, {4, 5}, {0, 6}, {1, 6}, set())]
    [0, 2, 1, 6, 2, -1]
    """
    if len(codes) < 2:
        return next(iter(codes), NOTHING)
    if codes == {VERDICT_CODES["equal"], VERDICT_CODES["unknown"]}:
        return VERDICT_CODES["unknown"]
    if codes & {VERDICT_CODES["equal"], VERDICT_CODES["unknown"]}:
        return VERDICT_CODES["partly changed"]
    return VERDICT_CODES["changed"]


def distance_codes(distance: np.ndarray) -> np.ndarray:
    """Code relative distances: 0 is none, NaN was not measured, others by their bin.

    >>> distance_codes(np.array([0, 5e-4, 1e-3, 0.2, 7, np.nan])).tolist()
    [0, 1, 2, 6, 7, 8]
    """
    codes = np.searchsorted(DISTANCE_EDGES, distance, side="right") + 1
    codes[distance == 0] = 0
    codes[np.isnan(distance)] = NOT_MEASURED
    return codes.astype(np.int8)


def _counted(tensors: pd.DataFrame, by: By, parameters_only: bool) -> np.ndarray:
    if not parameters_only:
        return np.ones(len(tensors), bool)
    kept = tensors["is_parameter"].to_numpy(bool)
    if by != "tensor":
        kept = kept & ~(tensors["is_unreached"] | tensors["is_tied"]).to_numpy(bool)
    return kept


def _different(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Number the tensors that differ in name or place; return where each is first.

    Labels are then made for hundreds of tensors, not for all of a million rows.
    """
    key = np.zeros(len(rows), np.int64)
    for name in ("name", "base_name", "block"):
        codes, values = pd.factorize(rows[name])
        key = key * (len(values) + 1) + codes + 1
    tensor_at, different = pd.factorize(key)
    first = np.zeros(len(different), np.int64)
    first[tensor_at[::-1]] = np.arange(len(rows))[::-1]
    return tensor_at, first


def _verdicts(rows: pd.DataFrame, cell: np.ndarray, cells: int) -> np.ndarray:
    bits = _coded(rows["verdict"], {w: 1 << code for w, code in TENSOR_CODES.items()})
    seen = np.zeros(cells, np.uint8)
    np.bitwise_or.at(seen, cell, bits.astype(np.uint8))
    return _MERGED[seen]


def _evidence(rows: pd.DataFrame, cell: np.ndarray, cells: int) -> np.ndarray:
    weakness = _coded(rows["evidence"], {w: code for code, w in enumerate(EVIDENCE)})
    codes = np.full(cells, NOTHING, np.int8)
    np.maximum.at(codes, cell, weakness.astype(np.int8))
    return codes


def _distances(rows: pd.DataFrame, cell: np.ndarray, cells: int) -> np.ndarray:
    distance = rows["relative_l2"].to_numpy(float)
    is_equal = (rows["verdict"] == "equal").to_numpy(bool)
    distance = np.where(is_equal & np.isnan(distance), 0.0, distance)
    weight = np.where(np.isnan(distance), 0, np.maximum(rows["elements"], 1))
    total = np.bincount(cell, weight * np.nan_to_num(distance), minlength=cells)
    weights = np.bincount(cell, weight, minlength=cells)
    mean = np.divide(total, weights, out=np.full(cells, np.nan), where=weights > 0)
    is_there = np.bincount(cell, minlength=cells) > 0
    return np.where(is_there, distance_codes(mean), NOTHING).astype(np.int8)


def _coded(words: pd.Series, codes: dict[str, int]) -> np.ndarray:
    at, known = pd.factorize(words)
    return np.array([codes[word] for word in known], np.int64)[at]


CODED: dict[Shown, Callable[[pd.DataFrame, np.ndarray, int], np.ndarray]] = {
    "verdict": _verdicts,
    "evidence": _evidence,
    "distance": _distances,
}

_MERGED = np.array(
    [merge_codes({c for c in range(7) if seen >> c & 1}) for seen in range(128)],
    np.int8,
)
