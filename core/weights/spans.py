"""Cut pairs of tensors into spans: runs of bytes that are read and compared at once, on
a grid that no thread count or way of reading changes. Reads nothing itself.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from core.weights.entry import ByteSource, Checkpoint, TensorEntry
from core.weights.gathered import contiguous, item_bytes, stored_bytes

CHUNK_BYTES = 512 << 10
"""The most bytes of a side that one row of results covers, and that are read into a
buffer at once: both sides together stay in a core's cache.
"""

LENT_BYTES = 8 << 20
"""The most bytes of a side at once where files lend them: nothing is copied then."""

LAST_SHARE, LAST_BYTES = 3, 2 << 20
"""No span is more than a third of what is left, or 2 MiB: threads end together then."""

GAP_BYTES = 64 << 10
"""Bytes between two tensors that are cheaper to read over than to seek over."""

ELEMENTS, CHUNK = 4, 5
"""The last columns of what is known of a pair: where its bytes begin in the base's and
the child's source, the bytes of an element of either, how many elements it has, and how
many of them make a row.
"""

Pair = tuple[TensorEntry, TensorEntry]


class Span(NamedTuple):
    """One read of each side, and the segments of both that belong together.

    `items` are the bytes of an element of either side. `segments` (n, 4) are X_START
    and Y_START (bytes from `base_start` and `child_start`), SIZE (bytes of the child's
    side) and ROW, as the loops name them.
    """

    base: ByteSource
    base_start: int
    base_stop: int
    child: ByteSource
    child_start: int
    child_stop: int
    base_dtype: str
    child_dtype: str
    items: tuple[int, int]
    segments: np.ndarray


class Cut(NamedTuple):
    """A span of no checkpoint yet: a pair whose sources and dtypes are those of all."""

    pair: Pair
    base_start: int
    base_stop: int
    child_start: int
    child_stop: int
    segments: np.ndarray


class Plan:
    """Pairs of tensors cut into rows of at most `chunk_bytes` of either side; good for
    every two checkpoints that have these entries.

    Rows count through the pairs in their order: `rows` says how many each has, and
    those of pair i begin at `firsts[i]`; `firsts[-1]` is the number of all.
    """

    def __init__(self, pairs: Sequence[Pair], chunk_bytes: int = CHUNK_BYTES) -> None:
        self.pairs = tuple(pairs)
        self._chunk_bytes = chunk_bytes
        places = [_place(pair, chunk_bytes) for pair in pairs]
        self._places = np.array(places, np.int64).reshape(-1, 6)
        self.chunk_elements = self._places[:, CHUNK].tolist()
        rows = -(-self._places[:, ELEMENTS] // self._places[:, CHUNK])
        self.rows: list[int] = rows.tolist()
        self.firsts: list[int] = [0, *np.cumsum(rows).tolist()]
        self._kept: dict[tuple[bool, int], list[Cut]] = {}

    def spans(
        self, base: Checkpoint, child: Checkpoint, *, one_row: bool = False
    ) -> Iterator[Span]:
        """Cut the pairs into spans, in the order of the child's bytes.

        With `one_row` all chunks of a pair count as its number. Tensors are read
        together when they are neighbors in both files.
        """
        lent = not one_row and _lends(base) and _lends(child)
        most_bytes = max(LENT_BYTES if lent else 0, self._chunk_bytes)
        if (one_row, most_bytes) not in self._kept:
            self._kept[one_row, most_bytes] = self._cuts(most_bytes, one_row=one_row)
        for (x, y), *bounds, segments in self._kept[one_row, most_bytes]:
            x_start, x_stop, y_start, y_stop = bounds
            yield Span(
                contiguous(base, x), x_start, x_stop,
                contiguous(child, y), y_start, y_stop,
                x.dtype, y.dtype, (item_bytes(x), item_bytes(y)), segments,
            )  # fmt: skip

    def _cuts(self, most_bytes: int, *, one_row: bool) -> list[Cut]:
        """Join neighboring chunks up to so many bytes of a side, fewer toward the
        end.
        """
        files = [(child.file, child.start) for _, child in self.pairs]
        order = sorted(range(len(files)), key=files.__getitem__)
        pairs, places = [self.pairs[i] for i in order], self._places[order]
        firsts = order if one_row else [self.firsts[i] for i in order]
        segments, base_sizes, of_pair = _segments(places, firsts, one_row=one_row)
        x_stops, y_stops = segments[:, 0] + base_sizes, segments[:, 1] + segments[:, 2]
        left, cuts, first = int(segments[:, 2].sum()), [], 0
        for end in [*np.searchsorted(of_pair, _begins(places, pairs)), len(of_pair)]:
            while first < end:
                room = min(most_bytes, max(left // LAST_SHARE, LAST_BYTES))
                x, y = segments[first, :2].tolist()
                stop = bisect_right(x_stops, x + room, first + 1, end)
                stop = bisect_right(y_stops, y + room, first + 1, stop)
                bounds = x, int(x_stops[stop - 1]), y, int(y_stops[stop - 1])
                inside = segments[first:stop] - [x, y, 0, 0]
                cuts.append(Cut(pairs[of_pair[first]], *bounds, inside))
                left -= int(inside[:, 2].sum())
                first = stop
        return cuts


def _lends(checkpoint: Checkpoint) -> bool:
    """Tell whether all files of a checkpoint can be borrowed from."""
    return all(
        hasattr(source, "mapped") and source.mapped()
        for source in checkpoint.sources.values()
    )


def _place(pair: Pair, chunk_bytes: int) -> tuple[int, ...]:
    """Return what is known of a pair, up to CHUNK."""
    x, y = pair
    x_start, y_start = (0 if e.strides is not None else e.start for e in pair)
    x_item, y_item = item_bytes(x), item_bytes(y)
    elements, chunk = stored_bytes(y) // y_item, chunk_bytes // max(x_item, y_item)
    return x_start, y_start, x_item, y_item, elements, chunk


def _segments(
    places: np.ndarray, first_rows: Sequence[int], *, one_row: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut pairs into chunks: segments (n, 4) by the bytes of their sources, the bytes
    of the base's side, and the pair of each.
    """
    chunks = -(-places[:, ELEMENTS] // places[:, CHUNK])
    of_pair = np.repeat(np.arange(len(places)), chunks)
    x, y, x_item, y_item, elements, chunk = places[of_pair].T
    turn = np.arange(len(of_pair)) - np.repeat(np.cumsum(chunks) - chunks, chunks)
    first = turn * chunk
    count = np.minimum(chunk, elements - first)
    row = np.asarray(first_rows, np.int64)[of_pair] + (0 if one_row else turn)
    columns = x + first * x_item, y + first * y_item, count * y_item, row
    return np.stack(columns, axis=1), count * x_item, of_pair


def _begins(places: np.ndarray, pairs: Sequence[Pair]) -> np.ndarray:
    """Return the pairs with which a new read begins: far from the pair before, of other
    sources, or of other dtypes.
    """
    x, y, x_item, y_item, elements, _ = places.T
    x_gap = x[1:] - (x + elements * x_item)[:-1]
    y_gap = y[1:] - (y + elements * y_item)[:-1]
    far = (np.minimum(x_gap, y_gap) < 0) | (np.maximum(x_gap, y_gap) > GAP_BYTES)
    kinds = [_kind(*pair) for pair in pairs]
    other = np.array([kind != before for before, kind in pairwise(kinds)], bool)
    return np.flatnonzero(far | other) + 1


def _kind(x: TensorEntry, y: TensorEntry) -> tuple[object, ...]:
    """Return what two pairs must share to be read together: a strided tensor shares its
    source, which gathers it, with no other.
    """
    gathered = None if x.strides is y.strides is None else (x.name, y.name)
    return x.file, y.file, x.dtype, y.dtype, gathered
