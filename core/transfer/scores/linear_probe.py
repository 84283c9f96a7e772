"""Linear probe: cross-validated accuracy of a ridge classifier on the features.

The folds share one stream: the training sums of a fold are the sums of all less its
own. Its strength comes from the training part alone, by generalized cross-validation:
Golub, Heath & Wahba (1979), "Generalized Cross-Validation as a Method for Choosing a
Good Ridge Parameter".
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import UsageError
from core.transfer.scores.blocks import check_width
from core.transfer.scores.labels import Labels, places_in_class
from core.transfer.scores.products import class_totals
from core.transfer.scores.samples import Samples, samples
from core.transfer.scores.spectrum import spectrum

STRENGTHS = np.logspace(-8, 2, 41)
"""Ridge strengths tried, as shares of the mean eigenvalue of the scatter."""


@dataclass(frozen=True, eq=False)
class Sums:
    """What ridge regression on one-hot labels needs: counts, sums and products."""

    counts: np.ndarray  # (C,)
    sums: np.ndarray  # (C, D)
    gram: np.ndarray  # (D, D)

    def __sub__(self, other: "Sums") -> "Sums":
        return Sums(
            self.counts - other.counts, self.sums - other.sums, self.gram - other.gram
        )


def linear_probe(
    features: Sequence, labels: object, *, folds: int = 5, seed: int = 0
) -> float:
    """Score features (N, D) for labels (N,): accuracy on held-out folds, 0 to 1.

    Folds are stratified and drawn from `seed`. A class of one sample is always missed.
    Memory O(folds D²).

    >>> linear_probe([[0.0], [0.1], [1.0], [1.1]], [0, 0, 1, 1], folds=2)
    1.0
    """
    return linear_probe_of(samples(features, labels), folds=folds, seed=seed)


def linear_probe_of(given: Samples, *, folds: int = 5, seed: int = 0) -> float:
    """Score samples."""
    if not 2 <= folds <= given.count:
        happened = f"are {folds} for {given.count:,} samples"
        raise UsageError("folds", happened, "take from 2 up to one a sample")
    check_width(given.width)
    fold_of = stratified_folds(given.labels, folds, seed)
    shift = given.take(given.rows[0]).mean(axis=0)
    parts = [_sums(given, fold_of == fold, shift) for fold in range(folds)]
    total = Sums(*(sum(getattr(p, name) for p in parts) for name in vars(parts[0])))
    models = [_ridge(total - part) for part in parts]
    right = 0
    for rows in given.rows:
        block, codes = given.take(rows) - shift, given.labels.codes[rows]
        for fold, (weights, biases) in enumerate(models):
            held = fold_of[rows] == fold
            guesses = (block[held] @ weights + biases).argmax(axis=1)
            right += np.count_nonzero(guesses == codes[held])
    return float(right / given.count)


def stratified_folds(labels: Labels, folds: int, seed: int) -> np.ndarray:
    """Deal the shuffled samples of each class out to folds in turn, (N,).

    >>> codes = np.repeat([0, 1], 4)
    >>> dealt = stratified_folds(Labels(codes, np.arange(2)), 2, seed=0)
    >>> np.bincount(2 * codes + dealt).tolist()
    [2, 2, 2, 2]
    """
    order = np.random.default_rng(seed).permutation(len(labels.codes))
    order = order[np.argsort(labels.codes[order], kind="stable")]
    first = np.repeat(np.cumsum(labels.counts) - labels.counts, labels.counts)
    dealt = np.empty(len(order), dtype=np.int64)
    dealt[order] = (places_in_class(labels) + first) % folds
    return dealt


def _sums(given: Samples, chosen: np.ndarray, shift: np.ndarray) -> Sums:
    """Sum the chosen samples about a shift."""
    classes, width = len(given.labels.classes), given.width
    counts = np.bincount(given.labels.codes[chosen], minlength=classes)
    sums, gram = np.zeros((classes, width)), np.zeros((width, width))
    for rows in given.rows:
        block = given.take(rows)[chosen[rows]] - shift
        codes = given.labels.codes[rows][chosen[rows]]
        gram += block.T @ block
        sums += class_totals(block, Labels(codes, given.labels.classes))
    return Sums(counts, sums, gram)


def _ridge(training: Sums) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights (D, C) and biases (C,) of the strength that GCV prefers."""
    counts, count = training.counts, int(training.counts.sum())
    mean = training.sums.sum(axis=0) / count
    scatter = training.gram - count * np.outer(mean, mean)
    cross = training.sums.T - np.outer(mean, counts)
    values, vectors = spectrum(scatter, count - 1)
    coordinates = vectors.T @ cross  # (k, C)
    energy = (counts - counts**2 / count).sum()
    power = (coordinates**2).sum(axis=1) / values
    strength = _strength(values, power, energy, count - 1)
    weights = vectors @ (coordinates / (values + strength)[:, None])
    return weights, counts / count - mean @ weights


def _strength(
    values: np.ndarray, power: np.ndarray, energy: float, freedom: int
) -> float:
    """Minimize residual / (residual degrees of freedom)²; the targets count together.

    `power` (k,) is the energy of the targets along each direction.
    """
    if not len(values):
        return 1.0
    strengths = STRENGTHS * values.mean()
    shrunk = strengths[:, None] / (values + strengths[:, None])
    residual = max(energy - power.sum(), 0) + (shrunk**2 * power).sum(axis=1)
    left = freedom - len(values) + shrunk.sum(axis=1)
    return float(strengths[(residual / left**2).argmin()])
