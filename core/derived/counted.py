"""A checkpoint that counts the bytes taken from it. Changes nothing else about it."""

from dataclasses import dataclass, field, replace
from threading import Lock

import numpy as np

from core.weights.entry import ByteSource, Checkpoint
from core.weights.lending import MappedFile


@dataclass
class Meter:
    """How many bytes were read, by any thread."""

    bytes_read: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def add(self, size_bytes: int) -> None:
        """Count `size_bytes` more."""
        with self._lock:
            self.bytes_read += size_bytes

    def counted(self, checkpoint: Checkpoint) -> Checkpoint:
        """Return the checkpoint with its reads counted, its header's included."""
        spans = {(entry.file, entry.start, entry.stop) for entry in checkpoint.entries}
        weights = sum(stop - start for _, start, stop in spans)
        self.add(max(0, checkpoint.size_bytes - weights))
        sources = {
            name: _CountedSource(source, self)
            for name, source in checkpoint.sources.items()
        }
        return replace(checkpoint, sources=sources)


class _CountedSource:
    """A source that reports every read to a meter."""

    def __init__(self, source: ByteSource, meter: Meter) -> None:
        self.name, self.size = source.name, source.size
        self._source, self._meter = source, meter

    def read(self, start: int, stop: int) -> bytes:
        self._meter.add(stop - start)
        return self._source.read(start, stop)

    def read_into(self, start: int, buffer: memoryview) -> None:
        self._meter.add(buffer.nbytes)
        self._source.read_into(start, buffer)

    def mapped(self) -> "_CountedLender | None":
        lender = self._source.mapped() if hasattr(self._source, "mapped") else None
        return _CountedLender(lender, self._meter) if lender else None

    def close(self) -> None:
        self._source.close()


class _CountedLender:
    """A mapped file that reports every run to a meter."""

    def __init__(self, lender: MappedFile, meter: Meter) -> None:
        self._lender, self._meter = lender, meter
        self.borrow, self.drop = lender.borrow, lender.drop
        self.stop_borrowing = lender.stop_borrowing

    def lend(self, start: int, stop: int) -> np.ndarray | None:
        run = self._lender.lend(start, stop)
        if run is not None:
            self._meter.add(stop - start)
        return run
