"""N-LEEP: LEEP with the clusters of a Gaussian mixture in place of source classes.

Li, Jia, Sang, Zhu, Green, Wang & Gong (2021), "Ranking Neural Checkpoints",
https://arxiv.org/abs/2011.11200.
"""

import warnings
from collections.abc import Sequence
from typing import Literal

import numpy as np

from core.transfer.scores.leep import leep_of
from core.transfer.scores.samples import Samples, samples

COMPONENTS_PER_CLASS = 5
MOST_SAMPLES = 10_000
"""Rows that the mixture is fitted to; beyond them a stratified sample stands in."""


def n_leep(
    features: Sequence,
    labels: object,
    *,
    variance: float | None = None,
    covariance: Literal["diag", "spherical", "full"] = "diag",
    seed: int = 0,
) -> float:
    """Score features (N, D) for labels (N,); at most 0.

    The mixture has five components a class (no more than samples) and starts from
    `seed`, so the score is an estimate that varies with it. `variance` first projects
    to the principal components that hold that share (the paper: 0.8); without, the
    covariances must be diagonal to be affordable. Above 10,000 samples it is taken on
    a stratified sample of them. Time grows as N C D an iteration.

    >>> n_leep([[0.0], [0.1], [5.0], [5.1]], [0, 0, 1, 1]) <= 0
    True
    """
    given = samples(features, labels)
    return n_leep_of(given, variance=variance, covariance=covariance, seed=seed)


def n_leep_of(
    given: Samples,
    *,
    variance: float | None = None,
    covariance: Literal["diag", "spherical", "full"] = "diag",
    seed: int = 0,
) -> float:
    """Score samples."""
    sample = given.sample(MOST_SAMPLES, seed=seed)
    features = sample.take(slice(None))
    if variance is not None:
        features = principal_components(features, variance)
    mixture = _mixture(features, len(sample.labels.classes), covariance, seed)
    return min(leep_of(mixture.predict_proba(features), sample.labels), 0.0)


def principal_components(features: np.ndarray, variance: float) -> np.ndarray:
    """Project to the fewest principal components that hold a share of the variance.

    >>> principal_components(np.array([[0.0, 0.0], [1.0, 1.0]]), 0.8).shape
    (2, 1)
    """
    from scipy.linalg import svd

    u, s, _ = svd(features - features.mean(axis=0), full_matrices=False)
    held = np.cumsum(s**2)
    kept = int(np.searchsorted(held, variance * held[-1])) + 1
    return u[:, :kept] * s[:kept]


def _mixture(features: np.ndarray, classes: int, covariance: str, seed: int):
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    components = min(COMPONENTS_PER_CLASS * classes, len(features))
    mixture = GaussianMixture(components, covariance_type=covariance, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return mixture.fit(features)
