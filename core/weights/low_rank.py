"""Tell whether a matrix differs from its base by a low-rank delta, as a merged LoRA
does, from a few random sub-blocks.

Knows dtypes and numbers only: no files, no layer names, no freeze patterns.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core.weights.delta_spectrum import Spectrum, block_spectrum
from core.weights.matrix_pair import MatrixPair, array_pair

Answer = Literal["yes", "no", "undecided"]

LADDER = (24, 48, 96, 192, 384)
"""Shorter sides of the sampled blocks; the longer side is twice that."""

HIGHEST_RANK = 128
"""A rank certainly above this is not low, whatever the size of the matrix."""

SMALLEST_SIDE = 17
"""A merge of rank 8, the usual one, must leave more than half of the side free."""

MAIN_PART = 0.5
"""The least share of the delta's energy that a low rank must hold."""

LEFT_OVER = 1.25
"""The most that may be beside it, in units of rounding: merges leave 0.4 to 1.0."""


@dataclass(frozen=True, slots=True)
class RankVerdict:
    """Whether one delta is low-rank, and what the answer rests on.

    `rank` is that of the delta when `verdict` is "yes", a lower bound when "no", 0
    where nothing differs, None where rounding hides everything. `sampled` counts the
    entries of the largest block read; `floor` is the singular value of that block, in
    units of the weights, that rounding alone may reach.
    """

    verdict: Answer
    rank: int | None
    sampled: int
    floor: float
    reason: str


def low_rank(
    base: np.ndarray,
    child: np.ndarray,
    *,
    dtype: str | tuple[str, str],
    seed: int = 0,
) -> RankVerdict:
    """Tell whether `child` - `base` has low rank, as `pair_rank` does.

    Arrays whose sample shows no difference are compared in full.

    >>> random = np.random.default_rng(0)
    >>> base = random.standard_normal((96, 96))
    >>> child = base + random.standard_normal((96, 4)) @ random.standard_normal((4, 96))
    >>> low_rank(base, child, dtype="F64").rank
    4
    """
    pair = array_pair(base, child, dtype=dtype)
    return _check_equal(pair_rank(pair, seed=seed), base, child)


def slab_rank(
    base_slab: np.ndarray,
    child_slab: np.ndarray,
    *,
    rows: int,
    dtype: str | tuple[str, str],
    seed: int = 0,
) -> RankVerdict:
    """Tell whether a delta has low rank from a slab: contiguous rows, all columns, as
    one range read gives.

    A slab of n rows of a rank-r delta has rank min(n, r), so 256 rows suffice. `rows`
    is the height of the whole matrix.
    """
    pair = array_pair(base_slab, child_slab, dtype=dtype)
    ceiling = min(HIGHEST_RANK, 2 * min(rows, pair.shape[1]) // 3)
    verdict = pair_rank(pair, seed=seed, ceiling=ceiling)
    return _check_equal(verdict, base_slab, child_slab)


def pair_rank(
    pair: MatrixPair,
    *,
    seed: int = 0,
    sizes: Sequence[int] = LADDER[1:],
    ceiling: int | None = None,
) -> RankVerdict:
    """Tell whether a delta has low rank, from ever larger random blocks until sure.

    "yes": the same rank in two blocks, small against both, with no singular value
    near the noise, most of the delta's energy in that rank, and nothing but rounding
    beside it. "no": more than `ceiling` singular values (128, or two thirds of the
    smaller side) that rounding cannot explain. A delta that rounding hides is
    "undecided". Unchanged rows and columns do not count; where most are unchanged and
    the others have nothing in common (edited rows of an embedding), the answer is
    "no".
    """
    side = min(pair.shape)
    if side < SMALLEST_SIDE:
        reason = f"a side of {side} is too small to tell a low rank from a full one"
        return RankVerdict("undecided", None, 0, 0.0, reason)
    ceiling = min(HIGHEST_RANK, 2 * side // 3) if ceiling is None else ceiling
    before = None
    for seen in _spectra(pair, _ladder(side, sizes), np.random.default_rng(seed)):
        if 2 * seen.finite < seen.rows[1]:
            return _verdict("undecided", seen, "most rows hold NaN or infinity")
        if not seen.side:
            return _no_difference(pair, seen)
        if before and _same_low_rank(before, seen, side):
            return _verdict("yes", seen, f"rank {seen.rank} at two sample sizes")
        if _is_high_rank(seen, ceiling):
            return _verdict("no", seen, f"rank above {ceiling}, clear of rounding")
        before = seen
    return _last_word(seen)


def _ladder(side: int, sizes: Sequence[int]) -> list[int]:
    """Return at least two block sizes that fit, the last as large as possible.

    >>> _ladder(768, LADDER), _ladder(96, LADDER), _ladder(32, LADDER)
    ([24, 48, 96, 192, 384], [24, 48, 96], [16, 32])
    """
    top = min(side, sizes[-1])
    below = [size for size in sizes if 1.5 * size <= top] or [top // 2]
    return [*below, top]


def _spectra(
    pair: MatrixPair, ladder: Sequence[int], random: np.random.Generator
) -> Iterator[Spectrum]:
    """Yield the spectrum of ever larger blocks, each holding the one before it."""
    order = [random.permutation(length) for length in pair.shape]
    long = int(pair.shape[1] >= pair.shape[0])
    for size in ladder:
        lengths = [size, size]
        lengths[long] = 2 * size
        rows, columns = (
            np.sort(chosen[:length])
            for chosen, length in zip(order, lengths, strict=True)
        )
        yield block_spectrum(*pair.block(rows, columns), pair.dtypes)


def _same_low_rank(before: Spectrum, seen: Spectrum, side: int) -> bool:
    """Whether two blocks agree on one rank, small against both, and nothing else."""
    return (
        0 < seen.rank == before.rank == seen.gapped_rank
        and seen.rank <= 0.8 * before.side
        and 2 * seen.rank < min(side, seen.side)
        and seen.explained > MAIN_PART
        and seen.excess < LEFT_OVER
    )


def _is_high_rank(seen: Spectrum, ceiling: int) -> bool:
    """Whether a block holds more than `ceiling` singular values, and no gap."""
    if seen.certain_rank <= ceiling:
        return False
    return not any(map(seen.is_deficient, (seen.floor, seen.coarse_floor)))


def _verdict(answer: Answer, seen: Spectrum, reason: str) -> RankVerdict:
    rank = seen.certain_rank if answer == "no" else seen.rank
    floor = float(seen.floor * seen.peak)
    return RankVerdict(answer, rank or None, seen.sampled, floor, reason)


def _no_difference(pair: MatrixPair, seen: Spectrum) -> RankVerdict:
    """A low-rank delta changes every row, unless 16 bits round it away."""
    if seen.sampled == pair.shape[0] * pair.shape[1]:
        return RankVerdict("no", 0, seen.sampled, 0.0, "equal")
    hidden = {"F16", "BF16"} & set(pair.dtypes)
    answer = "undecided" if hidden else "no"
    return RankVerdict(answer, 0, seen.sampled, 0.0, "no sampled entry differs")


def _last_word(seen: Spectrum) -> RankVerdict:
    """Say why the largest block left the question open, or that rows were edited."""
    if seen.is_striped:
        (rows, of), (columns, wide) = seen.rows, seen.columns
        reason = (
            f"only {rows} of {of} sampled rows and {columns} of {wide} columns changed"
        )
        return _verdict("no", seen, f"{reason}, with nothing in common")
    if not seen.rank:
        return _verdict("undecided", seen, "rounding hides the delta")
    if seen.is_deficient(seen.floor):
        reason = f"rank {seen.rank} in {seen.side} rows is too high to call low"
        return _verdict("undecided", seen, reason)
    return _verdict("undecided", seen, "the rank grows with the sample, near rounding")


def _check_equal(
    verdict: RankVerdict, base: np.ndarray, child: np.ndarray
) -> RankVerdict:
    """Compare two arrays in full where no sampled entry differs."""
    if verdict.rank != 0:
        return verdict
    if np.array_equal(base, child):
        return replace(verdict, verdict="no", sampled=base.size, reason="equal")
    return replace(verdict, verdict="undecided", rank=None)
