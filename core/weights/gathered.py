"""How many bytes a tensor has, and a strided one as contiguous bytes. Reads only what
it is asked for.
"""

from collections.abc import Iterable
from math import prod

import numpy as np

from core.errors import CorruptCheckpoint
from core.weights.array import NUMPY_DTYPES
from core.weights.entry import ByteSource, Checkpoint, TensorEntry

MAX_GATHERED_BYTES = 1 << 26
"""A strided tensor may repeat elements up to this size, or that of its file."""

ITEM_BYTES = {dtype: np.dtype(held).itemsize for dtype, held in NUMPY_DTYPES.items()}


def item_bytes(entry: TensorEntry) -> int:
    """Return the bytes of an element; 1 for dtypes that are compared as raw bytes."""
    return 1 if entry.quantized else ITEM_BYTES.get(entry.dtype, 1)


def stored_bytes(entry: TensorEntry) -> int:
    """Return how many bytes the tensor has once it is contiguous."""
    if entry.strides is None:
        return entry.size_bytes
    return prod(entry.shape) * _strided_bytes(entry)


def _strided_bytes(entry: TensorEntry) -> int:
    """Return the bytes of an element of a strided tensor, also of raw bytes."""
    steps = zip(entry.shape, entry.strides or (), strict=True)
    return entry.size_bytes // (1 + sum((length - 1) * step for length, step in steps))


class Gathered:
    """A strided tensor as contiguous bytes, gathered as they are read."""

    def __init__(self, source: ByteSource, entry: TensorEntry) -> None:
        self.name = source.name
        self.size = stored_bytes(entry)
        self._source = source
        self._entry = entry

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes [start, stop) of the gathered tensor."""
        content = bytearray(stop - start)
        self.read_into(start, memoryview(content))
        return bytes(content)

    def read_into(self, start: int, buffer: memoryview) -> None:
        """Fill `buffer` with the gathered bytes from `start`."""
        item = _strided_bytes(self._entry)
        wanted = np.arange(start // item, (start + buffer.nbytes) // item)
        places = np.unravel_index(wanted, self._entry.shape)
        offsets = sum(
            place * stride
            for place, stride in zip(places, self._entry.strides or (), strict=True)
        )
        low, high = int(np.min(offsets)), int(np.max(offsets)) + 1
        first = self._entry.start
        content = self._source.read(first + low * item, first + high * item)
        elements = np.frombuffer(content, f"V{item}")
        buffer[:] = memoryview(elements[offsets - low].view(np.uint8))

    def close(self) -> None:
        """Do nothing: the source belongs to its checkpoint."""


def contiguous(checkpoint: Checkpoint, entry: TensorEntry) -> ByteSource:
    """Return a source of the contiguous bytes of a tensor: its file, where they begin
    at `entry.start`, or for a strided one a source that begins with them.
    """
    source = checkpoint.source_of(entry)
    return source if entry.strides is None else Gathered(source, entry)


def check_views(checkpoint: Checkpoint, entries: Iterable[TensorEntry]) -> None:
    """Raise CorruptCheckpoint for a view of more bytes than its file could hold."""
    for entry in entries:
        if entry.strides is not None:
            source = checkpoint.source_of(entry)
            if stored_bytes(entry) > max(source.size, MAX_GATHERED_BYTES):
                happened = f"spreads {entry.name!a} over more bytes than the file has"
                raise CorruptCheckpoint(source.name, happened, "do not trust this file")
