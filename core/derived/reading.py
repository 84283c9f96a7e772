"""Read many parts of a checkpoint's tensors in few requests, and count the bytes. Knows
no verdicts.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from threading import Lock

import numpy as np

from core.derived.probes import Part
from core.hub.ranges import coalesce
from core.weights.entry import ByteSource, Checkpoint, TensorEntry
from core.weights.gathered import item_bytes
from core.weights.metrics import same_dtype
from core.weights.rounding import rounded

RANGE_BYTES = 16 * 2**20
"""The most that is read, and held, at once."""


class Reader:
    """Reads parts of one checkpoint; `bytes_read` counts what was asked for."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.bytes_read = 0

    def read(self, wanted: Sequence[tuple[TensorEntry, Part]]) -> list[bytes]:
        """Return the bytes of each part, in the order given.

        Parts that lie close together come as one range, and several ranges in one
        request where the source can.
        """
        contents = [b""] * len(wanted)
        by_file: dict[str, list[int]] = defaultdict(list)
        for index, (entry, _) in enumerate(wanted):
            by_file[entry.file].append(index)
        for file, indices in by_file.items():
            spans = [_span(*wanted[index]) for index in indices]
            self.bytes_read += sum(stop - start for start, stop in coalesce(spans))
            source = self.checkpoint.sources[file]
            several = getattr(source, "read_many", None)
            found = several(spans) if several else [source.read(*s) for s in spans]
            for index, content in zip(indices, found, strict=True):
                contents[index] = content
        return contents


def equal_parts(
    ours: TensorEntry, base: bytes, theirs: TensorEntry, child: bytes
) -> bool:
    """Whether bytes of the base, rounded to the child's dtype, are the child's."""
    if same_dtype(ours, theirs):
        return base == child
    left, right = np.frombuffer(base, np.uint8), np.frombuffer(child, np.uint8)
    return bytes(rounded(left, ours.dtype, right, theirs.dtype)) == child


def _span(entry: TensorEntry, part: Part) -> tuple[int, int]:
    item = item_bytes(entry)
    return entry.start + part[0] * item, entry.start + part[1] * item


def is_plain(ours: TensorEntry, theirs: TensorEntry) -> bool:
    """Whether element i lies at place i in both files."""
    return ours.strides is None and theirs.strides is None


def large_ranges(
    entries: Sequence[tuple[int, TensorEntry]],
) -> Iterator[list[tuple[int, Part]]]:
    """Cut tensors into parts and group neighbors, at most 16 MiB at once."""
    group: list[tuple[int, Part]] = []
    at, held = ("", -1), 0
    for index, entry in sorted(entries, key=lambda e: (e[1].file, e[1].start)):
        item = item_bytes(entry)
        step = RANGE_BYTES // item
        for first in range(0, entry.elements, step):
            part = first, min(first + step, entry.elements)
            size = (part[1] - first) * item
            place = entry.file, entry.start + first * item
            if group and (place != at or held + size > RANGE_BYTES):
                yield group
                group, held = [], 0
            group.append((index, part))
            at, held = (entry.file, place[1] + size), held + size
    if group:
        yield group


def in_large_ranges(checkpoint: Checkpoint) -> Checkpoint:
    """Return the checkpoint with its sources read ahead, for one reader in order."""
    sources = {name: _Ahead(source) for name, source in checkpoint.sources.items()}
    return replace(checkpoint, sources=sources)


class _Ahead:
    """A source that fetches 16 MiB at a time and serves smaller reads from there.

    The two newest stretches are held, for readers that are slightly out of step.
    """

    def __init__(self, source: ByteSource) -> None:
        self.name, self.size = source.name, source.size
        self._source = source
        self._held: list[tuple[int, bytes]] = []
        self._lock = Lock()

    def read(self, start: int, stop: int) -> bytes:
        """Return exactly the bytes [start, stop)."""
        content = bytearray(stop - start)
        self.read_into(start, memoryview(content))
        return bytes(content)

    def read_into(self, start: int, buffer: memoryview) -> None:
        """Fill `buffer` with the bytes from `start`."""
        first, content = self._stretch(start, start + buffer.nbytes)
        buffer.cast("B")[:] = content[start - first : start - first + buffer.nbytes]

    def _stretch(self, start: int, stop: int) -> tuple[int, bytes]:
        with self._lock:
            for first, content in self._held:
                if first <= start and stop <= first + len(content):
                    return first, content
            ahead = max(stop, min(start + RANGE_BYTES, self.size))
            self._held = self._held[-1:]
            self._held.append((start, self._source.read(start, ahead)))
            return self._held[-1]

    def close(self) -> None:
        """Close the file."""
        self._source.close()
