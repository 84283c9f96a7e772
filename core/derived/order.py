"""In which order the rows of a freeze map stand."""

from typing import Literal, get_args

import numpy as np
import pandas as pd

from core.derived.matrix import VERDICT_CODES

Order = Literal[
    "frozen depth", "pattern", "downloads", "newest", "similarity", "name"
]  # fmt: skip
ORDERS: tuple[Order, ...] = get_args(Order)

BEST_LEAVES_UP_TO = 200
"""Up to so many different rows, neighboring leaves are the most similar ones."""


def frozen_depth(matrix: pd.DataFrame) -> pd.Series:
    """Count, for each row, the columns from the first on that equal the base.

    >>> rows = pd.DataFrame([[0, 0, 1], [1, 0, 0], [0, 0, 0]], index=list("abc"))
    >>> frozen_depth(rows).tolist()
    [2, 0, 3]
    """
    equal = matrix.to_numpy() == VERDICT_CODES["equal"]
    depth = np.minimum.accumulate(equal, axis=1).sum(axis=1)
    return pd.Series(depth, index=matrix.index, name="depth")


def sort_rows(matrix: pd.DataFrame, models: pd.DataFrame, order: Order) -> pd.DataFrame:
    """Return the rows of `matrix` in the order asked for; ties go by name.

    `models` has the columns id and kind, and perhaps downloads and created_at, one row
    for each row of `matrix` or more. What is not known comes last.
    """
    facts = models.drop_duplicates("id").set_index("id").reindex(matrix.index)
    keys = pd.DataFrame(
        {
            "depth": -frozen_depth(matrix),
            "pattern": facts["kind"].astype(object).fillna(""),
            "downloads": -_numbers(facts, "downloads"),
            "newest": -_moments(facts),
            "name": matrix.index.astype(str),
        }
    )
    if order == "similarity":
        keys["similarity"] = similar_places(matrix)
    by = {
        "frozen depth": ["depth", "pattern", "name"],
        "pattern": ["pattern", "depth", "name"],
        "name": ["name"],
    }.get(order, [order, "name"])
    return matrix.loc[keys.sort_values(by).index]


def similar_places(matrix: pd.DataFrame) -> np.ndarray:
    """Return the place of each row when similar rows stand together.

    Average linkage of the share of cells that differ; equal rows share a place.

    >>> rows = pd.DataFrame([[0, 0, 0], [1, 1, 1], [0, 0, 0], [1, 1, 0]])
    >>> places = similar_places(rows)
    >>> bool(places[0] == places[2]), abs(int(places[1] - places[3]))
    (True, 1)
    """
    different, row_of = np.unique(matrix.to_numpy(), axis=0, return_inverse=True)
    if len(different) < 3:
        return row_of
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import pdist

    distances = pdist(different, "hamming")
    is_small = len(different) <= BEST_LEAVES_UP_TO
    tree = linkage(distances, "average", optimal_ordering=is_small)
    places = np.argsort(leaves_list(tree))
    return places[row_of]


def kind_counts(models: pd.DataFrame) -> dict[str, int]:
    """Count the compared models of each pattern, the most frequent first.

    >>> kind_counts(pd.DataFrame({"status": ["ok", "ok"], "kind": ["full", "full"]}))
    {'full': 2}
    """
    compared = models[models["status"] == "ok"]
    return {str(kind): int(n) for kind, n in compared["kind"].value_counts().items()}


def _numbers(facts: pd.DataFrame, column: str) -> pd.Series:
    if column not in facts:
        return pd.Series(np.nan, facts.index)
    return facts[column].astype("Float64").astype(float)


def _moments(facts: pd.DataFrame) -> pd.Series:
    """Return when each model was made, in seconds; NaN where nobody says."""
    if "created_at" not in facts:
        return pd.Series(np.nan, facts.index)
    made = pd.to_datetime(facts["created_at"], utc=True, errors="coerce")
    seconds = (made - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    return seconds.astype(float)
