"""The records as a matrix to look at: sorted or clustered, and one cell's details."""

from typing import Literal

import numpy as np
import pandas as pd

from core.transfer.records import Records
from core.transfer.static import model_effects

Order = Literal["file", "name", "accuracy", "cluster"]


def ordered_matrix(
    records: Records, *, models: Order = "accuracy", tasks: Order = "cluster"
) -> pd.DataFrame:
    """Return the accuracies (M, T) with rows and columns in the order asked for.

    `accuracy` puts the best models and the easiest tasks first, each compared on what
    it shares with the others; `cluster` puts like next to like (average linkage,
    optimal leaf order) by what is left of each cell after both means.
    """
    filled = _filled(records)
    rows = _order(filled, records.accuracy.index, model_effects(records), models)
    easy = pd.Series(filled.mean(axis=0), index=records.accuracy.columns)
    columns = _order(filled.T, records.accuracy.columns, easy, tasks)
    return records.accuracy.iloc[rows, columns]


def cell_table(records: Records) -> pd.DataFrame:
    """Return every measured cell as a row: model, task, accuracy, what is known of
    both, and `residual`: how far it is from the model's and the task's means.
    """
    models, tasks = np.nonzero(records.is_known)
    names = records.models.index[models], records.tasks.index[tasks]
    expected = _means_of_both(records)[models, tasks]
    accuracy = records.values[models, tasks]
    found = pd.DataFrame(
        {
            "model": names[0],
            "task": names[1],
            "accuracy": accuracy,
            "residual": accuracy - expected,
        }
    )
    of_model = records.models.iloc[models].reset_index(drop=True)
    of_task = records.tasks.iloc[tasks].reset_index(drop=True)
    return pd.concat([found, of_model, of_task], axis=1)


def _order(
    rows: np.ndarray, names: pd.Index, level: pd.Series, order: Order
) -> list[int]:
    if order == "file" or len(rows) < 2:
        return list(range(len(rows)))
    if order == "name":
        return sorted(range(len(names)), key=names.__getitem__)
    if order == "accuracy":
        return list(np.argsort(-level.fillna(-np.inf).to_numpy(), kind="stable"))
    from scipy.cluster.hierarchy import leaves_list, linkage

    return list(leaves_list(linkage(rows, "average", optimal_ordering=True)))


def _filled(records: Records) -> np.ndarray:
    return np.where(records.is_known, records.values, _means_of_both(records))


def _means_of_both(records: Records) -> np.ndarray:
    """Return overall mean + model effect + task effect for every cell (M, T)."""
    effects = model_effects(records).fillna(0.0).to_numpy()[:, None]
    left = records.accuracy - effects
    level = left.mean(axis=0).fillna(float(np.nanmean(records.values)))
    return effects + level.to_numpy()[None]
