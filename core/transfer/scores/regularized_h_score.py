"""Regularized H-score: the H-score with a shrunk covariance, sound for few samples.

Ibrahim, Ponomareva & Mazumder (2021), "Newer is not always better: Rethinking
transferability metrics, their peculiarities, stability and performance",
https://arxiv.org/abs/2110.06893; shrinkage of Ledoit & Wolf (2004), "A well-conditioned
estimator for large-dimensional covariance matrices".
"""

from collections.abc import Sequence

import numpy as np

from core.transfer.scores.samples import samples
from core.transfer.scores.spectrum import pseudo_inverse_form
from core.transfer.scores.statistics import Statistics


def regularized_h_score(features: Sequence, labels: object) -> float:
    """Score features (N, D) for labels (N,), from 0 to (C - 1) N / (N - 1).

    >>> round(regularized_h_score([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]), 6)
    1.066667
    """
    return regularized_h_score_from(samples(features, labels).statistics)


def regularized_h_score_from(statistics: Statistics) -> float:
    """Score features and labels by their statistics alone."""
    covariance = statistics.scatter() / statistics.count
    weight, spread = shrinkage(statistics, covariance)
    covariance *= 1 - weight
    covariance[np.diag_indices_from(covariance)] += weight * spread
    between = np.sqrt(statistics.counts)[:, None] * statistics.class_offsets
    between /= np.sqrt(statistics.count - 1)
    rank = statistics.width + 1 if weight else statistics.count
    return (1 - weight) * pseudo_inverse_form(covariance, between, rank)


def shrinkage(statistics: Statistics, covariance: np.ndarray) -> tuple[float, float]:
    """Return Ledoit and Wolf's weight of the identity, 0 to 1, and its scale.

    The second moment of the sample covariances is taken from the fourth norms of the
    samples, which saves a product of squared features.
    """
    count, width = statistics.count, statistics.width
    scale = np.trace(covariance) / width
    squares = (covariance**2).sum()
    distance = (squares - width * scale**2) / width
    noise = (statistics.fourth_norm() / count - squares) / (width * count)
    noise = min(max(noise, 0), distance)
    return (noise / distance if noise > 0 else 0.0), scale
