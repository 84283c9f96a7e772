"""Read many parts of a checkpoint's tensors in few requests, and count the bytes. Knows
no verdicts.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from core.derived.probes import Part
from core.hub.ranges import coalesce
from core.weights.array import NUMPY_DTYPES
from core.weights.entry import Checkpoint, TensorEntry
from core.weights.metrics import same_dtype
from core.weights.rounding import rounded
from core.weights.spans import item_bytes


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


def as_floats(content: bytes, dtype: str) -> np.ndarray:
    """Return the elements of a float dtype as float64.

    >>> as_floats(b"\\x80\\x3f", "BF16")
    array([1.])
    """
    values = np.frombuffer(content, NUMPY_DTYPES[dtype])
    if dtype == "BF16":
        values = (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(np.float64)


def _span(entry: TensorEntry, part: Part) -> tuple[int, int]:
    item = item_bytes(entry)
    return entry.start + part[0] * item, entry.start + part[1] * item
