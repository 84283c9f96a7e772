"""SFDA: how well a shrunk Fisher discriminant tells the classes apart after it has made
the uncertain samples harder.

Shao, Zhao, Ge, Yang, Yang, Zhang & Luo (2022), "Not All Models Are Equal: Predicting
Model Transferability in a Self-challenging Fisher Space",
https://arxiv.org/abs/2207.03036.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.transfer.scores.gather import gather
from core.transfer.scores.samples import Samples, samples
from core.transfer.scores.statistics import Statistics

LEAST_SHRINKAGE = 1e-10
POWER_STEPS = 3


@dataclass(frozen=True, eq=False)
class Discriminant:
    """Linear discriminant functions of centered features: logits = z W' + b."""

    center: np.ndarray  # (D,)
    weights: np.ndarray  # (C, D)
    biases: np.ndarray  # (C,)

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        """Return the class probabilities, (n, C)."""
        return softmax((features - self.center) @ self.weights.T + self.biases)


def sfda(features: Sequence, labels: object) -> float:
    """Score features (N, D) for labels (N,): the mean probability of the right class.

    Between 0 and 1; it saturates at 1 for separable samples and for N < D. NaN where
    every class is a single point.

    >>> round(sfda([[0.0], [1.0], [0.8], [2.0]], [0, 0, 1, 1]), 6)
    0.550884
    """
    return sfda_of(samples(features, labels))


def sfda_of(given: Samples) -> float:
    """Score samples, in two streams after their statistics."""
    statistics = given.statistics
    if not np.trace(statistics.within()) > 0:
        return float("nan")
    weight = within_shrinkage(statistics)
    first = discriminant(statistics, weight)
    second_statistics = gather(_mixed(given, first), device=given.device)
    second = discriminant(second_statistics, weight)
    total = sum(
        _right(second.probabilities(block), codes).sum()
        for block, codes in _mixed(given, first)
    )
    return float(total / given.count)


def within_shrinkage(statistics: Statistics) -> float:
    """Return λ = exp(-5 a), a nearly the largest eigenvalue of the within scatter.

    The authors take three double power steps from the row sums, which this follows.
    """
    scatter = statistics.within() / statistics.count
    right = scatter.sum(axis=1)
    for _ in range(POWER_STEPS):
        left = _unit(scatter @ right)
        right = _unit(scatter @ left)
    return max(float(np.exp(-5 * (right @ scatter @ left))), LEAST_SHRINKAGE)


def discriminant(statistics: Statistics, weight: float) -> Discriminant:
    """Fit the discriminant with the within scatter shrunk by `weight`."""
    from scipy.linalg import cho_factor, cho_solve

    scatter = statistics.within() / statistics.count
    spread = np.trace(scatter) / statistics.width
    scatter *= 1 - weight
    scatter[np.diag_indices_from(scatter)] += weight * spread
    means = statistics.class_offsets
    weights = cho_solve(cho_factor(scatter, overwrite_a=True), means.T).T
    priors = statistics.counts / statistics.count
    biases = np.log(priors) - (means * weights).sum(axis=1) / 2
    return Discriminant(statistics.mean, weights, biases)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return exp(logits) over its sum, row by row.

    >>> softmax(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _mixed(
    given: Samples, first: Discriminant
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the samples drawn to the other classes, the less certain the more: ConfMix.

    The certainty is the softmax of the probabilities, twice soft, as the authors have.
    """
    statistics = given.statistics
    means = statistics.mean + statistics.class_offsets
    others = (means.sum(axis=0) - means) / (len(means) - 1)
    for block, codes in given.blocks():
        sure = _right(softmax(first.probabilities(block)), codes)[:, None]
        yield sure * block + (1 - sure) * others[codes], codes


def _right(probabilities: np.ndarray, codes: np.ndarray) -> np.ndarray:
    return probabilities[np.arange(len(codes)), codes]


def _unit(vector: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vector)
    return vector / length if length > 0 else vector
