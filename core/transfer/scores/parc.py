"""PARC: does the likeness of features rank pairs of samples as their labels do?

Bolya, Mittapalli & Hoffman (2021), "Scalable Diverse Model Selection for Accessible
Transfer Learning", https://arxiv.org/abs/2111.06977.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import nan

import numpy as np

from core.transfer.scores.products import product
from core.transfer.scores.samples import Samples, samples

MOST_SAMPLES = 10_000
"""Samples whose pairs fit in 400 MB; beyond them a stratified sample stands in."""

CHUNK = 2**22
"""Pairs ranked at a time."""

DIGITS = 1e12
"""Distances that agree to twelve decimals tie, or rounding would rank them."""


def parc(features: Sequence, labels: object) -> float:
    """Score features (N, D) for labels (N,), from -100 to 100.

    The Spearman correlation, with ties, of two distances over all pairs of samples:
    one minus the correlation of standardized features, and whether the labels differ.
    A constant column becomes zeros and stays. NaN where one side has no two distances;
    above 10,000 samples a stratified sample of them is taken.

    >>> features = [[0.0, 1, 0], [0, 1.1, 3], [1, 0, 0], [1, 0.3, 1]]
    >>> round(parc(features, [0, 0, 1, 1]), 6)
    82.807867
    """
    return parc_of(samples(features, labels))


def parc_of(given: Samples, *, seed: int = 0) -> float:
    """Score samples."""
    sample = given.sample(MOST_SAMPLES, seed=seed)
    rows = _directions(sample.take(slice(None)))
    keys = _pair_keys(rows, sample.labels.codes, given.device)
    return 100 * _rank_correlation(keys)


def _directions(features: np.ndarray) -> np.ndarray:
    """Standardize the columns, center the rows and bring them to length 1.

    The correlation of two samples is then their product; a row of one value has none,
    and stays zero.
    """
    centered = features - features.mean(axis=0)
    centered[:, np.ptp(features, axis=0) == 0] = 0
    spread = np.sqrt((centered**2).mean(axis=0))
    rows = np.divide(centered, spread, out=centered, where=spread > 0)
    size = np.abs(rows).max(axis=1, keepdims=True)
    rows -= rows.mean(axis=1, keepdims=True)
    length = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    is_flat = length <= 1e-14 * size * np.sqrt(rows.shape[1])
    return np.where(is_flat, 0, rows / np.where(is_flat, 1, length))


def _pair_keys(rows: np.ndarray, codes: np.ndarray, device: str) -> np.ndarray:
    """Return, for each pair, its distance in whole steps of 1e-12, times two, plus one
    where the labels differ: a single sort then orders distances and keeps the labels.
    """
    count = len(rows)
    keys = np.empty(count * (count - 1) // 2, dtype=np.int64)
    end, step = 0, max(1, 2**22 // count)
    for start in range(0, count, step):
        block = slice(start, start + step)
        near = product(rows[block], rows[start:].T, device)
        pairs = np.rint((1 - near) * DIGITS).astype(np.int64) * 2
        pairs += codes[block, None] != codes[None, start:]
        for i, line in enumerate(pairs):
            begin, end = end, end + len(line) - i - 1
            keys[begin:end] = line[i + 1 :]
    return keys


def _rank_correlation(keys: np.ndarray) -> float:
    """Return Spearman's correlation of distance and difference; sorts `keys`.

    Ranks are summed in chunks that no tie crosses, to save their memory.
    """
    keys.sort()
    count, hits, spread, different = len(keys), 0.0, 0.0, 0
    cuts = np.searchsorted(keys, keys[CHUNK::CHUNK] & ~1)
    for start, stop in pairwise(np.unique(np.r_[0, cuts, count])):
        values, differs = keys[start:stop] >> 1, keys[start:stop] & 1
        starts = np.r_[0, np.flatnonzero(np.diff(values)) + 1]
        sizes = np.diff(starts, append=stop - start)
        ranks = start + starts + (sizes - count) / 2  # about their mean
        hits += ranks @ np.add.reduceat(differs, starts)
        spread += (sizes * ranks**2).sum()
        different += differs.sum()
    share = different / count
    product_of_spreads = spread * share * (1 - share) * count
    return float(hits / np.sqrt(product_of_spreads)) if product_of_spreads > 0 else nan
