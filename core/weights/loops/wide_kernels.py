"""Compiled loops for what `kernels` leaves: F64, integers, and equality. They are rare
or need no sums, and so are written plainly. Knows no files.
"""

import numpy as np
from numba import njit

from core.weights.loops.columns import (
    ABSOLUTE,
    BITS,
    BOTH_FINITE,
    CHANGED,
    D_POWER,
    DD,
    FLIPS,
    MAXIMUM,
    MINIMUM,
    NONFINITE_X,
    NONFINITE_Y,
    X_POWER,
    XX,
    XY,
    Y_POWER,
    YY,
)
from core.weights.loops.compiled import compiled
from core.weights.loops.intrinsics import (
    BLOCK,
    FASTMATH,
    bits_of,
    bytes_equal,
    is_finite,
    popcount,
)
from core.weights.loops.scatter import empty_lanes, fold, place_of, scatter


@njit
def _power(largest):
    """Return the exponent that brings `largest` near 1, as far as one factor can."""
    if largest == 0.0:
        return -1000
    return min(1000, max(-1000, np.int64(np.floor(np.log2(largest)))))


@njit
def _powers(x, y):
    """Return the exponents of the largest |x|, |y| and |d| that are finite in both."""
    largest_x = largest_y = largest_d = 0.0
    for i in range(x.size):
        if is_finite(x[i]) and is_finite(y[i]):
            largest_x = max(largest_x, abs(x[i]))
            largest_y = max(largest_y, abs(y[i]))
            largest_d = max(largest_d, abs(y[i] * 0.5 - x[i] * 0.5))
    return _power(largest_x), _power(largest_y), _power(largest_d)


@njit(fastmath=FASTMATH)
def _wide_row(x, y, sums, counts):
    powers = _powers(x, y)
    x_scale, y_scale, d_scale = 2.0 ** -powers[0], 2.0 ** -powers[1], 2.0 ** -powers[2]
    for i in range(x.size):
        word = bits_of(x[i]) ^ bits_of(y[i])
        counts[CHANGED] += word != 0
        counts[FLIPS] += np.int64(word >> np.uint64(63))
        counts[BITS] += np.int64(popcount(word))
        counts[NONFINITE_X] += not is_finite(x[i])
        counts[NONFINITE_Y] += not is_finite(y[i])
        if is_finite(x[i]) and is_finite(y[i]):
            a = x[i] * x_scale
            b = y[i] * y_scale
            gap = y[i] - x[i]
            halved = (y[i] * 0.5 - x[i] * 0.5) * d_scale * 2.0
            d = gap * d_scale if is_finite(gap) else halved
            sums[XX] += a * a
            sums[XY] += a * b
            sums[YY] += b * b
            sums[DD] += d * d
            sums[ABSOLUTE] += abs(d)
            sums[MAXIMUM] = max(sums[MAXIMUM], abs(gap))
            sums[MINIMUM] = min(sums[MINIMUM], abs(gap))
            counts[BOTH_FINITE] += 1
    sums[X_POWER], sums[Y_POWER], sums[D_POWER] = powers


@compiled()
def wide_rows(
    x_bytes, y_bytes, like, segments, norms, sums, counts, seeds, signs, sketches
):
    """Compare F64 segments; each row is scaled so that no square leaves float64."""
    lanes, _ = empty_lanes()
    for i in range(segments.shape[0]):
        x_start, y_start, size, row = segments[i]
        x = x_bytes[x_start : x_start + size].view(like.dtype)
        y = y_bytes[y_start : y_start + size].view(like.dtype)
        _wide_row(x, y, sums[row], counts[row])
        if sketches is not None:
            for start in range(0, x.size, BLOCK):
                a = x[start : start + BLOCK]
                b = y[start : start + BLOCK]
                turn, place = place_of(seeds[row], start // BLOCK)
                scatter(a, b, turn, place, signs, lanes)
            fold(lanes, signs, sketches[row])


@njit(fastmath=FASTMATH)
def _integer_row(x, y, sums, counts):
    for i in range(x.size):
        a = x[i]
        b = y[i]
        word = np.uint64(a) ^ np.uint64(b)
        counts[CHANGED] += a != b
        counts[FLIPS] += (a < 0) != (b < 0)
        counts[BITS] += np.int64(popcount(word & np.uint64(2 ** (8 * x.itemsize) - 1)))
        gap = np.uint64(b) - np.uint64(a) if b > a else np.uint64(a) - np.uint64(b)
        d = np.float64(gap)
        sums[XX] += np.float64(a) * np.float64(a)
        sums[XY] += np.float64(a) * np.float64(b)
        sums[YY] += np.float64(b) * np.float64(b)
        sums[DD] += d * d
        sums[ABSOLUTE] += d
        sums[MAXIMUM] = max(sums[MAXIMUM], d)
        sums[MINIMUM] = min(sums[MINIMUM], d)
    counts[BOTH_FINITE] += x.size


@compiled()
def integer_rows(
    x_bytes, y_bytes, like, segments, norms, sums, counts, seeds, signs, sketches
):
    """Compare integer or bool segments; differences are exact before float64."""
    for i in range(segments.shape[0]):
        x_start, y_start, size, row = segments[i]
        x = x_bytes[x_start : x_start + size].view(like.dtype)
        y = y_bytes[y_start : y_start + size].view(like.dtype)
        _integer_row(x, y, sums[row], counts[row])


@compiled()
def unequal_rows(x_bytes, y_bytes, segments, unequal):
    """Mark the rows of segments whose bytes differ."""
    for i in range(segments.shape[0]):
        x_start, y_start, size, row = segments[i]
        if not bytes_equal(
            x_bytes[x_start : x_start + size], y_bytes[y_start : y_start + size]
        ):
            unequal[row] = True
