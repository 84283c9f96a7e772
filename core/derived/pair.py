"""Two derived models of one base, tensor by tensor: what became of each in both. Knows
frames of tensors, not the files.
"""

import pandas as pd

SIDES = ("first", "second")
FACTS = ("verdict", "evidence", "relative_l2")
PLACE = ["block", "order", "tensor", "is_parameter"]
NOT_THERE = "not there"


def side_by_side(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Return one row a tensor of the base or of either model, in forward order.

    Both frames have the columns of `Family.tensors`; the result has block, order,
    tensor, is_parameter and, for each side, `verdict_first`, `evidence_first`,
    `relative_l2_first` and so on. A tensor that one side alone added is "not there" in
    the other.

    >>> row = {"base_name": "w", "name": "w", "block": "stem", "order": 0,
    ...        "is_parameter": True, "evidence": "bytes", "relative_l2": 0.0}
    >>> one = pd.DataFrame([{**row, "verdict": "equal"}])
    >>> two = pd.DataFrame([{**row, "verdict": "changed", "relative_l2": 0.1}])
    >>> sides = side_by_side(one, two)
    >>> sides[["verdict_first", "verdict_second"]].values.tolist()
    [['equal', 'changed']]
    """
    both = _named(first).merge(
        _named(second), on=PLACE, how="outer", suffixes=("_first", "_second")
    )
    for side in SIDES:
        both[f"verdict_{side}"] = both[f"verdict_{side}"].fillna(NOT_THERE)
    return both.sort_values("order", kind="stable", ignore_index=True)


def agreement(sides: pd.DataFrame) -> pd.DataFrame:
    """Count the parameters by verdict of the first model (rows) and the second."""
    counted = sides[sides["is_parameter"]]
    return pd.crosstab(counted["verdict_first"], counted["verdict_second"])


def _named(tensors: pd.DataFrame) -> pd.DataFrame:
    base_name = tensors["base_name"].astype(object)
    name = tensors["name"].astype(object)
    texts = {c: tensors[c].astype(object) for c in ("block", "verdict", "evidence")}
    named = tensors.assign(tensor=base_name.where(base_name.notna(), name), **texts)
    return named[[*PLACE, *FACTS]].reset_index(drop=True)
