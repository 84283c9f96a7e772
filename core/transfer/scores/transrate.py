"""TransRate: the mutual information of features and labels by coding rates.

Huang, Huang, Rong, Yang & Wei (2022), "Frustratingly Easy Transferability Estimation",
https://arxiv.org/abs/2106.09362; classes weigh by their size, as in the authors' own
scripts.
"""

from collections.abc import Sequence

import numpy as np

from core.transfer.scores.blocks import block_rows
from core.transfer.scores.products import product
from core.transfer.scores.samples import Samples, samples

EPSILON = 1e-4


def transrate(features: Sequence, labels: object) -> float:
    """Score features (N, D) for labels (N,): R(Z) - Σ (n_c/N) R(Z_c), at least 0.

    R(Z) = ½ ln det(I + Z'Z / (nε)) of features centered once, over all, ε = 1e-4.
    Needs the features of each class together, hence at random access.

    >>> round(transrate([[0.0, 2], [0, 4], [4, 0], [6, 0]], [0, 0, 1, 1]), 6)
    0.091123
    """
    return transrate_of(samples(features, labels))


def transrate_of(given: Samples) -> float:
    """Score samples."""
    labels, count = given.labels, given.count
    order = np.argsort(labels.codes, kind="stable")
    members = np.split(order, np.cumsum(labels.counts)[:-1])
    rates = [coding_rate(_class_gram(given, rows), len(rows)) for rows in members]
    whole = coding_rate(given.statistics.scatter(), count)
    return float(whole - labels.counts @ np.array(rates) / count)


def coding_rate(gram: np.ndarray, count: int) -> float:
    """Return ½ ln det(I + G / (nε)), the same for Z'Z and for ZZ' (Sylvester).

    >>> round(coding_rate(np.array([[1.0]]), 10_000), 6)
    0.346574
    """
    from scipy.linalg import cholesky

    matrix = gram / (count * EPSILON)
    matrix[np.diag_indices_from(matrix)] += 1
    factor = cholesky(matrix, lower=True, overwrite_a=True, check_finite=False)
    return float(np.log(np.diagonal(factor)).sum())


def _class_gram(given: Samples, members: np.ndarray) -> np.ndarray:
    """Return Z_c'Z_c, or Z_cZ_c' where that is smaller."""
    mean = given.statistics.mean
    if len(members) < given.width:
        block = given.take(members) - mean
        return product(block, block.T, given.device)
    gram = np.zeros((given.width, given.width))
    for rows in block_rows(len(members), given.width):
        block = given.take(members[rows]) - mean
        gram += product(block.T, block, given.device)
    return gram
