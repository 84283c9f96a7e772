"""k-NN: how often the nearest other sample has the same label. Trains nothing."""

from collections.abc import Sequence

import numpy as np

from core.transfer.scores.products import product
from core.transfer.scores.samples import Samples, samples

DOUBT = 64
"""Roundings by which a fast squared distance may be off, per unit of squared norm."""


def knn(features: Sequence, labels: object) -> float:
    """Score features (N, D) for labels (N,): leave-one-out accuracy of one neighbor.

    Distances are Euclidean and exact: the fast ones only choose the candidates. The
    first of several nearest counts. A class of one sample is never found.

    >>> knn([[0.0], [0.1], [1.0], [1.1], [1.3]], [0, 0, 1, 1, 0])
    0.8
    """
    return knn_of(samples(features, labels))


def knn_of(given: Samples) -> float:
    """Score samples; O(N²D) time, in blocks."""
    codes = given.labels.codes
    return float((codes[nearest(given)] == codes).mean())


def nearest(given: Samples) -> np.ndarray:
    """Return the index of each sample's nearest other sample, (N,)."""
    shift = given.take(given.rows[0]).mean(axis=0)
    return np.concatenate([_nearest_of(given, rows, shift) for rows in given.rows])


def _nearest_of(given: Samples, rows: slice, shift: np.ndarray) -> np.ndarray:
    """Return the nearest of some samples: candidates first, then exact distances."""
    near = given.take(rows)
    bounds, sets = np.full(len(near), np.inf), []
    for others in given.rows:
        squares, doubt = _fast_squares(near, given.take(others), shift, given.device)
        if others == rows:
            np.fill_diagonal(squares, np.inf)
        bounds = np.minimum(bounds, squares.min(axis=1) + doubt)
        mine, theirs = np.nonzero(squares <= (bounds + doubt)[:, None])
        sets.append((mine, theirs + others.start, squares[mine, theirs] - doubt[mine]))
    mine, theirs, least = (np.concatenate(column) for column in zip(*sets, strict=True))
    kept = np.flatnonzero(least <= bounds[mine])
    kept = kept[np.lexsort((theirs[kept], mine[kept]))]
    return _exactly_nearest(given, near, mine[kept], theirs[kept])


def _fast_squares(
    near: np.ndarray, others: np.ndarray, shift: np.ndarray, device: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return |x - y|² - |x|² by a product, (n, m), and how far each row may be off."""
    near, others = near - shift, others - shift
    norms = (others**2).sum(axis=1)
    squares = product(near, others.T, device)
    squares *= -2
    squares += norms
    scale = norms.max() + (near**2).sum(axis=1)
    return squares, DOUBT * np.finfo(float).eps * scale


def _exactly_nearest(
    given: Samples, near: np.ndarray, mine: np.ndarray, theirs: np.ndarray
) -> np.ndarray:
    """Choose for each sample among its candidates; `mine` is sorted and complete."""
    starts = np.searchsorted(mine, np.arange(len(near) + 1))
    found = theirs[starts[:-1]]
    for i in np.flatnonzero(np.diff(starts) > 1):
        candidates = theirs[starts[i] : starts[i + 1]]
        exact = ((given.take(candidates) - near[i]) ** 2).sum(axis=1)
        found[i] = candidates[exact.argmin()]
    return found
