"""How deep each snapshot is retrained: draws of the retrain index. Knows no models.

The four truncated normals are those of the study of derived models
(https://github.com/hpides/alsatian, `retrain_distribution.py`): over N split points,
with mean and deviation in shares of N, rounded, and the same for the same seed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import UsageError


@dataclass(frozen=True)
class TruncatedNormal:
    """A normal over [0, N], both numbers in shares of N."""

    mean: float
    deviation: float


DISTRIBUTIONS: Mapping[str, TruncatedNormal | None] = {
    "FIFTY_PERCENT": TruncatedNormal(0.50, 0.125),
    "TWENTY_FIVE_PERCENT": TruncatedNormal(0.25, 0.125),
    "TOP_LAYERS": TruncatedNormal(0.10, 0.05),
    "LAST_ONE_LAYER": None,
    "UNIFORM": None,
}
"""Every distribution by name; the last two are not normals."""


def draw_indices(
    distribution: str | Sequence[int], points: int, count: int, *, seed: int = 42
) -> list[int]:
    """Draw `count` retrain indices for a network of `points` split points.

    A list is taken as it is, over again where it is shorter. The study may draw N
    itself, which no network has; it counts as N - 1 here. Raises UsageError for an
    unknown name and for an index outside 0 to N - 1.

    >>> draw_indices("TWENTY_FIVE_PERCENT", 9, 4)
    [2, 4, 3, 3]
    >>> draw_indices("LAST_ONE_LAYER", 9, 2), draw_indices([0, 5], 9, 3)
    ([1, 1], [0, 5, 0])
    """
    if points < 1 or count < 0:
        raise UsageError(f"{count} draws over {points} blocks", "make no sense")
    if not isinstance(distribution, str):
        return _listed(list(distribution), points, count)
    if distribution not in DISTRIBUTIONS:
        remedy = f"use {', '.join(DISTRIBUTIONS)}, or a list"
        raise UsageError(f"Distribution {distribution}", "is unknown", remedy)
    if distribution == "LAST_ONE_LAYER":
        return [min(1, points - 1)] * count
    if distribution == "UNIFORM":
        return np.random.default_rng(seed).integers(points, size=count).tolist()
    return _truncated(DISTRIBUTIONS[distribution], points, count, seed)


def _listed(indices: list[int], points: int, count: int) -> list[int]:
    wrong = [index for index in indices if not 0 <= index < points]
    if wrong or not indices:
        happened = f"is not between 0 and {points - 1}"
        raise UsageError(f"Retrain index {wrong[0] if wrong else ''}", happened)
    return [indices[place % len(indices)] for place in range(count)]


def _truncated(
    normal: TruncatedNormal, points: int, count: int, seed: int
) -> list[int]:
    from scipy.stats import truncnorm

    mean, deviation = normal.mean * points, normal.deviation * points
    low, high = -mean / deviation, (points - mean) / deviation
    drawn = truncnorm.rvs(
        low, high, loc=mean, scale=deviation, size=count, random_state=seed
    )
    return [min(round(float(x)), points - 1) for x in drawn]
