"""The words that `vectors` is written in: vectors of LLVM, and the elements in them.
Knows nothing of what is summed.

Source: LLVM's language (https://llvm.org/docs/LangRef.html).
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils

from core.weights.loops.intrinsics import FASTMATH

LANES = 16
"""Words in a vector."""

WORD, LONG, FLOAT = ir.IntType(32), ir.IntType(64), ir.FloatType()
WORDS, FLOATS = ir.VectorType(WORD, LANES), ir.VectorType(FLOAT, LANES)
HALVES = ir.VectorType(ir.HalfType(), 2 * LANES)
UPPER_HALF = 0xFFFF0000
FLAGS = tuple(sorted(FASTMATH))


def each(value: int, kind: ir.VectorType = WORDS) -> ir.Constant:
    """Return a vector whose elements are all `value`."""
    return ir.Constant(kind, [value] * kind.count)


def phi(builder: ir.IRBuilder, value: ir.Value, before: ir.Block) -> ir.PhiInstr:
    """Begin a value that a loop changes: what it is when the block `before` ends."""
    node = builder.phi(value.type)
    node.add_incoming(value, before)
    return node


def plus(builder: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    """Add floats, in any order."""
    return builder.fadd(a, b, flags=FLAGS)


def times(builder: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    """Multiply floats, with what is added to them in one step where that is faster."""
    return builder.fmul(a, b, flags=FLAGS)


def ones(builder: ir.IRBuilder, words: ir.Value) -> ir.Value:
    """Count the set bits of each word."""
    return call(builder, f"llvm.ctpop.v{LANES}i32", WORDS, [words])


def added(builder: ir.IRBuilder, element: types.Type, counts: list) -> ir.Value:
    """Add up the lanes of a count, as wide as elements; 0 of none."""
    total = LONG(0)
    for lanes in counts:
        words = ir.VectorType(WORD, lanes.type.count)
        wide = lanes if element.bitwidth == 32 else builder.zext(lanes, words)
        name = f"llvm.vector.reduce.add.v{words.count}i32"
        total = builder.add(
            total, builder.zext(call(builder, name, WORD, [wide]), LONG)
        )
    return total


def call(
    builder: ir.IRBuilder,
    name: str,
    result: ir.Type,
    arguments: list,
    fastmath: tuple = (),
) -> ir.Value:
    """Call one of LLVM's own functions."""
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    return builder.call(function, arguments, fastmath=fastmath)


def prefetch(builder: ir.IRBuilder, address: ir.Value) -> None:
    """Ask the processor to bring a line to its nearest cache, even one that is not
    there.
    """
    byte = ir.IntType(8).as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [byte, WORD, WORD, WORD])
    name = "llvm.prefetch.p0i8"
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    reading, nearest, of_data = WORD(0), WORD(3), WORD(1)
    place = builder.bitcast(address, byte)
    builder.call(function, [place, reading, nearest, of_data])


def floats(builder: ir.IRBuilder, element: types.Type, words: ir.Value) -> list:
    """Widen the elements of a vector of words to float32, in any order."""
    if element == types.uint32:
        return [builder.bitcast(words, FLOATS)]
    if element == types.uint16:
        low, high = (
            builder.shl(words, each(16)),
            builder.and_(words, each(UPPER_HALF)),
        )
        return [builder.bitcast(low, FLOATS), builder.bitcast(high, FLOATS)]
    halves = builder.bitcast(words, HALVES)
    return [
        builder.fpext(
            builder.shuffle_vector(halves, halves, ir.Constant(WORDS, list(places))),
            FLOATS,
        )
        for places in (range(LANES), range(LANES, 2 * LANES))
    ]


def seen_as(element: types.Type) -> ir.VectorType:
    """Return a vector of words seen as elements."""
    count = LANES * WORD.width // element.bitwidth
    return ir.VectorType(ir.IntType(element.bitwidth), count)


def in_order(builder: ir.IRBuilder, element: types.Type, vectors: list) -> list:
    """Undo the order in which BF16 is widened: the lower halves, then the upper."""
    if element != types.uint16:
        return vectors
    return [
        builder.shuffle_vector(
            *vectors,
            ir.Constant(WORDS, [i // 2 + i % 2 * LANES for i in places]),
        )
        for places in (range(LANES), range(LANES, 2 * LANES))
    ]
