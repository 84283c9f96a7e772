"""How far a ranking for a new dataset can be trusted: the same question asked of tasks
whose answer is known.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from core.errors import UsageError
from core.numerals import percent
from core.transfer.embed import Encoder
from core.transfer.evaluate import evaluate
from core.transfer.records import Records, label_names

PREDICTOR, BASELINE = "gaussian-process", "model-mean"
LISTS = {
    BASELINE: "the mean of past accuracies",
    "imagenet-accuracy": "ImageNet accuracy",
    "size": "size",
}


@dataclass(frozen=True, eq=False)
class Reliability:
    """Scores of the predictor and the static lists on the split that asks likewise.

    `scores` is `evaluate`'s; `is_static_as_good` says that a static list cannot be told
    from the predictor by Kendall's tau, or is better. `coverage` is the
    share of accuracies that fell within the 90 % intervals.
    """

    split: str
    scores: pd.DataFrame
    is_static_as_good: bool
    coverage: float
    sentence: str


def reliability(
    records: Records,
    domain: str | None,
    classes: float | None,
    labels: str | None,
    *,
    encoder: Encoder | None = None,
    kept: Path | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Reliability | None:
    """Evaluate the split that asks what is asked now; None where none can be made."""
    for split in (likest_split(records, domain, classes, labels), "new-task"):
        try:
            found = evaluate(
                records, splits=[split], predictors=[BASELINE, PREDICTOR],
                encoder=encoder,
                kept=kept, progress=progress,
            )  # fmt: skip
        except UsageError:
            continue
        return _told(split, found.scores, float(found.folds["coverage"].iloc[0]))
    return None


def likest_split(
    records: Records, domain: str | None, classes: float | None, labels: str | None
) -> str:
    """Name the split whose question is most like this dataset's: what is new in it?"""
    tasks = records.tasks
    if domain not in set(tasks["domain"].dropna()):
        return "new-domain"
    known = tasks["classes"].dropna()
    if classes is not None and not known.min() <= classes <= known.max():
        return "new-class-count"
    sets = {frozenset(label_names(text)) for text in tasks["labels"]}
    if labels and frozenset(label_names(labels)) not in sets:
        return "new-label-set"
    return "new-task"


def _told(split: str, scores: pd.DataFrame, coverage: float) -> Reliability:
    table = scores.set_index(["metric", "predictor"])
    kendall, lost = table.loc["kendall"], table.loc["top1_regret", "value"]
    ours, lists = kendall.loc[PREDICTOR], kendall.drop(PREDICTOR)
    best = str(lists["value"].idxmax())
    is_as_good = bool(lists["is_tied"].any())
    verdict = (
        "the static list is as good"
        if is_as_good
        else "the prediction ranks better than the static list"
    )
    sentence = (
        f"Asked likewise of known tasks ({split}), the prediction ranks with Kendall "
        f"{ours['value']:.2f} ({ours['low']:.2f} to {ours['high']:.2f}), "
        f"{LISTS[best]} with {lists.loc[best, 'value']:.2f}: {verdict}. "
        f"Its first choice loses {lost[PREDICTOR]:.3f} accuracy, the static one "
        f"{lost[best]:.3f}. Of the accuracies {percent(coverage, 0)} fell within "
        "its 90 % intervals."
    )
    return Reliability(split, scores, is_as_good, coverage, sentence)
