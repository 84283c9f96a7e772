"""Rows of partial sums, one a chunk, and how they become the metrics of whole tensors.
The order of rows alone decides the order of additions. Reads no files.
"""

from collections.abc import Sequence

import numpy as np

from core.weights.loops.columns import (
    ABSOLUTE,
    BITS,
    BOTH_FINITE,
    CHANGED,
    DD,
    FLIPS,
    MAXIMUM,
    MINIMUM,
    NONFINITE_X,
    NONFINITE_Y,
    X_POWER,
    XX,
    XY,
    YY,
)
from core.weights.metrics import NOTHING, Measure, Metrics, same_dtype
from core.weights.spans import Pair


def empty_rows(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums (rows, 10) and counts (rows, 6) before anything was added."""
    sums = np.zeros((rows, 10))
    sums[:, MINIMUM] = np.inf
    return sums, np.zeros((rows, 6), np.int64)


def measures(
    pairs: Sequence[Pair],
    rows: Sequence[int],
    sums: np.ndarray,
    counts: np.ndarray,
    sketches: Sequence[np.ndarray] | None = None,
) -> list[Measure]:
    """Turn consecutive runs of rows, as many as `rows` says for each pair, into
    measures.
    """
    filled = [i for i in range(len(pairs)) if rows[i]]
    told = [NOTHING] * len(pairs)
    reduced = _reduced(
        sums, counts, [rows[i] for i in filled], [pairs[i][1].elements for i in filled]
    )
    for i, metrics in zip(filled, reduced, strict=True):
        told[i] = metrics
    drawn = sketches or [None] * len(pairs)
    return [_measure(*row) for row in zip(pairs, told, drawn, strict=True)]


def _measure(pair: Pair, metrics: Metrics, sketch: np.ndarray | None) -> Measure:
    equal = metrics.fraction_changed == 0
    return Measure(equal, equal and same_dtype(*pair), True, metrics, sketch)


def _reduced(
    sums: np.ndarray, counts: np.ndarray, rows: Sequence[int], elements: Sequence[int]
) -> list[Metrics]:
    if not rows:
        return []
    starts = np.concatenate([[0], np.cumsum(rows)[:-1]])
    totals = _total(sums, starts, rows)
    counted = np.add.reduceat(counts, starts, axis=0)
    with np.errstate(all="ignore"):
        columns = _columns(totals, counted, np.asarray(elements))
    assert list(columns) == list(Metrics._fields)
    return list(map(Metrics._make, zip(*columns.values(), strict=True)))


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
