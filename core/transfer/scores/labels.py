"""Labels of any kind as the codes 0, 1, ... of the classes that occur."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.errors import UsageError
from core.transfer.scores.blocks import as_numpy


@dataclass(frozen=True, eq=False)
class Labels:
    """`codes` (N,) point into `classes` (C,), the sorted labels that occur."""

    codes: np.ndarray
    classes: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """Count the samples of each class, (C,)."""
        return np.bincount(self.codes, minlength=len(self.classes))


def encode(labels: object) -> Labels:
    """Number the classes of (N,) labels: integers with gaps, strings, booleans ...

    Raises UsageError where a label is missing or the labels are no flat list.

    >>> encode(["cat", "ant", "cat"]).codes.tolist()
    [1, 0, 1]
    """
    values = as_numpy(labels)
    if values.ndim != 1:
        happened = f"have the shape {values.shape}"
        raise UsageError("labels", happened, "give one label a sample, (N,)")
    try:
        codes, classes = pd.factorize(values, sort=True)
    except TypeError as error:
        remedy = "give all of them as numbers or all as text"
        raise UsageError("labels", "mix kinds that have no order", remedy) from error
    if (codes < 0).any():
        happened = f"hold {np.count_nonzero(codes < 0):,} missing values"
        raise UsageError("labels", happened, "leave those samples out")
    return Labels(codes, np.asarray(classes))


def stratified(labels: Labels, most: int, *, seed: int = 0) -> np.ndarray:
    """Draw about `most` indices, in order: of each class its share, but at least one.

    >>> stratified(encode([7, 7, 7, 7, 8, 8]), 3).size
    3
    """
    order = np.random.default_rng(seed).permutation(len(labels.codes))
    order = order[np.argsort(labels.codes[order], kind="stable")]
    share = np.maximum(1, labels.counts * most // len(order))
    place = places_in_class(labels)
    return np.sort(order[place < np.repeat(share, labels.counts)])


def places_in_class(labels: Labels) -> np.ndarray:
    """Number the samples within their class, for samples sorted by class.

    >>> places_in_class(encode(["b", "a", "b"])).tolist()
    [0, 0, 1]
    """
    counts = labels.counts
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
