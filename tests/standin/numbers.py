"""Weights by formula: element i of a tensor is a function of a key and i alone, so that
any range of a file of hundreds of megabytes exists without being stored.
"""

from dataclasses import dataclass
from hashlib import blake2b
from math import prod, sqrt

import numpy as np

ITEM_BYTES = {"F32": 4, "F16": 2, "BF16": 2}


@dataclass(frozen=True)
class Numbers:
    """One tensor: `center` + `scale` x noise, plus a delta where `tuned` names one.

    The same `key` gives the same numbers, whatever the tensor is called. The delta is
    `delta` x noise; with `rank` > 0 it is a product of two matrices of that rank, with
    `rows` only those rows have one. Numbers are made in float32, then rounded to
    `dtype`.
    """

    key: str
    shape: tuple[int, ...]
    dtype: str = "F32"
    center: float = 0.0
    scale: float = 0.02
    tuned: str | None = None
    delta: float = 1e-3
    rank: int = 0
    rows: tuple[int, ...] | None = None

    @property
    def size_bytes(self) -> int:
        """How many bytes the tensor has."""
        return prod(self.shape) * ITEM_BYTES[self.dtype]

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes [start, stop) of the tensor."""
        item = ITEM_BYTES[self.dtype]
        first, last = start // item, -(-stop // item)
        content = rounded(self.values(first, last), self.dtype).tobytes()
        return content[start - first * item : stop - first * item]

    def values(self, first: int, last: int) -> np.ndarray:
        """Return the elements [first, last) as float32."""
        values = noise(self.key, first, last)
        values *= np.float32(self.scale)
        values += np.float32(self.center)
        if self.tuned is not None:
            values += self._delta(first, last)
        return values

    def _delta(self, first: int, last: int) -> np.ndarray:
        columns = self.shape[-1] if self.shape else 1
        if self.rank:
            return self._low_rank(first, last, columns)
        delta = np.float32(self.delta) * noise(f"{self.tuned}/{self.key}", first, last)
        if self.rows is not None:
            delta[~np.isin(np.arange(first, last) // columns, self.rows)] = 0
        return delta

    def _low_rank(self, first: int, last: int, columns: int) -> np.ndarray:
        """Sum rank-one matrices one by one: the same bits whatever range is asked."""
        low, high = first // columns, -(-last // columns)
        total = np.zeros((high - low, columns))
        for index in range(self.rank):
            key = f"{self.tuned}/{self.key}/{index}"
            tall = noise(f"{key}/tall", low, high)
            total += np.multiply.outer(tall, noise(f"{key}/wide", 0, columns))
        flat = total.ravel()[first - low * columns : last - low * columns]
        return (flat * (self.delta / sqrt(self.rank))).astype(np.float32)


def noise(key: str, first: int, last: int) -> np.ndarray:
    """Return uniform noise of unit variance for the elements [first, last), float32.

    The 32-bit finalizer of MurmurHash3 (Appleby 2011) on the element's index, with one
    word of the key before it and another inside, so that no two keys are shifts of one
    another.
    """
    digest = blake2b(key.encode(), digest_size=8).digest()
    before, inside = np.frombuffer(digest, np.uint32)
    mixed = np.arange(first, last, dtype=np.uint32)
    mixed *= np.uint32(0x9E3779B9)
    mixed += before
    mixed ^= mixed >> np.uint32(16)
    mixed *= np.uint32(0x85EBCA6B)
    mixed += inside
    mixed ^= mixed >> np.uint32(13)
    mixed *= np.uint32(0xC2B2AE35)
    mixed ^= mixed >> np.uint32(16)
    values = mixed.astype(np.float32)
    values *= np.float32(sqrt(12) / 2**32)
    values -= np.float32(sqrt(3))
    return values


def rounded(values: np.ndarray, dtype: str) -> np.ndarray:
    """Round float32 to `dtype`, to nearest even; BF16 comes as uint16."""
    if dtype == "BF16":
        bits = values.view(np.uint32)
        return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    return values.astype({"F32": np.float32, "F16": np.float16}[dtype])
