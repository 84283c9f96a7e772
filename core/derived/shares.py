"""Shares with their uncertainty: intervals for a proportion and for a median. Knows
numbers only.
"""

from collections.abc import Sequence
from math import comb, nan, sqrt
from statistics import NormalDist

import numpy as np
import pandas as pd

CONFIDENCE = 0.95


def wilson(
    count: float, total: float, *, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Return the score interval of the share count / total (Wilson, 1927).

    With no total nothing is known: the interval is 0 to 1.

    >>> [round(end, 3) for end in wilson(353, 420)]
    [0.802, 0.872]
    >>> wilson(0, 0)
    (0.0, 1.0)
    """
    if total <= 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = count / total
    center = share + z * z / (2 * total)
    half = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (center - half) / scale), min(1.0, (center + half) / scale)


def effective_size(weights: Sequence[float]) -> float:
    """Return how many equally weighted models say as much as these (Kish, 1965).

    >>> effective_size([1, 1, 1]), round(effective_size([1000, 1, 1]), 3)
    (3.0, 1.004)
    """
    total = float(sum(weights))
    squares = float(sum(weight * weight for weight in weights))
    return total * total / squares if squares else 0.0


def with_shares(counts: pd.DataFrame, total: int | pd.Series) -> pd.DataFrame:
    """Add total, share, and the interval of the share to rows that count `models`.

    >>> with_shares(pd.DataFrame({"models": [1]}), 2).round(3).values.tolist()
    [[1.0, 2.0, 0.5, 0.095, 0.905]]
    """
    found = counts.assign(total=total)
    pairs = list(zip(found["models"], found["total"], strict=True))
    ends = [wilson(count, n) for count, n in pairs]
    return found.assign(
        share=[count / n if n else nan for count, n in pairs],
        low=[low for low, _ in ends],
        high=[high for _, high in ends],
    )


def median_interval(
    values: Sequence[float], *, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Return the order statistics that hold the median with at least `confidence`.

    Each value lies below the median with probability one half, whatever the
    distribution. Fewer than six values cannot say: both ends are nan.

    >>> median_interval(range(1, 11))
    (2.0, 9.0)
    """
    ordered = np.sort(np.asarray(values, float))
    n = len(ordered)
    tail, rank = 0.0, 0
    while rank < n:
        tail += comb(n, rank) / 2**n
        if tail > (1 - confidence) / 2:
            break
        rank += 1
    if rank == 0:
        return nan, nan
    return float(ordered[rank - 1]), float(ordered[n - rank])
