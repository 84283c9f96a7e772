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
from numba.core import cgutils
from numba.extending import intrinsic

from core.weights.intrinsics import ABS_MASK, BLOCK, FASTMATH

LANES = 16
GROUP = 16
"""Vectors of words a turn of the loop: as many as the adders take before they count."""

CHAINS = 2
"""Accumulators of each float sum, so that no addition waits for the one before."""

AHEAD = 2048
"""Bytes that are asked for ahead of the loop: processors that fetch ahead by themselves
stop where a page of 4 KiB ends, and two streams reach such an end twice as often.
"""

WORD, LONG, FLOAT = ir.IntType(32), ir.IntType(64), ir.FloatType()
WORDS, FLOATS = ir.VectorType(WORD, LANES), ir.VectorType(FLOAT, LANES)
HALVES = ir.VectorType(ir.HalfType(), 2 * LANES)
UPPER_HALF = 0xFFFF0000
FLAGS = tuple(sorted(FASTMATH))


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


SKETCH_LANES = 1024
"""Sums that a sketch goes round."""


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
    index, *held = [_phi(builder, value, before) for value in (LONG(0), *start)]
    sums = start.of(iter(held))
    _add_group(builder, element, x_words, y_words, index, sums, drawing)
    reached = builder.add(index, LONG(GROUP))
    for phi, value in zip((index, *held), (reached, *sums), strict=True):
        phi.add_incoming(value, builder.block)
    vectors = BLOCK * element.bitwidth // (WORD.width * LANES)
    builder.cbranch(builder.icmp_signed("<", reached, LONG(vectors)), body, after)
    builder.position_at_end(after)
    return sums


def _empty(element) -> Sums:
    nothing, zero = _each(0), ir.Constant(FLOATS, [0.0] * LANES)
    return Sums(
        products=[zero] * CHAINS,
        squares=[zero] * CHAINS,
        absolutes=[zero] * CHAINS,
        extremes=[nothing, _each(ABS_MASK)],
        signs=[_each(0, _lanes(element))],
        equal=[] if element.bitwidth == 32 else [_each(0, _lanes(element))],
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
            _ask_for(builder, builder.gep(words, [builder.add(ahead, LONG(step))]))
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
            _floats(builder, element, x), _floats(builder, element, y), strict=True
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
    for step, d in enumerate(_in_order(builder, element, differences)):
        place = builder.add(first, LONG(step))
        lane = builder.gep(drawing.lanes, [builder.urem(place, once_round)])
        sign = builder.load(builder.gep(drawing.signs, [place]), align=4)
        is_first = builder.icmp_unsigned("<", place, once_round)
        nothing = ir.Constant(FLOATS, [0.0] * LANES)
        before = builder.select(is_first, nothing, builder.load(lane, align=4))
        added = _plus(builder, before, _times(builder, sign, d))
        builder.store(added, lane, align=4)


def _in_order(builder: ir.IRBuilder, element, vectors: list) -> list:
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


def _add_distance(builder: ir.IRBuilder, a, d, sums: Sums, at: int) -> None:
    size = builder.and_(builder.bitcast(d, WORDS), _each(ABS_MASK))
    sums.products[at] = _plus(builder, sums.products[at], _times(builder, a, d))
    sums.squares[at] = _plus(builder, sums.squares[at], _times(builder, d, d))
    absolute = builder.bitcast(size, FLOATS)
    sums.absolutes[at] = _plus(builder, sums.absolutes[at], absolute)
    sums.extremes[:] = [
        _call(builder, f"llvm.{which}.v{LANES}i32", WORDS, [held, size])
        for which, held in zip(("umax", "umin"), sums.extremes, strict=True)
    ]


def _add_signs(builder: ir.IRBuilder, element, word, sums: Sums) -> None:
    lanes = _lanes(element)
    sign = builder.lshr(
        builder.bitcast(word, lanes), _each(element.bitwidth - 1, lanes)
    )
    sums.signs[0] = builder.add(sums.signs[0], sign)


def _add_equal(builder: ir.IRBuilder, element, word, sums: Sums) -> None:
    lanes = _lanes(element)
    same = builder.icmp_signed("==", builder.bitcast(word, lanes), _each(0, lanes))
    sums.equal[:] = [
        builder.add(count, builder.zext(same, lanes)) for count in sums.equal
    ]


def _ask_for(builder: ir.IRBuilder, address) -> None:
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


def _add_bits(builder: ir.IRBuilder, word, sums: Sums, waiting: list[list]) -> None:
    """Hand a word to the adders; what two of them carry goes on to the next weight."""
    for weight, pair in enumerate(waiting):
        pair.append(word)
        if len(pair) < 2:
            return
        word, sums.carries[weight] = _full_adder(builder, sums.carries[weight], *pair)
        pair.clear()
    sums.sixteens[0] = builder.add(sums.sixteens[0], _ones(builder, word))


def _full_adder(builder: ir.IRBuilder, a, b, c) -> tuple:
    """Add three bits of one weight: the bit carried, and the bit that stays."""
    half = builder.xor(a, b)
    carried = builder.or_(builder.and_(a, b), builder.and_(half, c))
    return carried, builder.xor(half, c)


def _totals(builder: ir.IRBuilder, element, sums: Sums) -> list:
    """Emit what `block_sums` returns."""
    floats = [
        _call(
            builder, f"llvm.vector.reduce.fadd.v{LANES}f32", FLOAT,
            [FLOAT(0.0), _plus(builder, *chains)], FLAGS,
        )
        for chains in (sums.products, sums.squares, sums.absolutes)
    ]  # fmt: skip
    extremes = [
        _call(builder, f"llvm.vector.reduce.{which}.v{LANES}i32", WORD, [held])
        for which, held in zip(("umax", "umin"), sums.extremes, strict=True)
    ]
    signs, equal = (
        _added(builder, element, count) for count in (sums.signs, sums.equal)
    )
    bits = builder.shl(sums.sixteens[0], _each(4))
    for weight, carry in enumerate(sums.carries):
        counted = builder.shl(_ones(builder, carry), _each(weight))
        bits = builder.add(bits, counted)
    return [*floats, *extremes, signs, equal, _added(builder, types.uint32, [bits])]


def _floats(builder: ir.IRBuilder, element, words) -> list:
    """Widen the elements of a vector of words to float32, in any order."""
    if element == types.uint32:
        return [builder.bitcast(words, FLOATS)]
    if element == types.uint16:
        low, high = (
            builder.shl(words, _each(16)),
            builder.and_(words, _each(UPPER_HALF)),
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


def _lanes(element) -> ir.VectorType:
    """Return a vector of words seen as elements."""
    count = LANES * WORD.width // element.bitwidth
    return ir.VectorType(ir.IntType(element.bitwidth), count)


def _each(value: int, kind: ir.VectorType = WORDS) -> ir.Constant:
    return ir.Constant(kind, [value] * kind.count)


def _phi(builder: ir.IRBuilder, value, before):
    phi = builder.phi(value.type)
    phi.add_incoming(value, before)
    return phi


def _plus(builder: ir.IRBuilder, a, b):
    return builder.fadd(a, b, flags=FLAGS)


def _times(builder: ir.IRBuilder, a, b):
    return builder.fmul(a, b, flags=FLAGS)


def _ones(builder: ir.IRBuilder, words):
    """Count the set bits of each word."""
    return _call(builder, f"llvm.ctpop.v{LANES}i32", WORDS, [words])


def _added(builder: ir.IRBuilder, element, counts: list):
    """Add up the lanes of a count, as wide as elements; 0 of none."""
    total = LONG(0)
    for lanes in counts:
        words = ir.VectorType(WORD, lanes.type.count)
        wide = lanes if element.bitwidth == 32 else builder.zext(lanes, words)
        name = f"llvm.vector.reduce.add.v{words.count}i32"
        total = builder.add(
            total, builder.zext(_call(builder, name, WORD, [wide]), LONG)
        )
    return total


def _call(builder: ir.IRBuilder, name: str, result, arguments, fastmath=()):
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    return builder.call(function, arguments, fastmath=fastmath)
