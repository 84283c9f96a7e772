"""What is told of two aligned tensors, and how rows of partial sums become it. Reads no
files.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True, slots=True)
class Metrics:
    """The distances of a child's tensor y from its base's x, rounded to y's dtype.

    Bytes decide equality: a NaN equals a NaN of the same bits, and −0.0 differs from
    0.0 (it counts as changed, as a sign flip and as one bit). The distances, in
    float64, are over the elements that are finite in both; `nonfinite_base` and
    `nonfinite_child` count the others. None is what has no value: a distance over no
    element, a cosine with a tensor of zeros, a relative distance from zeros to
    something else, a number beyond float64.

    - fraction_changed: elements whose bytes differ, of all elements
    - relative_l2: ‖y − x‖ / ‖x‖; 0 when nothing differs, also from zeros to zeros
    - cosine: x·y / (‖x‖ ‖y‖)
    - mse, mean_abs_diff, max_abs_diff, min_abs_diff: of y − x
    - sign_flips: how many elements changed their sign
    - bit_distance: mean number of differing bits an element
    """

    fraction_changed: float
    relative_l2: float | None
    cosine: float | None
    mse: float | None
    mean_abs_diff: float | None
    max_abs_diff: float | None
    min_abs_diff: float | None
    sign_flips: int
    bit_distance: float
    nonfinite_base: int = 0
    nonfinite_child: int = 0


@dataclass(frozen=True, slots=True)
class Measure:
    """What a comparison of two tensors found.

    `equal` is after rounding the base to the child's dtype, `equal_bytes` asks for the
    same dtype too. A pair is `comparable` when its shapes agree, both dtypes are plain
    numbers, and no float would have to be rounded to an integer (that is quantization,
    whose scale is not in the tensor); otherwise `equal` is `equal_bytes`. `sketch` is
    a random projection of y − x, see `core.weights.sketch`.
    """

    equal: bool
    equal_bytes: bool
    comparable: bool
    metrics: Metrics | None = None
    sketch: np.ndarray | None = None


NOTHING = Metrics(0.0, None, None, None, None, None, None, 0, 0.0)
"""The metrics of a pair of empty tensors: nothing changed, and no distance exists."""

XX, XY, YY, DD, ABSOLUTE, MAXIMUM, MINIMUM, X_POWER, Y_POWER, D_POWER = range(10)
"""Columns of a row of sums, over the elements finite in both and d = y − x.

Sums of x·x, x·y, y·y, d·d and |d|, then the largest and smallest |d|. F64 is scaled so
that no square leaves its range: the true sums are XX · 4^X_POWER, YY · 4^Y_POWER,
XY · 2^(X_POWER + Y_POWER), DD · 4^D_POWER and ABSOLUTE · 2^D_POWER.
"""

CHANGED, FLIPS, BITS, NONFINITE_X, NONFINITE_Y, BOTH_FINITE = range(6)
"""Columns of a row of counts."""


def empty_rows(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums (rows, 10) and counts (rows, 6) before anything was added."""
    sums = np.zeros((rows, 10))
    sums[:, MINIMUM] = np.inf
    return sums, np.zeros((rows, 6), np.int64)


def reduce_rows(
    sums: np.ndarray, counts: np.ndarray, rows: Sequence[int], elements: Sequence[int]
) -> list[Metrics]:
    """Turn consecutive runs of rows, one run a pair, into the pairs' metrics.

    `rows` and `elements` say how many rows (1 or more) and elements each pair has. The
    order of rows alone decides the order of additions.
    """
    if not len(rows):
        return []
    starts = np.concatenate([[0], np.cumsum(rows)[:-1]])
    totals = _total(sums, starts, rows)
    counted = np.add.reduceat(counts, starts, axis=0)
    with np.errstate(all="ignore"):
        columns = _columns(totals, counted, np.asarray(elements))
    assert list(columns) == [field.name for field in fields(Metrics)]
    return [Metrics(*row) for row in zip(*columns.values(), strict=True)]


def _total(sums: np.ndarray, starts: np.ndarray, rows: Sequence[int]) -> np.ndarray:
    """Add the rows of each pair on the pair's largest powers; shape (pairs, 10)."""
    powers = np.maximum.reduceat(sums[:, X_POWER:], starts, axis=0)
    x, y, d = (sums[:, X_POWER:] - np.repeat(powers, rows, axis=0)).T.astype(int)
    scaled = sums[:, :MAXIMUM].copy()
    for column, shift in zip(
        (XX, XY, YY, DD, ABSOLUTE), (2 * x, x + y, 2 * y, 2 * d, d), strict=True
    ):
        scaled[:, column] = np.ldexp(scaled[:, column], shift)
    return np.column_stack(
        [
            np.add.reduceat(scaled, starts, axis=0),
            np.maximum.reduceat(sums[:, MAXIMUM], starts),
            np.minimum.reduceat(sums[:, MINIMUM], starts),
            powers,
        ]
    )


def _columns(
    totals: np.ndarray, counted: np.ndarray, elements: np.ndarray
) -> dict[str, list]:
    xx, xy, yy, dd, absolute, maximum, minimum = totals[:, :X_POWER].T
    x, _, d = totals[:, X_POWER:].T.astype(int)
    finite = counted[:, BOTH_FINITE]
    relative = np.ldexp(np.sqrt(dd / xx), d - x)
    cosine = np.clip(xy / np.sqrt(xx * yy), -1.0, 1.0)
    return {
        "fraction_changed": (counted[:, CHANGED] / elements).tolist(),
        "relative_l2": _known(np.where((dd == 0) & (finite > 0), 0.0, relative)),
        "cosine": _known(cosine),
        "mse": _known(np.ldexp(dd / finite, 2 * d)),
        "mean_abs_diff": _known(np.ldexp(absolute / finite, d)),
        "max_abs_diff": _known(np.where(finite > 0, maximum, np.nan)),
        "min_abs_diff": _known(minimum),
        "sign_flips": counted[:, FLIPS].tolist(),
        "bit_distance": (counted[:, BITS] / elements).tolist(),
        "nonfinite_base": counted[:, NONFINITE_X].tolist(),
        "nonfinite_child": counted[:, NONFINITE_Y].tolist(),
    }


def _known(values: np.ndarray) -> list[float | None]:
    return [
        value if known else None
        for value, known in zip(
            values.tolist(), np.isfinite(values).tolist(), strict=True
        )
    ]
