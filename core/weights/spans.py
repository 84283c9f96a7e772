"""Cut pairs of tensors into spans: runs of bytes that are read and compared at once, on
a grid that no thread count or way of reading changes. Reads nothing itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from math import prod
from typing import NamedTuple

import numpy as np

from core.errors import CorruptCheckpoint
from core.weights.array import NUMPY_DTYPES
from core.weights.entry import ByteSource, Checkpoint, TensorEntry

CHUNK_BYTES = 512 << 10
"""The most bytes of a side that one row of results covers, and that are read into a
buffer at once: both sides together stay in a core's cache.
"""

LENT_BYTES = 8 << 20
"""The most bytes of a side at once where files lend them: nothing is copied then."""

GAP_BYTES = 64 << 10
"""Bytes between two tensors that are cheaper to read over than to seek over."""

MAX_GATHERED_BYTES = 1 << 26
"""A strided tensor may repeat elements up to this size, or that of its file."""

ITEM_BYTES = {dtype: np.dtype(held).itemsize for dtype, held in NUMPY_DTYPES.items()}

Pair = tuple[TensorEntry, TensorEntry]


@dataclass(frozen=True, slots=True)
class Span:
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


class Piece(NamedTuple):
    """Some chunks of one pair: at most `chunk` bytes each, and the row of the first."""

    base: ByteSource
    base_start: int
    base_size: int
    child: ByteSource
    child_start: int
    child_size: int
    dtypes: tuple[str, str]
    items: tuple[int, int]
    chunk: tuple[int, int]
    row: int


class Gathered:
    """A strided tensor as contiguous bytes, gathered as they are read."""

    def __init__(self, source: ByteSource, entry: TensorEntry) -> None:
        self.name = source.name
        self.size = entry.elements * item_bytes(entry)
        self._source = source
        self._entry = entry

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes [start, stop) of the gathered tensor."""
        content = bytearray(stop - start)
        self.read_into(start, memoryview(content))
        return bytes(content)

    def read_into(self, start: int, buffer: memoryview) -> None:
        """Fill `buffer` with the gathered bytes from `start`."""
        item = item_bytes(self._entry)
        wanted = np.arange(start // item, (start + buffer.nbytes) // item)
        places = np.unravel_index(wanted, self._entry.shape)
        offsets = sum(
            place * stride
            for place, stride in zip(places, self._entry.strides or (), strict=True)
        )
        low, high = int(np.min(offsets)), int(np.max(offsets)) + 1
        first = self._entry.start
        content = self._source.read(first + low * item, first + high * item)
        elements = np.frombuffer(content, NUMPY_DTYPES[self._entry.dtype])
        buffer[:] = memoryview(elements[offsets - low]).cast("B")

    def close(self) -> None:
        """Do nothing: the source belongs to its checkpoint."""


def item_bytes(entry: TensorEntry) -> int:
    """Return the bytes of an element; 1 for dtypes that are compared as raw bytes."""
    return 1 if entry.quantized else ITEM_BYTES.get(entry.dtype, 1)


def stored_bytes(entry: TensorEntry) -> int:
    """Return how many bytes the tensor has once it is contiguous."""
    return (
        entry.size_bytes
        if entry.strides is None
        else prod(entry.shape) * item_bytes(entry)
    )


def rows_of(pair: Pair, chunk_bytes: int = CHUNK_BYTES) -> int:
    """Return into how many chunks a pair is cut."""
    chunk = chunk_elements(pair, chunk_bytes) * item_bytes(pair[1])
    return -(-stored_bytes(pair[1]) // chunk)


def chunk_elements(pair: Pair, chunk_bytes: int = CHUNK_BYTES) -> int:
    """Return how many elements of a pair one row of results covers."""
    return chunk_bytes // max(item_bytes(pair[0]), item_bytes(pair[1]))


def plan_spans(
    base: Checkpoint,
    child: Checkpoint,
    pairs: Sequence[Pair],
    first_rows: Sequence[int],
    *,
    one_row: bool = False,
    chunk_bytes: int = CHUNK_BYTES,
) -> Iterator[Span]:
    """Cut `pairs` into spans as they are asked for, in the order of the child's bytes.

    Rows of a pair count up from its entry in `first_rows`, one a chunk; with `one_row`
    they do not. Tensors are read together when they are neighbors in both files.
    """
    order = sorted(
        range(len(pairs)), key=lambda i: (pairs[i][1].file, pairs[i][1].start)
    )
    several = not one_row and _lends(base) and _lends(child)
    chunks = max(LENT_BYTES // chunk_bytes, 1) if several else 1
    grid = chunk_bytes, chunks, 0 if one_row else 1
    pieces = (
        piece
        for i in order
        for piece in _pieces(base, child, pairs[i], first_rows[i], *grid)
    )
    return _spans(pieces, chunks * chunk_bytes)


def _lends(checkpoint: Checkpoint) -> bool:
    """Tell whether all files of a checkpoint can be borrowed from."""
    return all(
        hasattr(source, "mapped") and source.mapped()
        for source in checkpoint.sources.values()
    )


def _pieces(
    base: Checkpoint,
    child: Checkpoint,
    pair: Pair,
    row: int,
    chunk_bytes: int,
    chunks: int,
    stride: int,
) -> Iterator[Piece]:
    """Cut a pair into pieces of at most so many chunks."""
    base_source, base_start = _located(base, pair[0])
    child_source, child_start = _located(child, pair[1])
    dtypes = pair[0].dtype, pair[1].dtype
    items = item_bytes(pair[0]), item_bytes(pair[1])
    elements = chunk_elements(pair, chunk_bytes)
    chunk = elements * items[0], elements * items[1]
    total = stored_bytes(pair[1]) // items[1]
    for first in range(0, total, chunks * elements):
        count = min(chunks * elements, total - first)
        x, y = base_start + first * items[0], child_start + first * items[1]
        sizes = count * items[0], count * items[1]
        place = row + first // elements * stride
        yield Piece(
            base_source, x, sizes[0], child_source, y, sizes[1], dtypes, items, chunk,
            place,
        )  # fmt: skip


def _located(checkpoint: Checkpoint, entry: TensorEntry) -> tuple[ByteSource, int]:
    source = checkpoint.source_of(entry)
    if entry.strides is None:
        return source, entry.start
    if stored_bytes(entry) > max(source.size, MAX_GATHERED_BYTES):
        happened = f"spreads {entry.name!a} over more bytes than the file has"
        raise CorruptCheckpoint(source.name, happened, "do not trust this file")
    return Gathered(source, entry), 0


def _spans(pieces: Iterator[Piece], span_bytes: int) -> Iterator[Span]:
    run: list[Piece] = []
    for piece in pieces:
        if run and not _fits(run[0], run[-1], piece, span_bytes):
            yield _span(run)
            run = []
        run.append(piece)
    if run:
        yield _span(run)


def _fits(first: Piece, last: Piece, piece: Piece, span_bytes: int) -> bool:
    if piece.base is not first.base or piece.child is not first.child:
        return False
    if piece.dtypes != first.dtypes:
        return False
    base_gap = piece.base_start - last.base_start - last.base_size
    child_gap = piece.child_start - last.child_start - last.child_size
    if not (0 <= base_gap <= GAP_BYTES and 0 <= child_gap <= GAP_BYTES):
        return False
    base_span = piece.base_start + piece.base_size - first.base_start
    child_span = piece.child_start + piece.child_size - first.child_start
    return max(base_span, child_span) <= span_bytes


def _span(run: Sequence[Piece]) -> Span:
    first, last = run[0], run[-1]
    segments = [
        (
            piece.base_start - first.base_start + k * piece.chunk[0],
            piece.child_start - first.child_start + k * piece.chunk[1],
            min(piece.chunk[1], piece.child_size - k * piece.chunk[1]),
            piece.row + k,
        )
        for piece in run
        for k in range(-(-piece.child_size // piece.chunk[1]))
    ]
    return Span(
        first.base,
        first.base_start,
        last.base_start + last.base_size,
        first.child,
        first.child_start,
        last.child_start + last.child_size,
        *first.dtypes,
        first.items,
        np.fromiter(chain.from_iterable(segments), np.int64).reshape(-1, 4),
    )
