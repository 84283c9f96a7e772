"""The smallest pieces of the compiled loops: the bits of an element, seen as numbers.

F16 is seen as int16 so that its type differs from BF16's uint16.
"""

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

FASTMATH = {"reassoc", "nsz", "arcp", "contract"}
"""What the compiler may reorder. `fastmath=True` would make NaN undefined."""

BLOCK = 4096
"""Elements that are summed in float32 lanes before float64 takes over."""

INFINITE = 0x7F800000
ABS_MASK = 0x7FFFFFFF
INFINITE_64 = 0x7FF0000000000000
ABS_MASK_64 = 0x7FFFFFFFFFFFFFFF


@intrinsic
def popcount(context, word):
    """Count the set bits of an integer."""
    return word(word), lambda _context, builder, _signature, arguments: builder.ctpop(
        arguments[0]
    )


@intrinsic
def widen(context, word):
    """Turn an F32 (uint32), BF16 (uint16), F16 (int16) or F64 element into float32."""

    def generate(_context, builder, _signature, arguments):
        bits = arguments[0]
        if word == types.float64:
            return builder.fptrunc(bits, ir.FloatType())
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
def differing(context, x, y):
    """Exclusive-or two elements, zero-extended to 32 bits."""

    def generate(_context, builder, _signature, arguments):
        word = builder.xor(*arguments)
        return word if x.bitwidth == 32 else builder.zext(word, ir.IntType(32))

    return types.uint32(x, y), generate


@intrinsic
def sign_flip(context, x, y):
    """Return 1 where the top bits of two elements differ, else 0, in 32 bits."""

    def generate(_context, builder, _signature, arguments):
        word = builder.xor(*arguments)
        sign = builder.lshr(word, ir.Constant(word.type, x.bitwidth - 1))
        return sign if x.bitwidth == 32 else builder.zext(sign, ir.IntType(32))

    return types.uint32(x, y), generate


@njit(fastmath=FASTMATH)
def magnitude(value):
    """Return the bits of |value|, a float32: they sort as the values do."""
    return np.uint32(bits_of(np.float32(value)) & np.uint32(ABS_MASK))


@njit(fastmath=FASTMATH)
def is_finite(value):
    """Ask the bits of a float64: `np.isfinite` subtracts, which FASTMATH may drop."""
    bits = np.int64(np.int64(bits_of(value)) & np.int64(ABS_MASK_64))
    return bits < np.int64(INFINITE_64)


@njit(fastmath=FASTMATH)
def bytes_equal(x, y):
    """Compare two runs of bytes, giving up soon after the first difference."""
    for start in range(0, x.size, 2048):
        a = x[start : start + 2048]
        b = y[start : start + 2048]
        difference = False
        for i in range(a.size):
            difference |= a[i] != b[i]
        if difference:
            return False
    return True
