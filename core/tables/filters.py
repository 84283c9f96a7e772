"""Filters over the tables of models, and the Pareto front of what they leave.

Each is a pure function of a frame, so that a page can chain them.
"""

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

SEARCHED = ("id", "name", "builder", "family", "task")


def search(frame: pd.DataFrame, text: str) -> pd.DataFrame:
    """Keep the rows in whose names every word of `text` occurs.

    Case, spaces and punctuation do not count: "vit-b/16" finds ViT_B_16_Weights.

    >>> rows = pd.DataFrame({"id": ["ViT_B_16", "VGG16"], "name": "", "builder": "",
    ...                      "family": "", "task": ""})
    >>> search(rows, "vit-b/16")["id"].tolist()
    ['ViT_B_16']
    """
    words = [_letters(word) for word in text.split()]
    names = [_letters(" ".join(row)) for row in frame[list(SEARCHED)].to_numpy()]
    found = [all(word in name for word in words) for name in names]
    return frame[np.array(found, dtype=bool)]


def within(
    frame: pd.DataFrame,
    column: str,
    low: float | None = None,
    high: float | None = None,
) -> pd.DataFrame:
    """Keep the rows whose number lies in [low, high]; a bound of None is open.

    A missing number is kept only while both bounds are open.

    >>> within(pd.DataFrame({"params": [1.0, 5.0, np.nan]}), "params", high=2)
       params
    0     1.0
    """
    if low is None and high is None:
        return frame
    values = frame[column]
    found = pd.Series(True, index=frame.index)
    if low is not None:
        found &= values >= low
    if high is not None:
        found &= values <= high
    return frame[found]


def among(frame: pd.DataFrame, column: str, values: Iterable[object]) -> pd.DataFrame:
    """Keep the rows whose `column` is one of `values`; no values keep everything."""
    chosen = list(values)
    return frame[frame[column].isin(chosen)] if chosen else frame


def pareto_front(
    frame: pd.DataFrame,
    cost: str,
    value: str,
    *,
    higher_cost_is_better: bool = False,
    lower_value_is_better: bool = False,
) -> pd.Index:
    """Return the labels of the rows that no other row beats, from the best cost on.

    Along the front the value improves strictly: of two rows with one cost the better
    value stays, of two equal rows the first. Rows without a finite cost and value are
    never on it.

    >>> rows = pd.DataFrame({"params": [1, 2, 2, 3], "accuracy": [.5, .7, .6, .7]})
    >>> pareto_front(rows, "params", "accuracy").tolist()
    [0, 1]
    """
    costs = frame[cost].to_numpy(float) * (-1 if higher_cost_is_better else 1)
    values = frame[value].to_numpy(float) * (-1 if lower_value_is_better else 1)
    order = np.lexsort((-values, costs))
    order = order[np.isfinite(costs[order]) & np.isfinite(values[order])]
    best_before = np.maximum.accumulate(np.append(-np.inf, values[order]))[:-1]
    return frame.index[order[values[order] > best_before]]


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())
