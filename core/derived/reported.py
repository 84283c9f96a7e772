"""What model cards report of themselves: which values compare with which, which way a
metric improves, what a license permits. Nobody has checked these claims.
"""

import re
from dataclasses import dataclass

import pandas as pd

from core.derived.selection import NOT_STATED, as_fraction

HIGHER = re.compile(
    r"acc|f1|precision|recall|(?:^|_)map|mean_ap|average_precision|auc|iou|dice|bleu"
    r"|rouge|meteor|cider|spice|exact_match|psnr|ssim|r2|top[-_ ]?\d|kappa|mcc|matthews"
)
LOWER = re.compile(r"loss|error|\bwer\b|\bcer\b|mse|mae|perplexity|\bfid\b|\beer\b")
UNBOUNDED = re.compile(r"psnr|cider|r2|loss|mse|mae|perplexity|\bfid\b")
"""Metrics that are no share of one, and stay as the card writes them."""

NONCOMMERCIAL = re.compile(r"(?:^|[-_, ])nc(?:$|[-_, ])|non-?commercial", re.IGNORECASE)
OPEN = frozenset({
    "apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "bsd", "isc", "cc0-1.0",
    "cc-by-4.0", "cc-by-sa-4.0", "unlicense", "mpl-2.0", "gpl-3.0", "agpl-3.0",
    "lgpl-3.0", "afl-3.0", "artistic-2.0",
})  # fmt: skip
"""Identifiers of the Hub whose licenses permit commercial use
(https://huggingface.co/docs/hub/repositories-licenses).
"""
AMBIGUOUS_RATE = 1.0, 2.0
"""An error rate may exceed 1: in between it may be a fraction or a percentage."""


@dataclass(frozen=True)
class Comparable:
    """The models whose reported values can be compared: one metric, one set of data."""

    metric: str
    dataset: str
    models: int

    @property
    def label(self) -> str:
        """The group in words."""
        return f"{self.metric} on {self.dataset} ({self.models})"


def is_higher_better(metric: str) -> bool | None:
    """Tell which way a metric improves, None where its name does not say.

    >>> [is_higher_better(name) for name in ("eval_accuracy", "Wer", "loss", "score")]
    [True, False, False, None]
    """
    name = metric.casefold()
    if LOWER.search(name):
        return False
    return True if HIGHER.search(name) else None


def comparable_groups(
    models: pd.DataFrame, task: str | None = None
) -> tuple[Comparable, ...]:
    """List the groups within which reported values compare, the largest first.

    A value without a metric's name, of unknown direction, or without stated data
    compares with nothing.
    """
    rows = of_task(models, task).dropna(subset=["metric", "metric_value", "dataset"])
    is_known = [is_higher_better(metric) is not None for metric in rows["metric"]]
    rows = rows[pd.Series(is_known, rows.index, dtype=bool)]  # also where none is left
    sizes = rows.groupby(["metric", "dataset"]).size().sort_values(ascending=False)
    return tuple(Comparable(*names, int(size)) for names, size in sizes.items())


def of_task(models: pd.DataFrame, task: str | None) -> pd.DataFrame:
    """Return the models of a task; all of them without one."""
    if task is None:
        return models
    return models[models["task"].fillna(NOT_STATED) == task]


def permits_commerce(license: str | None) -> bool | None:
    """Tell whether a license permits commercial use; None where that is not known.

    >>> [permits_commerce(name) for name in ("mit", "cc-by-nc-4.0", "other", None)]
    [True, False, None, None]
    """
    if not isinstance(license, str) or not license:
        return None
    if NONCOMMERCIAL.search(license):
        return False
    return True if set(license.split(", ")) <= OPEN else None


def is_share(metric: str) -> bool:
    """Tell whether a metric is a share of one, which cards also write in percent.

    >>> is_share("accuracy"), is_share("eval_loss")
    (True, False)
    """
    return is_higher_better(metric) is not None and not UNBOUNDED.search(
        metric.casefold()
    )


def comparable_values(models: pd.DataFrame, comparable: Comparable) -> pd.Series:
    """Return the reported values of a group; missing for models outside of it.

    Shares are fractions, whichever way a card writes them. An error rate between 1 and
    2 could be either, and is missing.
    """
    inside = (models["metric"] == comparable.metric) & (
        models["dataset"] == comparable.dataset
    )
    values = models["metric_value"].astype("Float64")
    values = values.where(inside.fillna(False).astype(bool))
    if not is_share(comparable.metric):
        return values
    if not is_higher_better(comparable.metric):
        values = values.mask(values.between(*AMBIGUOUS_RATE, inclusive="neither"))
    return as_fraction(values)
