"""The freeze map as numbers: one row a model, one column a block or tensor. Knows no
files and no colors.
"""

from typing import Literal

import numpy as np
import pandas as pd

VERDICT_CODES = {
    "equal": 0, "changed": 1, "partly changed": 2, "reshaped": 3, "added": 4,
    "absent": 5, "unknown": 6,
}  # fmt: skip
"""What a cell says. Only a block is partly changed: something in it equals the base.
"absent" is in the base alone.
"""

NOTHING = -1
"""A cell where neither the base nor this model has anything."""

TENSOR_CODES = {
    "equal": 0, "changed": 1, "reshaped": 3, "added": 4, "removed": 5, "unknown": 6,
}  # fmt: skip

MATRIX_COLUMNS = (
    "name", "base_name", "block", "order", "verdict", "is_parameter", "is_unreached",
    "is_tied",
)  # fmt: skip
"""What a matrix is made from, beside `model`."""

By = Literal["block", "tensor"]


def verdict_matrix(
    tensors: pd.DataFrame, *, by: By = "block", parameters_only: bool = True
) -> pd.DataFrame:
    """Code every model's verdicts as int8, columns in forward order.

    `tensors` has a row a model and tensor, with the columns of `Family.tensors`. A
    block is judged by its parameters that training reaches, tied copies aside. Tensors
    are named as the base does, or as the child where the base has none.

    >>> facts = {"is_parameter": True, "is_unreached": False, "is_tied": False}
    >>> common = {"model": "m", "order": 0, "block": "stem", **facts}
    >>> rows = [{**common, "base_name": name, "name": name, "verdict": verdict}
    ...         for name, verdict in (("a.weight", "equal"), ("a.bias", "changed"))]
    >>> verdict_matrix(pd.DataFrame(rows)).to_dict()
    {'stem': {'m': 2}}
    """
    models = pd.unique(tensors["model"].astype(object))
    rows = _counted(tensors, by, parameters_only)
    label = _labels(rows, by)
    columns = _in_forward_order(label, rows)
    model_at = pd.Categorical(rows["model"].astype(object), models).codes
    column_at = pd.Categorical(label, columns).codes
    code = rows["verdict"].astype(object).map(TENSOR_CODES).to_numpy()
    seen = np.zeros((len(models), len(columns)), np.uint8)
    np.bitwise_or.at(seen, (model_at, column_at), _bit(code))
    return pd.DataFrame(
        _MERGED[seen],
        index=pd.Index(models, name="model"),
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


def _counted(tensors: pd.DataFrame, by: By, parameters_only: bool) -> pd.DataFrame:
    if not parameters_only:
        return tensors
    kept = tensors["is_parameter"].to_numpy(bool)
    if by == "block":
        kept = kept & ~(tensors["is_unreached"] | tensors["is_tied"]).to_numpy(bool)
    return tensors[kept]


def _labels(rows: pd.DataFrame, by: By) -> pd.Series:
    if by == "block":
        return rows["block"].astype(object)
    return rows["base_name"].astype(object).fillna(rows["name"].astype(object))


def _in_forward_order(label: pd.Series, rows: pd.DataFrame) -> list[str]:
    """Sort columns by block; what only a child has comes after the base's own."""
    added = rows["base_name"].isna()
    first = pd.DataFrame({"label": label, "added": added, "order": rows["order"]})
    first = first.sort_values("added", kind="stable").drop_duplicates("label")
    return list(first.sort_values(["order", "added"], kind="stable")["label"])


def _bit(code: np.ndarray) -> np.ndarray:
    return np.left_shift(1, code.astype(np.int64)).astype(np.uint8)


_MERGED = np.array(
    [merge_codes({c for c in range(7) if seen >> c & 1}) for seen in range(128)],
    np.int8,
)
