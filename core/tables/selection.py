"""Which models a person wants to see, and what that selection says in words."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.tables.filters import among, search, within

COSTS = ("params", "gmacs", "gips", "file_size_bytes")


@dataclass(frozen=True)
class Selection:
    """What is asked of a model; None and empty mean "any".

    Accuracy is a fraction, `most_file_size_bytes` is bytes, `least_throughput` images
    per second. A model whose number is missing meets no limit on it.
    """

    text: str = ""
    families: tuple[str, ...] = ()
    pretraining: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    least_accuracy: float | None = None
    most_params: float | None = None
    most_gmacs: float | None = None
    most_file_size_bytes: float | None = None
    least_throughput: float | None = None


def select(models: pd.DataFrame, wanted: Selection) -> pd.DataFrame:
    """Return the rows of `models` that meet every wish, in their order.

    >>> from core.tables.schema import tidy
    >>> models = tidy([{"id": "a", "params": 1e6}, {"id": "b", "params": 9e6}])
    >>> select(models, Selection(most_params=5e6))["id"].tolist()
    ['a']
    """
    rows = search(models, wanted.text) if wanted.text.strip() else models
    rows = among(rows, "family", wanted.families)
    rows = among(rows, "pretraining", wanted.pretraining)
    rows = among(rows, "licence", wanted.licences)
    rows = within(rows, "accuracy", low=wanted.least_accuracy)
    rows = within(rows, "params", high=wanted.most_params)
    rows = within(rows, "gmacs", high=wanted.most_gmacs)
    rows = within(rows, "file_size_bytes", high=wanted.most_file_size_bytes)
    return within(rows, "throughput", low=wanted.least_throughput)


@dataclass(frozen=True)
class Best:
    """The best model shown, and the cheapest that is nearly as good."""

    best: pd.Series
    thrifty: pd.Series
    margin: float


def best_of(
    models: pd.DataFrame,
    cost: str,
    value: str,
    *,
    margin: float,
    lower: bool = False,
    higher_cost: bool = False,
) -> Best | None:
    """Find the best model and the cheapest within `margin` of it; None without any.

    With `higher_cost` more of the cost is better, as of throughput.

    >>> models = pd.DataFrame({"name": ["big", "small"], "params": [9, 1],
    ...                        "accuracy": [0.80, 0.795]})
    >>> best_of(models, "params", "accuracy", margin=0.01).thrifty["name"]
    'small'
    """
    losses = models[value].to_numpy(float) * (1 if lower else -1)
    costs = models[cost].to_numpy(float) * (-1 if higher_cost else 1)
    known = np.flatnonzero(~np.isnan(losses) & ~np.isnan(costs))
    if not len(known):
        return None
    best = known[np.lexsort((costs[known], losses[known]))[0]]
    near = known[losses[known] <= losses[best] + margin]
    thrifty = near[np.lexsort((losses[near], costs[near]))[0]]
    return Best(models.iloc[best], models.iloc[thrifty], margin)


def stated_columns(models: pd.DataFrame) -> list[str]:
    """Return the columns in which any row says something.

    >>> stated_columns(pd.DataFrame({"a": ["", ""], "b": [None, 1.0], "c": ["x", ""]}))
    ['b', 'c']
    """
    return [
        str(name)
        for name, values in models.items()
        if (values.notna() if values.dtype == float else values.fillna("") != "").any()
    ]


def differences(models: pd.DataFrame) -> pd.DataFrame:
    """Return only the columns in which the rows are not all the same.

    >>> differences(pd.DataFrame({"a": [1, 1], "b": [1, 2], "c": [None, None]}))
       b
    0  1
    1  2
    """
    distinct = models.nunique(dropna=False)
    return models.loc[:, distinct > 1]
