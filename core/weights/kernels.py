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
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from core.weights.metrics import (
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

BLOCK = 4096
"""Elements that are summed in float32 lanes before float64 takes over."""

FASTMATH = {"reassoc", "nsz", "arcp", "contract"}

X_START, Y_START, SIZE, ROW = range(4)
"""Columns of a segment: byte offsets into both runs, bytes, row of the results."""

SQUARES, NONFINITE = range(2)
"""Columns of a row of norms: the sum of squares of the finite, count of the others."""

WORDS: dict[str, type] = {
    "F32": np.uint32, "BF16": np.uint16, "F16": np.int16, "F64": np.float64,
    "BOOL": np.uint8, "U8": np.uint8, "U16": np.uint16, "U32": np.uint32,
    "U64": np.uint64, "I8": np.int8, "I16": np.int16, "I32": np.int32, "I64": np.int64,
}  # fmt: skip
"""How a kernel sees an element. F16 is int16 so that its type differs from BF16's."""

NARROW = ("F32", "BF16", "F16")
"""Floats whose sums cannot leave the range of float64."""

TINY = 0x2B800000  # bits of float32 2^-40
LARGE = 0x58800000  # bits of float32 2^50
INFINITE = 0x7F800000  # bits of float32 infinity
ABS_MASK = 0x7FFFFFFF


@intrinsic
def popcount(context, word):
    """Count the set bits of an integer."""
    return word(word), lambda _context, builder, _signature, arguments: builder.ctpop(
        arguments[0]
    )


@intrinsic
def widen(context, word):
    """Turn the bits of an F32 (uint32), BF16 (uint16) or F16 (int16) into float32."""

    def generate(_context, builder, _signature, arguments):
        bits = arguments[0]
        if word == types.int16:
            return builder.fpext(builder.bitcast(bits, ir.HalfType()), ir.FloatType())
        if word == types.uint16:
            wide = builder.zext(bits, ir.IntType(32))
            bits = builder.shl(wide, ir.Constant(ir.IntType(32), 16))
        return builder.bitcast(bits, ir.FloatType())

    return types.float32(word), generate


@intrinsic
def bits_of(context, value):
    """Take the bits of a float as an unsigned integer of the same width."""
    word = types.uint32 if value == types.float32 else types.uint64

    def generate(_context, builder, _signature, arguments):
        return builder.bitcast(arguments[0], ir.IntType(word.bitwidth))

    return word(value), generate


@intrinsic
def as_unsigned(context, word):
    """Zero-extend the bits of an element to 32 bits."""

    def generate(_context, builder, _signature, arguments):
        if arguments[0].type.width == 32:
            return arguments[0]
        return builder.zext(arguments[0], ir.IntType(32))

    return types.uint32(word), generate


@njit(fastmath=FASTMATH)
def _magnitude(value):
    return np.uint32(bits_of(np.float32(value)) & np.uint32(ABS_MASK))


@njit(fastmath=FASTMATH)
def _same(x, y):
    for start in range(0, x.size, 512):
        a = x[start : start + 512]
        b = y[start : start + 512]
        difference = False
        for i in range(a.size):
            difference |= a[i] != b[i]
        if difference:
            return False
    return True


@njit(fastmath=FASTMATH)
def _fast_block(x, y, mean_square, sums, counts):
    """Add a full block in float32 lanes; answer False, adding nothing, when unsafe.

    Safe is a block whose largest |d| keeps every sum away from overflow and underflow,
    and whose d is small against x, so that rounding in x·d cannot reach the cosine.
    """
    xd = np.float32(0)
    dd = np.float32(0)
    absolute = np.float32(0)
    largest = np.uint32(0)
    smallest = np.uint32(ABS_MASK)
    changed = np.uint32(0)
    flips = np.uint32(0)
    bits = np.uint32(0)
    top = np.uint32(8 * x.itemsize - 1)
    for i in range(BLOCK):
        xi = widen(x[i])
        d = np.float32(widen(y[i]) - xi)
        magnitude = _magnitude(d)
        xd += xi * d
        dd += d * d
        absolute += widen(magnitude)
        largest = max(largest, magnitude)
        smallest = min(smallest, magnitude)
        word = np.uint32(as_unsigned(x[i]) ^ as_unsigned(y[i]))
        changed = np.uint32(changed + np.uint32(word != np.uint32(0)))
        flips = np.uint32(flips + np.uint32(word >> top))
        bits = np.uint32(bits + popcount(word))
    if largest < np.uint32(TINY) or largest > np.uint32(LARGE):
        return False
    if not np.isfinite(xd) or dd > BLOCK / 16 * mean_square:
        return False
    sums[XY] += xd
    sums[DD] += dd
    sums[ABSOLUTE] += absolute
    sums[MAXIMUM] = max(sums[MAXIMUM], np.float64(widen(largest)))
    sums[MINIMUM] = min(sums[MINIMUM], np.float64(widen(smallest)))
    counts[CHANGED] += changed
    counts[FLIPS] += flips
    counts[BITS] += bits
    counts[BOTH_FINITE] += BLOCK
    return True


@njit(fastmath=FASTMATH)
def _exact_block(x, y, sums, counts):
    """Add any block in float64, over the elements that are finite in both."""
    top = np.uint32(8 * x.itemsize - 1)
    xd = dd = absolute = largest = 0.0
    smallest = np.inf
    for i in range(x.size):
        xi = widen(x[i])
        yi = widen(y[i])
        x_finite = _magnitude(xi) < np.uint32(INFINITE)
        y_finite = _magnitude(yi) < np.uint32(INFINITE)
        both = x_finite and y_finite
        value = np.float64(xi) if both else 0.0
        d = np.float64(yi) - value if both else 0.0
        xd += value * d
        dd += d * d
        absolute += abs(d)
        largest = max(largest, abs(d))
        smallest = min(smallest, abs(d) if both else np.inf)
        word = np.uint32(as_unsigned(x[i]) ^ as_unsigned(y[i]))
        counts[CHANGED] += word != np.uint32(0)
        counts[FLIPS] += word >> top
        counts[BITS] += popcount(word)
        counts[NONFINITE_X] += not x_finite
        counts[NONFINITE_Y] += not y_finite
        counts[BOTH_FINITE] += both
    sums[XY] += xd
    sums[DD] += dd
    sums[ABSOLUTE] += absolute
    sums[MAXIMUM] = max(sums[MAXIMUM], largest)
    sums[MINIMUM] = min(sums[MINIMUM], smallest)


@njit(fastmath=FASTMATH)
def _products(x, y):
    """Sum x·x, x·y and y·y in float64 over the elements that are finite in both."""
    xx = xy = yy = 0.0
    for i in range(x.size):
        xi = widen(x[i])
        yi = widen(y[i])
        both = max(_magnitude(xi), _magnitude(yi)) < np.uint32(INFINITE)
        a = np.float64(xi) if both else 0.0
        b = np.float64(yi) if both else 0.0
        xx += a * a
        xy += a * b
        yy += b * b
    return xx, xy, yy


@njit(fastmath=FASTMATH)
def _narrow_row(x, y, norm, sums, counts):
    xx = norm[SQUARES]
    for start in range(0, x.size, BLOCK):
        a = x[start : start + BLOCK]
        b = y[start : start + BLOCK]
        if norm[NONFINITE] == 0 and _same(a, b):
            sums[MINIMUM] = 0.0
            counts[BOTH_FINITE] += a.size
        elif a.size < BLOCK or not _fast_block(a, b, xx / x.size, sums, counts):
            _exact_block(a, b, sums, counts)
    xd = sums[XY]
    dd = sums[DD]
    sums[XX] = xx
    sums[XY] = xx + xd
    sums[YY] = xx + 2.0 * xd + dd
    if counts[NONFINITE_X] + counts[NONFINITE_Y] > 0 or dd > xx / 4:
        sums[XX], sums[XY], sums[YY] = _products(x, y)


@njit(fastmath=FASTMATH, nogil=True, cache=True)
def narrow_rows(x_bytes, y_bytes, word, segments, norms, sums, counts):
    """Compare F32, BF16 or F16 segments; `norms` come from `norm_rows`."""
    for i in range(segments.shape[0]):
        x_start, y_start, size, row = segments[i]
        x = x_bytes[x_start : x_start + size].view(word)
        y = y_bytes[y_start : y_start + size].view(word)
        _narrow_row(x, y, norms[row], sums[row], counts[row])


@njit(fastmath=FASTMATH)
def _norm_block(x):
    total = np.float32(0)
    largest = np.uint32(0)
    for i in range(x.size):
        value = widen(x[i])
        total += value * value
        largest = max(largest, _magnitude(value))
    if np.uint32(TINY) < largest < np.uint32(LARGE):
        return np.float64(total), 0
    exact = 0.0
    nonfinite = 0
    for i in range(x.size):
        value = np.float64(widen(x[i]))
        if np.isfinite(value):
            exact += value * value
        else:
            nonfinite += 1
    return exact, nonfinite


@njit(fastmath=FASTMATH, nogil=True, cache=True)
def norm_rows(x_bytes, word, segments, norms):
    """Write the sum of squares of each F32, BF16 or F16 segment of the first run."""
    for i in range(segments.shape[0]):
        x_start, _, size, row = segments[i]
        x = x_bytes[x_start : x_start + size].view(word)
        for start in range(0, x.size, BLOCK):
            squares, nonfinite = _norm_block(x[start : start + BLOCK])
            norms[row, SQUARES] += squares
            norms[row, NONFINITE] += nonfinite


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
        if np.isfinite(x[i]) and np.isfinite(y[i]):
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
        counts[NONFINITE_X] += not np.isfinite(x[i])
        counts[NONFINITE_Y] += not np.isfinite(y[i])
        if np.isfinite(x[i]) and np.isfinite(y[i]):
            a = x[i] * x_scale
            b = y[i] * y_scale
            gap = y[i] - x[i]
            halved = (y[i] * 0.5 - x[i] * 0.5) * d_scale * 2.0
            d = gap * d_scale if np.isfinite(gap) else halved
            sums[XX] += a * a
            sums[XY] += a * b
            sums[YY] += b * b
            sums[DD] += d * d
            sums[ABSOLUTE] += abs(d)
            sums[MAXIMUM] = max(sums[MAXIMUM], abs(gap))
            sums[MINIMUM] = min(sums[MINIMUM], abs(gap))
            counts[BOTH_FINITE] += 1
    sums[X_POWER], sums[Y_POWER], sums[D_POWER] = powers


@njit(nogil=True, cache=True)
def wide_rows(x_bytes, y_bytes, word, segments, norms, sums, counts):
    """Compare F64 segments; each row is scaled so that no square leaves float64."""
    for i in range(segments.shape[0]):
        x_start, y_start, size, row = segments[i]
        x = x_bytes[x_start : x_start + size].view(word)
        y = y_bytes[y_start : y_start + size].view(word)
        _wide_row(x, y, sums[row], counts[row])


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


@njit(nogil=True, cache=True)
def integer_rows(x_bytes, y_bytes, word, segments, norms, sums, counts):
    """Compare integer or bool segments; differences are exact before float64."""
    for i in range(segments.shape[0]):
        x_start, y_start, size, row = segments[i]
        x = x_bytes[x_start : x_start + size].view(word)
        y = y_bytes[y_start : y_start + size].view(word)
        _integer_row(x, y, sums[row], counts[row])


@njit(nogil=True, cache=True)
def unequal_rows(x_bytes, y_bytes, segments, unequal):
    """Mark the rows of segments whose bytes differ."""
    for i in range(segments.shape[0]):
        x_start, y_start, size, row = segments[i]
        if not _same(
            x_bytes[x_start : x_start + size], y_bytes[y_start : y_start + size]
        ):
            unequal[row] = True


def add_norms(
    base: np.ndarray, dtype: str, segments: np.ndarray, norms: np.ndarray
) -> None:
    """Write the norms of the base's segments where `compare` needs them."""
    if dtype in NARROW:
        norm_rows(base, WORDS[dtype], segments, norms)


def compare(
    base: np.ndarray,
    child: np.ndarray,
    dtype: str,
    segments: np.ndarray,
    norms: np.ndarray,
    sums: np.ndarray,
    counts: np.ndarray,
) -> None:
    """Add segments of two read-only byte runs of one dtype to their rows."""
    rows = integer_rows
    if dtype in NARROW:
        rows = narrow_rows
    elif dtype == "F64":
        rows = wide_rows
    rows(base, child, WORDS[dtype], segments, norms, sums, counts)
