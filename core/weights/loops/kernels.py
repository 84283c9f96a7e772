"""Compiled loops over two runs of bytes: one pass to every distance. Knows no files.

Why the loops look as they do (all measured):
- a block is sliced first and walked by `range(block.size)`: other indices keep numba's
  negative wraparound, which stops vectorization;
- numba widens `uint32 op uint32` to 64 bits, so every integer result is cast back;
- a float maximum has NaN rules that do not vectorize, the integer maximum over the bits
  of |d| does, and shows NaN and infinity as the largest values;
- `fastmath=True` would make NaN undefined, the named set below does not;
- threads call these loops without the GIL; `prange` is slower to compile, not faster.
"""

import numpy as np
from numba import njit

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
    XX,
    XY,
    YY,
)
from core.weights.loops.compiled import compiled
from core.weights.loops.intrinsics import (
    ABS_MASK_64,
    BLOCK,
    FASTMATH,
    INFINITE,
    INFINITE_64,
    bits_of,
    bytes_equal,
    differing,
    is_finite,
    magnitude,
    popcount,
    sign_flip,
    widen,
)
from core.weights.loops.scatter import (
    empty_lanes,
    fold,
    gather,
    place_of,
    scatter,
)
from core.weights.loops.vectors import block_sums

SQUARES, NONFINITE = range(2)
"""Columns of a row of norms: the sum of squares of the finite, count of the others."""

TINY = 0x2B800000  # bits of float32 2^-40
LARGE = 0x58800000  # bits of float32 2^50


@njit(fastmath=FASTMATH)
def _fast_block(x, y, mean_square, sums, counts, signs, drawn, sketches):
    """Add a full block in float32 lanes; answer False, adding nothing, when unsafe.

    Safe is a block whose largest |d| keeps every sum away from overflow and underflow,
    and whose d is small against x, so that rounding in x·d cannot reach the cosine.
    """
    xd, dd, absolute, largest, smallest, flips, equal, bits = block_sums(
        x, y, signs, drawn, sketches
    )
    if largest < np.uint32(TINY) or largest > np.uint32(LARGE):
        return False
    if magnitude(xd) >= np.uint32(INFINITE) or dd > BLOCK / 16 * mean_square:
        return False
    sums[XY] += xd
    sums[DD] += dd
    sums[ABSOLUTE] += absolute
    sums[MAXIMUM] = max(sums[MAXIMUM], np.float64(widen(largest)))
    sums[MINIMUM] = min(sums[MINIMUM], np.float64(widen(smallest)))
    if x.itemsize == 4 and smallest == 0:
        equal = _equal_elements(x, y)
    counts[CHANGED] += BLOCK - equal
    counts[FLIPS] += flips
    counts[BITS] += bits
    counts[BOTH_FINITE] += BLOCK
    return True


@njit
def _equal_elements(x, y):
    """Count the F32 elements of a full block that have the same bits.

    Where no |d| is 0, none has, and this pass is left out.
    """
    equal = np.uint32(0)
    for i in range(BLOCK):
        equal = np.uint32(equal + np.uint32(x[i] == y[i]))
    return np.int64(equal)


@njit(fastmath=FASTMATH)
def _exact_block(x, y, sums, counts):
    """Add any block in float64, over the elements that are finite in both."""
    xd = dd = absolute = 0.0
    largest = np.int64(0)
    smallest = np.int64(INFINITE_64)
    for i in range(x.size):
        xi = widen(x[i])
        yi = widen(y[i])
        both = max(magnitude(xi), magnitude(yi)) < np.uint32(INFINITE)
        value = np.float64(xi) if both else 0.0
        d = np.float64(yi) - value if both else 0.0
        xd += value * d
        dd += d * d
        absolute += abs(d)
        size = np.int64(np.int64(bits_of(d)) & np.int64(ABS_MASK_64))
        largest = max(largest, size)
        smallest = min(smallest, size if both else np.int64(INFINITE_64))
    sums[XY] += xd
    sums[DD] += dd
    sums[ABSOLUTE] += absolute
    sums[MAXIMUM] = max(sums[MAXIMUM], np.int64(largest).view(np.float64))
    sums[MINIMUM] = min(sums[MINIMUM], np.int64(smallest).view(np.float64))
    _count_block(x, y, counts)


@njit(fastmath=FASTMATH)
def _count_block(x, y, counts):
    changed = flips = bits = x_finite = y_finite = both = np.uint32(0)
    for i in range(x.size):
        word = differing(x[i], y[i])
        changed = np.uint32(changed + np.uint32(word != np.uint32(0)))
        flips = np.uint32(flips + sign_flip(x[i], y[i]))
        bits = np.uint32(bits + popcount(word))
        a = np.uint32(magnitude(widen(x[i])) < np.uint32(INFINITE))
        b = np.uint32(magnitude(widen(y[i])) < np.uint32(INFINITE))
        x_finite = np.uint32(x_finite + a)
        y_finite = np.uint32(y_finite + b)
        both = np.uint32(both + np.uint32(a & b))
    counts[CHANGED] += changed
    counts[FLIPS] += flips
    counts[BITS] += bits
    counts[NONFINITE_X] += x.size - x_finite
    counts[NONFINITE_Y] += x.size - y_finite
    counts[BOTH_FINITE] += both


@njit(fastmath=FASTMATH)
def _products(x, y):
    """Sum x·x, x·y and y·y in float64 over the elements that are finite in both."""
    xx = xy = yy = 0.0
    for i in range(x.size):
        xi = widen(x[i])
        yi = widen(y[i])
        both = max(magnitude(xi), magnitude(yi)) < np.uint32(INFINITE)
        a = np.float64(xi) if both else 0.0
        b = np.float64(yi) if both else 0.0
        xx += a * a
        xy += a * b
        yy += b * b
    return xx, xy, yy


@compiled(fastmath=FASTMATH)
def narrow_rows(
    x_bytes, y_bytes, like, segments, norms, sums, counts, seeds, signs, sketches
):
    """Compare F32, BF16 or F16 segments, and sketch them unless `sketches` is None.

    `like` is an empty array of the words that the bytes are seen as. `segments` (n, 4)
    are the byte offsets into both runs, bytes, and row of the result; `norms` come from
    `norm_rows`. Without sketches numba leaves out what draws them.
    """
    lanes, drawn = empty_lanes()
    for i in range(segments.shape[0]):
        x_start, y_start, size, row = segments[i]
        x_run = x_bytes[x_start : x_start + size]
        y_run = y_bytes[y_start : y_start + size]
        x = x_run.view(like.dtype)
        y = y_run.view(like.dtype)
        seed = np.uint64(0) if sketches is None else seeds[row]
        norm, total, count = norms[row], sums[row], counts[row]
        drawing = seed, signs, lanes, drawn, sketches
        _narrow_blocks(x_run, y_run, x, y, norm, total, count, *drawing)
        _finish_row(x, y, norm[SQUARES], total, count)
        if sketches is not None:
            fold(lanes, signs, sketches[row])


@njit(fastmath=FASTMATH)
def _narrow_blocks(
    x_bytes, y_bytes, x, y, norm, sums, counts, seed, signs, lanes, drawn, sketches
):
    finite = norm[NONFINITE] == 0
    mean_square = norm[SQUARES] / x.size
    item = x.itemsize
    turn, place = 0, 0
    for start in range(0, x.size, BLOCK):
        stop = min(start + BLOCK, x.size)
        p = x_bytes[start * item : stop * item]
        q = y_bytes[start * item : stop * item]
        if finite and bytes_equal(p, q):
            sums[MINIMUM] = 0.0
            counts[BOTH_FINITE] += stop - start
            continue
        a = x[start:stop]
        b = y[start:stop]
        if sketches is not None:
            turn, place = place_of(seed, start // BLOCK)
        fast = a.size == BLOCK and _fast_block(
            a, b, mean_square, sums, counts, signs[place:], drawn, sketches
        )
        if not fast:
            _exact_block(a, b, sums, counts)
        if sketches is not None:
            if fast:
                gather(drawn, turn, lanes)
            else:
                scatter(a, b, turn, place, signs, lanes)


@njit(fastmath=FASTMATH)
def _finish_row(x, y, xx, sums, counts):
    """Complete the products from x·d and d·d, or afresh where that would cancel."""
    xd = sums[XY]
    dd = sums[DD]
    sums[XX] = xx
    sums[XY] = xx + xd
    sums[YY] = xx + 2.0 * xd + dd
    if counts[NONFINITE_X] + counts[NONFINITE_Y] > 0 or dd > xx / 4:
        sums[XX], sums[XY], sums[YY] = _products(x, y)


@njit(fastmath=FASTMATH)
def _norm_block(x):
    total = np.float32(0)
    largest = np.uint32(0)
    for i in range(x.size):
        value = widen(x[i])
        total += value * value
        largest = max(largest, magnitude(value))
    if np.uint32(TINY) < largest < np.uint32(LARGE):
        return np.float64(total), 0
    exact = 0.0
    nonfinite = 0
    for i in range(x.size):
        value = np.float64(widen(x[i]))
        if is_finite(value):
            exact += value * value
        else:
            nonfinite += 1
    return exact, nonfinite


@compiled(fastmath=FASTMATH)
def norm_rows(x_bytes, like, segments, norms):
    """Write the sum of squares of each F32, BF16 or F16 segment of the first run."""
    for i in range(segments.shape[0]):
        x_start, _, size, row = segments[i]
        x = x_bytes[x_start : x_start + size].view(like.dtype)
        for start in range(0, x.size, BLOCK):
            squares, nonfinite = _norm_block(x[start : start + BLOCK])
            norms[row, SQUARES] += squares
            norms[row, NONFINITE] += nonfinite
