"""GBC: how much the classes overlap as Gaussians, by the Bhattacharyya coefficient.

Pandy, Agostinelli, Uijlings, Ferrari & Mensink (2022), "Transferability Estimation
using Bhattacharyya Class Separability", https://arxiv.org/abs/2111.12780.
"""

from collections.abc import Sequence

import numpy as np

from core.transfer.scores.samples import samples
from core.transfer.scores.statistics import Statistics

VARIANCE_FLOOR = 1e-4
"""Least variance of a feature within a class, so that a point has a density."""


def gbc_diagonal(features: Sequence, labels: object) -> float:
    """Score features (N, D) for labels (N,) by diagonal Gaussians: -C(C - 1) to 0.

    Minus the sum of the coefficients over ordered pairs of classes; variances have
    ddof 0 and a floor of 1e-4.

    >>> round(gbc_diagonal([[0.0], [2.0], [4.0], [6.0]], [0, 0, 1, 1]), 6)
    -0.270671
    """
    return gbc_diagonal_from(samples(features, labels).statistics)


def gbc_spherical(features: Sequence, labels: object) -> float:
    """Score features (N, D) for labels (N,) by round Gaussians: -C(C - 1) to 0.

    The variance of a class is the mean over its features, each floored at 1e-4 before.

    >>> round(gbc_spherical([[0.0], [2.0], [4.0], [6.0]], [0, 0, 1, 1]), 6)
    -0.270671
    """
    return gbc_spherical_from(samples(features, labels).statistics)


def gbc_diagonal_from(statistics: Statistics) -> float:
    """Score features and labels by their statistics alone."""
    variances = np.maximum(statistics.class_variances, VARIANCE_FLOOR)
    return _overlap(statistics.class_offsets, variances, dimensions=1)


def gbc_spherical_from(statistics: Statistics) -> float:
    """Score features and labels by their statistics alone."""
    variances = np.maximum(statistics.class_variances, VARIANCE_FLOOR)
    mean = variances.mean(axis=1, keepdims=True)
    return _overlap(statistics.class_offsets, mean, dimensions=statistics.width)


def _overlap(means: np.ndarray, variances: np.ndarray, *, dimensions: int) -> float:
    """Sum the coefficients; one variance (C, 1) may stand for many `dimensions`."""
    logs = dimensions * np.log(variances).sum(axis=1)
    total = 0.0
    for i in range(len(means) - 1):
        middle = (variances[i] + variances[i + 1 :]) / 2
        apart = ((means[i] - means[i + 1 :]) ** 2 / middle).sum(axis=1) / 8
        volume = dimensions * np.log(middle).sum(axis=1) / 2
        distance = apart + volume - (logs[i] + logs[i + 1 :]) / 4
        total += np.exp(-distance).sum()
    return float(-2 * total)
