"""The base that many children are compared with: its bytes, who it is, and checksums
that are worked out once. Fetches nothing by itself.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock
from zlib import crc32

import numpy as np

from core.derived.samples import as_floats
from core.weights.array import NUMPY_DTYPES
from core.weights.entry import Checkpoint, TensorEntry
from core.weights.gathered import item_bytes
from core.weights.measure import KeptBase
from core.weights.metrics import comparable, same_dtype
from core.weights.rounding import rounded

CHUNK_BYTES = 8 * 2**20


@dataclass
class BaseWeights:
    """An open base. `identity` stands for its weights; `is_local` says that reading
    them costs no traffic.
    """

    checkpoint: Checkpoint
    identity: str
    is_local: bool = True
    kept: KeptBase = field(default_factory=KeptBase, repr=False)
    _checksums: dict[tuple[str, str], int | None] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def crc32(self, ours: TensorEntry, theirs: TensorEntry) -> int | None:
        """Return the CRC32 that the child's tensor has if it equals the base's.

        None where that is not certain: NaNs and doubles round in more than one way, and
        a strided tensor may be laid out otherwise.
        """
        if ours.strides is not None or not comparable(ours, theirs):
            return None
        if same_dtype(ours, theirs) and ours.crc32 is not None:
            return ours.crc32
        if not self.is_local or (ours.dtype == "F64" and theirs.dtype != "F64"):
            return None
        key = ours.name, theirs.dtype
        with self._lock:
            if key not in self._checksums:
                self._checksums[key] = self._checksum(ours, theirs.dtype)
            return self._checksums[key]

    def _checksum(self, entry: TensorEntry, dtype: str) -> int | None:
        source, item = self.checkpoint.source_of(entry), item_bytes(entry)
        total, step = 0, CHUNK_BYTES // item * item
        for start in range(entry.start, entry.stop, step):
            content = source.read(start, min(start + step, entry.stop))
            if dtype != entry.dtype:
                cast = _cast(content, entry.dtype, dtype)
                if cast is None:
                    return None
                content = cast
            total = crc32(content, total)
        return total


def identity_of(
    digests: Mapping[str, str | None], entries: Iterable[TensorEntry] = ()
) -> str | None:
    """Return a name for weights by the SHA-256 of their files; None where one is
    unknown.

    The names of the files do not matter. For several shards `entries` say which tensor
    is read from which.

    >>> identity_of({"a.bin": "0" * 64}) == identity_of({"b.bin": "0" * 64})
    True
    >>> identity_of({"a.bin": None}) is None
    True
    """
    if not digests or None in digests.values():
        return None
    placed = sorted((digests[e.file], e.name) for e in entries if len(digests) > 1)
    text = json.dumps([sorted(digests.values()), placed])
    return sha256(text.encode()).hexdigest()


def _cast(content: bytes, dtype: str, to: str) -> bytes | None:
    """Round the base's bytes; None where a NaN has no one result."""
    values = np.frombuffer(content, np.uint8)
    count = values.size // np.dtype(NUMPY_DTYPES[dtype]).itemsize
    nothing = np.zeros(count * np.dtype(NUMPY_DTYPES[to]).itemsize, np.uint8)
    with np.errstate(all="ignore"):
        result = rounded(values, dtype, nothing, to)
    return None if _has_nan(values, dtype) else result.tobytes()


def _has_nan(content: np.ndarray, dtype: str) -> bool:
    floats = dtype in ("F16", "BF16", "F32", "F64")
    return floats and bool(np.isnan(as_floats(content.tobytes(), dtype)).any())
