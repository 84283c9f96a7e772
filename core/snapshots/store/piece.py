"""The words of the store: a piece of a file under its digest, and where it is kept.
Reads nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import prod

from core.weights.entry import DTYPE_BITS


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of bytes of a weight file: a tensor, or (without a name) what lies around
    tensors, as U8.
    """

    digest: str
    dtype: str
    shape: tuple[int, ...]
    size_bytes: int
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bytes of a piece are: [start, stop) of a pack.

    With a `base` they are the compressed difference from that piece
    (`core.snapshots.store.coding`).
    """

    pack: str
    start: int
    stop: int
    dtype: str
    shape: tuple[int, ...]
    base: str | None = None

    @property
    def stored_bytes(self) -> int:
        """How many bytes it takes in the pack."""
        return self.stop - self.start

    @property
    def size_bytes(self) -> int:
        """How many bytes it has once it is decoded."""
        if self.base is None:
            return self.stored_bytes
        return prod(self.shape) * DTYPE_BITS[self.dtype] // 8


def tensor_digest(dtype: str, shape: Sequence[int], content: bytes | memoryview) -> str:
    """Return the SHA-256 of dtype, shape and bytes, so that zeros of another shape or
    type are another tensor.

    >>> tensor_digest("F32", (4,), bytes(16)) == tensor_digest("F32", (2, 2), bytes(16))
    False
    """
    digest = sha256(f"{dtype} {'x'.join(map(str, shape))}\n".encode())
    digest.update(content)
    return digest.hexdigest()
