"""Read spans of two checkpoints: lent by a file, or into buffers that are used over and
over. Knows no metrics.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from core.weights.entry import ByteSource
from core.weights.lending import MappedFile
from core.weights.rounding import rounded
from core.weights.spans import CHUNK_BYTES, Span

PAGE = 4096


class Runs(NamedTuple):
    """The bytes of a span, the base's rounded to the child's dtype."""

    base: np.ndarray
    child: np.ndarray
    segments: np.ndarray


class Lane:
    """One worker's runs, borrowed from files that lend or read into buffers; a context
    manager that ends the borrowing.

    Pages of a base that is kept stay in memory for the next child. With `empty`, which
    makes a buffer of so many bytes, everything is copied into such buffers; they hold
    `least_bytes` or more.
    """

    def __init__(
        self,
        least_bytes: int = CHUNK_BYTES,
        *,
        keeps_base: bool = False,
        empty: Callable[[int], np.ndarray] | None = None,
    ) -> None:
        self._base = Side(least_bytes, empty, keeps=keeps_base)
        self._child = Side(least_bytes, empty)
        self._rounded = Buffer(least_bytes)

    def read(self, span: Span) -> Runs:
        """Read both sides of a span, good until the next call."""
        base = self._base.read(span.base, span.base_start, span.base_stop)
        child = self._child.read(span.child, span.child_start, span.child_stop)
        if span.base_dtype == span.child_dtype:
            return Runs(base, child, span.segments)
        return self._round(span, base, child)

    def __enter__(self) -> "Lane":
        return self

    def __exit__(self, *_: object) -> None:
        self._base.leave()
        self._child.leave()

    def _round(self, span: Span, base: np.ndarray, child: np.ndarray) -> Runs:
        """Put the rounded base where the child's bytes are."""
        target = self._rounded.first(child.size)
        segments = span.segments.copy()
        segments[:, 0] = segments[:, 1]
        base_item, child_item = span.items
        for x, y, size, _ in span.segments.tolist():
            stored = base[x : x + size // child_item * base_item]
            held = child[y : y + size]
            target[y : y + size] = rounded(
                stored, span.base_dtype, held, span.child_dtype
            )
        return Runs(_frozen(target), child, segments)


class Side:
    """The runs of one side, each good until the next."""

    def __init__(
        self,
        least_bytes: int,
        empty: Callable[[int], np.ndarray] | None,
        *,
        keeps: bool = False,
    ) -> None:
        self._keeps = keeps
        self._borrows = empty is None
        self._buffer = Buffer(least_bytes, empty)
        self._source: ByteSource | None = None
        self._lender: MappedFile | None = None
        self._lent: tuple[int, int] | None = None

    def read(self, source: ByteSource, start: int, stop: int) -> np.ndarray:
        """Return the bytes [start, stop), read-only, or raise CorruptCheckpoint."""
        if source is not self._source:
            self._enter(source)
        self._drop()
        if self._lender:
            run = self._lender.lend(start, stop)
            if run is not None:
                self._lent = start, stop
                return run
            self.leave()
        run = self._buffer.first(stop - start)
        source.read_into(start, memoryview(run))
        return _frozen(run)

    def leave(self) -> None:
        """Stop borrowing, and read by position from now on."""
        self._drop()
        if self._lender:
            self._lender.stop_borrowing()
        self._lender = None

    def _enter(self, source: ByteSource) -> None:
        self.leave()
        self._source = source
        lender = source.mapped() if hasattr(source, "mapped") else None
        if self._borrows and lender and lender.borrow():
            self._lender = lender

    def _drop(self) -> None:
        if self._lent and not self._keeps:
            self._lender.drop(*self._lent)
        self._lent = None


class Buffer:
    """Bytes, at least `size`, that are made when first needed, and used again."""

    def __init__(
        self, size: int, empty: Callable[[int], np.ndarray] | None = None
    ) -> None:
        self._size = size
        self._empty = empty or aligned
        self._bytes: np.ndarray | None = None

    def first(self, count: int) -> np.ndarray:
        """Return the first `count` bytes."""
        if self._bytes is None or self._bytes.size < count:
            self._bytes = self._empty(max(self._size, count))
        return self._bytes[:count]


def aligned(size: int) -> np.ndarray:
    """Return `size` bytes that start on a page."""
    whole = np.empty(size + PAGE, np.uint8)
    skipped = -whole.ctypes.data % PAGE
    return whole[skipped : skipped + size]


def _frozen(part: np.ndarray) -> np.ndarray:
    view = part.view()
    view.flags.writeable = False
    return view
