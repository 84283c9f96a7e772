"""Read spans of two checkpoints into buffers that are used again and again, or out of a
mapping. Knows no metrics.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from core.weights.entry import ByteSource, Checkpoint
from core.weights.rounding import rounded
from core.weights.spans import SPAN_BYTES, Span

PAGE = 4096


class Runs(NamedTuple):
    """The bytes of a span, the base's rounded to the child's dtype."""

    base: np.ndarray
    child: np.ndarray
    segments: np.ndarray


class Lane:
    """One worker's buffers, reused from span to span."""

    def __init__(
        self,
        views: Mapping[int, np.ndarray],
        span_bytes: int = SPAN_BYTES,
        empty: Callable[[int], np.ndarray] | None = None,
    ) -> None:
        empty = empty or aligned
        self._views = views
        self._base = empty(span_bytes)
        self._child = empty(span_bytes)
        self._rounded: np.ndarray | None = None

    def read(self, span: Span) -> Runs:
        """Read both sides of a span, good until the next call."""
        view = self._views.get(id(span.base))
        if view is not None:
            base = view[span.base_start : span.base_stop]
        else:
            base = _read(span.base, span.base_start, span.base_stop, self._base)
        child = _read(span.child, span.child_start, span.child_stop, self._child)
        if span.base_dtype == span.child_dtype:
            return Runs(base, child, span.segments)
        return self._round(span, base, child)

    def _round(self, span: Span, base: np.ndarray, child: np.ndarray) -> Runs:
        """Put the rounded base where the child's bytes are."""
        if self._rounded is None:
            self._rounded = aligned(self._child.size)
        segments = span.segments.copy()
        segments[:, 0] = segments[:, 1]
        base_item, child_item = span.items
        for x, y, size, _ in span.segments.tolist():
            stored = base[x : x + size // child_item * base_item]
            held = child[y : y + size]
            self._rounded[y : y + size] = rounded(
                stored, span.base_dtype, held, span.child_dtype
            )
        return Runs(_frozen(self._rounded), child, segments)


def mapped_sources(checkpoint: Checkpoint) -> dict[int, np.ndarray]:
    """Map the files of a checkpoint; keyed by the identity of their source."""
    return {
        id(source): np.frombuffer(source.view(), np.uint8)
        for source in checkpoint.sources.values()
        if hasattr(source, "view")
    }


def aligned(size: int) -> np.ndarray:
    """Return `size` bytes that start on a page."""
    whole = np.empty(size + PAGE, np.uint8)
    skipped = -whole.ctypes.data % PAGE
    return whole[skipped : skipped + size]


def _read(source: ByteSource, start: int, stop: int, buffer: np.ndarray) -> np.ndarray:
    part = buffer[: stop - start]
    source.read_into(start, memoryview(part))
    return _frozen(part)


def _frozen(part: np.ndarray) -> np.ndarray:
    view = part.view()
    view.flags.writeable = False
    return view
