"""LogME: how much evidence the features are for the labels, by linear regression.

You, Liu, Wang & Long (2021), "LogME: Practical Assessment of Pre-trained Models for
Transfer Learning", https://arxiv.org/abs/2102.11005; here with the terms for N < D and
the maximum itself.
"""

from collections.abc import Sequence

import numpy as np

from core.errors import UsageError
from core.transfer.scores.blocks import (
    as_float64,
    as_numpy,
    block_rows,
    check_width,
)
from core.transfer.scores.evidence import log_evidence
from core.transfer.scores.samples import samples
from core.transfer.scores.spectrum import spectrum
from core.transfer.scores.statistics import Statistics


def logme(features: Sequence, labels: object) -> float:
    """Score features (N, D) for labels (N,): the mean log evidence a sample.

    The targets are the one-hot labels, neither they nor the features centered. The
    score has no bounds and compares only models on the same samples. It is infinite
    where the features give the labels exactly and N exceeds their rank.

    >>> round(logme([[0.0], [0.1], [1.0], [0.9]], [0, 0, 1, 1]), 6)
    -0.312705
    """
    return logme_from(samples(features, labels).statistics)


def logme_from(statistics: Statistics) -> float:
    """Score features and labels by their statistics alone."""
    values, vectors = spectrum(statistics.raw_gram(), statistics.count)
    coordinates = (statistics.raw_class_sums() @ vectors).T  # (k, C)
    projections = coordinates**2 / values[:, None]
    energy = statistics.counts.astype(float)
    return float(log_evidence(values, projections, energy, statistics.count).mean())


def logme_regression(features: Sequence, targets: object) -> float:
    """Score features (N, D) for numbers (N,) or (N, K): the mean over the K targets.

    >>> round(logme_regression([[0.0], [1.0], [2.0]], [0.1, 0.9, 2.1]), 6)
    -0.27088
    """
    aims = as_numpy(targets)
    aims = as_float64(aims[:, None] if aims.ndim == 1 else aims, "targets")
    features = features if hasattr(features, "shape") else np.asarray(features)
    if len(features.shape) != 2 or len(aims) != features.shape[0] or not len(aims):
        happened = f"have the shape {tuple(features.shape)} for {len(aims):,} targets"
        raise UsageError("features", happened, "give one row a target, (N, D)")
    count, width = features.shape
    check_width(width)
    gram, cross = np.zeros((width, width)), np.zeros((width, aims.shape[1]))
    for rows in block_rows(count, width):
        block = as_float64(features[rows])
        gram += block.T @ block
        cross += block.T @ aims[rows]
    values, vectors = spectrum(gram, count)
    projections = (vectors.T @ cross) ** 2 / values[:, None]
    energy = (aims**2).sum(axis=0)
    return float(log_evidence(values, projections, energy, count).mean())
