"""Whether the changed matrices of a child differ by a low-rank delta, from a slab of
rows of a few of them. Reads only those rows.
"""

from collections.abc import Sequence

import numpy as np

from core.derived.reading import Reader
from core.derived.verdict import LowRank
from core.weights.array import NUMPY_DTYPES
from core.weights.entry import TensorEntry
from core.weights.low_rank import RankVerdict, slab_rank

Suspect = tuple[TensorEntry, TensorEntry]

MATRICES = 3
SLAB_ROWS = (128, 256)
"""Rows of the first look, and of the second where that leaves the rank open."""


def low_rank_from_slabs(
    base: Reader, child: Reader, suspects: Sequence[Suspect]
) -> tuple[LowRank, int | None]:
    """Tell whether changed matrices, of base and child, differ by a low-rank delta.

    The narrowest matrices are looked at, spread over the network. "no" when one of them
    is plainly not low-rank, "yes" with the commonest rank when more are than are
    undecided; others are not proven, so the answer is for those that were read.
    """
    verdicts = []
    for suspect in _spread([pair for pair in suspects if _is_readable(*pair)]):
        verdict = _rank(base, child, suspect)
        if verdict.rank != 0:
            verdicts.append(verdict)
        if verdict.verdict == "no" and verdict.rank != 0:
            return "no", None
    ranks = [verdict.rank for verdict in verdicts if verdict.verdict == "yes"]
    if 2 * len(ranks) > len(verdicts):
        return "yes", max(set(ranks), key=ranks.count)
    return "undecided", None


def _rank(base: Reader, child: Reader, suspect: Suspect) -> RankVerdict:
    ours, theirs = suspect
    rows = ours.shape[0]
    pieces: list[list[np.ndarray]] = [[], []]
    done = 0
    for height in SLAB_ROWS:
        height = min(height, rows)
        for held, reader, entry in zip(pieces, (base, child), suspect, strict=True):
            held.append(_rows(reader, entry, done, height))
        verdict = slab_rank(
            np.concatenate(pieces[0]), np.concatenate(pieces[1]),
            rows=rows, dtype=(ours.dtype, theirs.dtype),
        )  # fmt: skip
        if verdict.verdict != "undecided" or height == rows:
            break
        done = height
    return verdict


def _rows(reader: Reader, entry: TensorEntry, first: int, last: int) -> np.ndarray:
    """Rows [first, last) of a matrix, flattened to (rows, rest)."""
    width = entry.elements // entry.shape[0]
    (content,) = reader.read([(entry, (first * width, last * width))])
    return np.frombuffer(content, NUMPY_DTYPES[entry.dtype]).reshape(-1, width)


def _is_readable(ours: TensorEntry, theirs: TensorEntry) -> bool:
    return ours.strides is None and theirs.strides is None and bool(ours.elements)


def _spread(suspects: Sequence[Suspect]) -> list[Suspect]:
    """A few of the matrices with the shortest rows, evenly over the network."""
    if not suspects:
        return []
    narrow = min(theirs.size_bytes // theirs.shape[0] for _, theirs in suspects)
    kept = [s for s in suspects if s[1].size_bytes // s[1].shape[0] == narrow]
    places = {len(kept) * (2 * i + 1) // (2 * MATRICES) for i in range(MATRICES)}
    return [kept[place] for place in sorted(places)]
