"""The sums of one full block, written as LLVM's vectors: loaded once, added together.

A compiler makes vectors of a plain loop, but not of the carry-save adders that count
bits (Harley and Seal; Muła, Kurz & Lemire 2018, https://arxiv.org/abs/1611.07612), and
every further loop loads the block again. Backends cut the vectors to their own width.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import chain

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from core.weights.loops.intrinsics import ABS_MASK, BLOCK
from core.weights.loops.llvm import (
    FLAGS,
    FLOAT,
    FLOATS,
    LANES,
    LONG,
    WORD,
    WORDS,
    added,
    call,
    each,
    floats,
    in_order,
    ones,
    phi,
    plus,
    prefetch,
    seen_as,
    times,
)

GROUP = 16
"""Vectors of words a turn of the loop: as many as the adders take before they count."""

CHAINS = 2
"""Accumulators of each float sum, so that no addition waits for the one before."""

AHEAD = 2048
"""Bytes that are asked for ahead of the loop: processors that fetch ahead by themselves
stop where a page of 4 KiB ends, and two streams reach such an end twice as often.
"""

SKETCH_LANES = 1024
"""Sums that a sketch goes round."""


@dataclass
class Sums:
    """The accumulators of the loop; `carries` weigh 1, 2, 4 and 8 bits.

    `equal` is counted for 16-bit elements only, of which many stay as they were.
    """

    products: list
    squares: list
    absolutes: list
    extremes: list
    signs: list
    equal: list
    carries: list
    sixteens: list

    def __iter__(self) -> Iterator[ir.Value]:
        return chain.from_iterable(getattr(self, field.name) for field in fields(self))

    def of(self, values: Iterator[ir.Value]) -> "Sums":
        """Return accumulators of the same shape that hold `values`, in order."""
        names = [field.name for field in fields(self)]
        taken = {name: [next(values) for _ in getattr(self, name)] for name in names}
        return replace(self, **taken)


@dataclass
class Drawing:
    """Where the loop adds the signed differences of a sketch: vectors of signs, one an
    element, and of the lanes, which it goes round and round.
    """

    signs: ir.Value
    lanes: ir.Value


@intrinsic
def block_sums(context, x, y, signs, lanes, sketches):
    """Sum up two full blocks of F32 (uint32), BF16 (uint16) or F16 (int16) elements.

    Returns the sums of x·d, d·d and |d| as float32, the largest and the smallest |d| as
    bits of float32, how many signs differ, how many 16-bit elements are equal (0 for
    F32), and how many bits differ; d = y − x. Unless `sketches` is None, `lanes` become
    the sums of d with the sign of its element, SKETCH_LANES apart.
    """
    kinds = [types.float32] * 3 + [types.uint32] * 2 + [types.int64] * 3

    def generate(context, builder, signature, arguments):
        def data_of(at: int, kind: ir.VectorType) -> ir.Value:
            held = context.make_array(signature.args[at])
            data = held(context, builder, arguments[at]).data
            return builder.bitcast(data, kind.as_pointer())

        drawing = None
        if sketches != types.none:
            drawing = Drawing(data_of(2, FLOATS), data_of(3, FLOATS))
        words = data_of(0, WORDS), data_of(1, WORDS)
        sums = _loop(builder, x.dtype, *words, drawing)
        return context.make_tuple(
            builder, signature.return_type, _totals(builder, x.dtype, sums)
        )

    return types.Tuple(kinds)(x, y, signs, lanes, sketches), generate


def _loop(
    builder: ir.IRBuilder, element, x_words, y_words, drawing: Drawing | None
) -> Sums:
    """Emit the loop over the groups of a block and leave its sums."""
    start = _empty(element)
    before = builder.block
    body, after = (builder.append_basic_block(name) for name in ("group", "summed"))
    builder.branch(body)
    builder.position_at_end(body)
    index, *held = [phi(builder, value, before) for value in (LONG(0), *start)]
    sums = start.of(iter(held))
    _add_group(builder, element, x_words, y_words, index, sums, drawing)
    reached = builder.add(index, LONG(GROUP))
    for node, value in zip((index, *held), (reached, *sums), strict=True):
        node.add_incoming(value, builder.block)
    vectors = BLOCK * element.bitwidth // (WORD.width * LANES)
    builder.cbranch(builder.icmp_signed("<", reached, LONG(vectors)), body, after)
    builder.position_at_end(after)
    return sums


def _empty(element) -> Sums:
    nothing, zero = each(0), ir.Constant(FLOATS, [0.0] * LANES)
    return Sums(
        products=[zero] * CHAINS,
        squares=[zero] * CHAINS,
        absolutes=[zero] * CHAINS,
        extremes=[nothing, each(ABS_MASK)],
        signs=[each(0, seen_as(element))],
        equal=[] if element.bitwidth == 32 else [each(0, seen_as(element))],
        carries=[nothing] * 4,
        sixteens=[nothing],
    )


def _add_group(
    builder: ir.IRBuilder,
    element,
    x_words,
    y_words,
    index,
    sums: Sums,
    drawing: Drawing | None,
) -> None:
    waiting: list[list] = [[] for _ in sums.carries]
    turn = 0
    ahead = builder.add(index, LONG(AHEAD // (LANES * WORD.width // 8)))
    for step in range(GROUP):
        for words in (x_words, y_words):
            prefetch(builder, builder.gep(words, [builder.add(ahead, LONG(step))]))
        at = builder.add(index, LONG(step))
        x, y = (
            builder.load(builder.gep(words, [at]), align=element.bitwidth // 8)
            for words in (x_words, y_words)
        )
        word = builder.xor(x, y)
        _add_signs(builder, element, word, sums)
        _add_equal(builder, element, word, sums)
        _add_bits(builder, word, sums, waiting)
        values = zip(
            floats(builder, element, x), floats(builder, element, y), strict=True
        )
        differences = []
        for a, b in values:
            differences.append(builder.fsub(b, a))
            _add_distance(builder, a, differences[-1], sums, turn % CHAINS)
            turn += 1
        if drawing:
            _draw(builder, element, differences, at, drawing)


def _draw(
    builder: ir.IRBuilder, element, differences: list, at, drawing: Drawing
) -> None:
    """Add the differences of one vector of words to the lanes, in their order."""
    first = builder.mul(at, LONG(len(differences)))
    once_round = LONG(SKETCH_LANES // LANES)
    for step, d in enumerate(in_order(builder, element, differences)):
        place = builder.add(first, LONG(step))
        lane = builder.gep(drawing.lanes, [builder.urem(place, once_round)])
        sign = builder.load(builder.gep(drawing.signs, [place]), align=4)
        is_first = builder.icmp_unsigned("<", place, once_round)
        nothing = ir.Constant(FLOATS, [0.0] * LANES)
        before = builder.select(is_first, nothing, builder.load(lane, align=4))
        added = plus(builder, before, times(builder, sign, d))
        builder.store(added, lane, align=4)


def _add_distance(builder: ir.IRBuilder, a, d, sums: Sums, at: int) -> None:
    size = builder.and_(builder.bitcast(d, WORDS), each(ABS_MASK))
    sums.products[at] = plus(builder, sums.products[at], times(builder, a, d))
    sums.squares[at] = plus(builder, sums.squares[at], times(builder, d, d))
    absolute = builder.bitcast(size, FLOATS)
    sums.absolutes[at] = plus(builder, sums.absolutes[at], absolute)
    sums.extremes[:] = [
        call(builder, f"llvm.{which}.v{LANES}i32", WORDS, [held, size])
        for which, held in zip(("umax", "umin"), sums.extremes, strict=True)
    ]


def _add_signs(builder: ir.IRBuilder, element, word, sums: Sums) -> None:
    lanes = seen_as(element)
    sign = builder.lshr(builder.bitcast(word, lanes), each(element.bitwidth - 1, lanes))
    sums.signs[0] = builder.add(sums.signs[0], sign)


def _add_equal(builder: ir.IRBuilder, element, word, sums: Sums) -> None:
    lanes = seen_as(element)
    same = builder.icmp_signed("==", builder.bitcast(word, lanes), each(0, lanes))
    sums.equal[:] = [
        builder.add(count, builder.zext(same, lanes)) for count in sums.equal
    ]


def _add_bits(builder: ir.IRBuilder, word, sums: Sums, waiting: list[list]) -> None:
    """Hand a word to the adders; what two of them carry goes on to the next weight."""
    for weight, pair in enumerate(waiting):
        pair.append(word)
        if len(pair) < 2:
            return
        word, sums.carries[weight] = _full_adder(builder, sums.carries[weight], *pair)
        pair.clear()
    sums.sixteens[0] = builder.add(sums.sixteens[0], ones(builder, word))


def _full_adder(builder: ir.IRBuilder, a, b, c) -> tuple:
    """Add three bits of one weight: the bit carried, and the bit that stays."""
    half = builder.xor(a, b)
    carried = builder.or_(builder.and_(a, b), builder.and_(half, c))
    return carried, builder.xor(half, c)


def _totals(builder: ir.IRBuilder, element, sums: Sums) -> list:
    """Emit what `block_sums` returns."""
    distances = [
        call(
            builder, f"llvm.vector.reduce.fadd.v{LANES}f32", FLOAT,
            [FLOAT(0.0), plus(builder, *chains)], FLAGS,
        )
        for chains in (sums.products, sums.squares, sums.absolutes)
    ]  # fmt: skip
    extremes = [
        call(builder, f"llvm.vector.reduce.{which}.v{LANES}i32", WORD, [held])
        for which, held in zip(("umax", "umin"), sums.extremes, strict=True)
    ]
    signs, equal = (
        added(builder, element, count) for count in (sums.signs, sums.equal)
    )
    bits = builder.shl(sums.sixteens[0], each(4))
    for weight, carry in enumerate(sums.carries):
        counted = builder.shl(ones(builder, carry), each(weight))
        bits = builder.add(bits, counted)
    return [*distances, *extremes, signs, equal, added(builder, types.uint32, [bits])]
