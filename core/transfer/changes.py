"""The answer in words, and what would change it: other images, a larger budget, a
measurement.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.numerals import percent
from core.transfer.predictors.gaussian_process import Posterior
from core.transfer.predictors.prediction import sigmoid
from core.transfer.records import Records, label_names

YOURS = "your dataset"
MORE, FEWER = f"{YOURS}, four times the images", f"{YOURS}, a quarter of the images"
MOST_IMAGES = 100_000


@dataclass(frozen=True)
class TaskDescription:
    """What is known of a dataset; None is unknown. `samples` counts all images."""

    domain: str | None = None
    classes: float | None = None
    samples: float | None = None
    labels: str | None = None

    def row(self, name: str, times: float = 1.0) -> pd.DataFrame:
        """Return a row of task metadata, with so many times the images."""
        samples = self.samples and self.samples * times
        each = samples / self.classes if samples and self.classes else None
        values = (self.domain, self.classes, samples, each, self.labels)
        names = ("domain", "classes", "samples", "samples_per_class", "labels")
        return pd.DataFrame(dict(zip(names, values, strict=True)), index=[name])


def wanted_cells(records: Records, names: pd.Index, place: int) -> np.ndarray:
    """Return the cells (K, 2) of models on the task `place` after the known ones."""
    models = records.models.index.get_indexer(names)
    return np.column_stack([models, np.full(len(models), len(records.tasks) + place)])


def headline(models: pd.DataFrame) -> str:
    """Say which model is first, or which tie."""
    first = models.iloc[0]
    tied = list(models.index[models["is_tied"]])
    expected = f"{first['accuracy']:.3f} ({first['low']:.3f} to {first['high']:.3f})"
    if len(tied) == 1:
        return f"{tied[0]} is expected to be best, with accuracy {expected}."
    others = ", ".join(tied[1:4]) + (
        f" and {len(tied) - 4} more" if len(tied) > 4 else ""
    )
    sizes = models.loc[tied, "params"]
    small = f"; the smallest is {sizes.idxmin()}" if sizes.notna().any() else ""
    share = f"best with probability {percent(first['p_best'], 0)}"
    return f"They tie: {tied[0]} ({expected}, {share}), {others}{small}."


def changes(
    found: Posterior,
    records: Records,
    models: pd.DataFrame,
    excluded: pd.DataFrame,
    task: TaskDescription,
) -> Iterator[str]:
    """Say what would change the answer, a sentence each."""
    if task.samples is not None:
        for place, words in ((1, "four times the images"), (2, "a quarter of them")):
            expected = found.expected(wanted_cells(records, models.index, place))
            first = models.index[int(np.argmax(expected))]
            change = "stays first" if first == models.index[0] else "would be first"
            yield f"With {words} {first} {change}."
    if len(excluded):
        expected = sigmoid(found.expected(wanted_cells(records, excluded.index, 0)))
        gain = float(expected.max() - models["accuracy"].iloc[0])
        best = excluded.index[int(np.argmax(expected))]
        if gain > 0:
            yield f"Without the budget {best} would gain {gain:.3f}."
    if len(models) > 1:
        yield _decisive(models)
    unknown = [name for name, value in vars(task).items() if value is None]
    if unknown:
        yield f"Unknown and therefore not used: {', '.join(unknown)}."
    if task.labels and not _shares_labels(records, task.labels):
        yield "None of the labels is in the records, so that they say nothing."


def _decisive(models: pd.DataFrame) -> str:
    """Say how many test images would tell the first two apart (two-sided, 95 %)."""
    one, two = models["accuracy"].iloc[:2]
    first, second = models.index[:2]
    images = 1.96**2 * (one * (1 - one) + two * (1 - two)) / max(one - two, 1e-6) ** 2
    if images > MOST_IMAGES:
        return f"No usual test set could tell {first} and {second} apart."
    return (
        f"Training both and testing on about {images:,.0f} images would tell {first} "
        f"and {second} apart, if they differ as expected ({one - two:.3f})."
    )


def _shares_labels(records: Records, labels: str) -> bool:
    asked = set(label_names(labels))
    return any(asked & set(label_names(text)) for text in records.tasks["labels"])
