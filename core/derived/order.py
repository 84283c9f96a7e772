"""In which order the rows of a freeze map stand, and which of them are shown."""

from typing import Literal

import numpy as np
import pandas as pd

from core.derived.matrix import VERDICT_CODES

Order = Literal["frozen depth", "pattern", "name"]
ORDERS: tuple[Order, ...] = ("frozen depth", "pattern", "name")


def frozen_depth(matrix: pd.DataFrame) -> pd.Series:
    """Count, for each row, the columns from the first on that equal the base.

    >>> rows = pd.DataFrame([[0, 0, 1], [1, 0, 0], [0, 0, 0]], index=list("abc"))
    >>> frozen_depth(rows).tolist()
    [2, 0, 3]
    """
    differs = matrix.to_numpy() != VERDICT_CODES["equal"]
    first = np.where(differs.any(axis=1), differs.argmax(axis=1), matrix.shape[1])
    return pd.Series(first, index=matrix.index, name="depth")


def sort_rows(matrix: pd.DataFrame, models: pd.DataFrame, order: Order) -> pd.DataFrame:
    """Return the rows of `matrix` in the order asked for; ties go by name.

    `models` has the columns id and kind, one row for each row of `matrix` or more.
    """
    kinds = models.drop_duplicates("id").set_index("id")["kind"]
    keys = pd.DataFrame(
        {
            "depth": -frozen_depth(matrix),
            "pattern": kinds.reindex(matrix.index).fillna(""),
            "name": matrix.index.astype(str),
        }
    )
    by = {
        "frozen depth": ["depth", "pattern", "name"],
        "pattern": ["pattern", "depth", "name"],
        "name": ["name"],
    }[order]
    return matrix.loc[keys.sort_values(by).index]


def kind_counts(models: pd.DataFrame) -> dict[str, int]:
    """Count the compared models of each pattern, the most frequent first.

    >>> kind_counts(pd.DataFrame({"status": ["ok", "ok"], "kind": ["full", "full"]}))
    {'full': 2}
    """
    compared = models[models["status"] == "ok"]
    return {str(kind): int(n) for kind, n in compared["kind"].value_counts().items()}
