"""Which models of a family are looked at: a person's wishes, applied to the frame of
models. Draws nothing.
"""

from collections import Counter
from dataclasses import dataclass

import pandas as pd

CHOICES = {"kinds": "kind", "tasks": "task", "datasets": "dataset",
           "licenses": "license"}  # fmt: skip
"""Which column each list of a Selection is about."""

NOT_STATED = "not stated"


@dataclass(frozen=True)
class Selection:
    """What a model must be; an empty wish is none.

    Every word of `text` must be in the model's id or task. `metric` names a reported
    metric and `least_metric` its least value, a fraction for metrics that are shares.
    """

    text: str = ""
    kinds: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    licenses: tuple[str, ...] = ()
    metric: str | None = None
    least_metric: float | None = None
    most_bytes: float | None = None


def select(models: pd.DataFrame, wishes: Selection) -> pd.DataFrame:
    """Return the compared models that meet every wish.

    What a wish asks about and a model does not state, it does not meet; "not stated" in
    a list asks for just those.

    >>> models = pd.DataFrame({"id": ["a/x", "b/y"], "status": "ok", "kind": "full",
    ...                        "task": [None, "classification"]})
    >>> select(models, Selection(text="CLASS"))["id"].tolist()
    ['b/y']
    >>> select(models, Selection(tasks=("not stated",)))["id"].tolist()
    ['a/x']
    """
    rows = models[models["status"] == "ok"]
    for wish, column in CHOICES.items():
        if wanted := set(getattr(wishes, wish)):
            meets = [not wanted.isdisjoint(stated_values(v)) for v in rows[column]]
            rows = rows[pd.Series(meets, rows.index, dtype=bool)]
    for word in wishes.text.casefold().split():
        names = (rows["id"] + " " + rows["task"].fillna("")).str.casefold()
        rows = rows[names.str.contains(word, regex=False)]
    if wishes.metric:
        rows = rows[rows["metric"] == wishes.metric]
    if wishes.least_metric is not None:
        rows = rows[_at_least(as_fraction(rows["metric_value"]), wishes.least_metric)]
    if wishes.most_bytes is not None:
        rows = rows[
            _at_least(-rows["size_bytes"].astype("Float64"), -wishes.most_bytes)
        ]
    return rows


def stated_values(value: object) -> set[str]:
    """Return the values that one cell names; a card may name several datasets.

    >>> sorted(stated_values("food101, cifar10")), stated_values(None)
    (['cifar10', 'food101'], {'not stated'})
    """
    if not isinstance(value, str) or not value:
        return {NOT_STATED}
    return set(value.split(", "))


def choices(models: pd.DataFrame, column: str) -> list[str]:
    """Return what a column of the compared models names, the most frequent first."""
    cells = models.loc[models["status"] == "ok", column].value_counts(dropna=False)
    counts: Counter[str] = Counter()
    for cell, count in cells.items():
        counts.update(dict.fromkeys(stated_values(cell), count))
    names = [name for name, _ in counts.most_common()]
    return names if set(names) - {NOT_STATED} else []


def as_fraction(values: pd.Series) -> pd.Series:
    """Read what a card writes as a percentage as the fraction it is.

    A value of 1 or less is a fraction, one above 1 and up to 100 a percentage; what is
    larger or negative is no share and stays.

    >>> as_fraction(pd.Series([0.91, 91.0, 250.0])).tolist()
    [0.91, 0.91, 250.0]
    """
    numbers = values.astype("Float64")
    return numbers.where(~numbers.between(1, 100, inclusive="right"), numbers / 100)


def _at_least(values: pd.Series, least: float) -> pd.Series:
    return (values >= least).fillna(False).astype(bool)
