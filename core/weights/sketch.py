"""Sketches of what training changed: deltas of many children can be compared without
keeping them. Reads no files.
"""

from functools import cache
from hashlib import sha256, shake_256

import numpy as np

from core.weights.loops.intrinsics import BLOCK
from core.weights.loops.scatter import SIGNS, SKETCH
from core.weights.spans import Plan


class Sketches:
    """Where one pass draws the sketches of many pairs, row by row.

    A sketch is linear in d = child − base: the dot product of two sketches estimates
    the dot product of the deltas. Its randomness comes from the base's tensor name
    alone. Differences that are not finite, and those of integers, count as zero.
    """

    def __init__(self, plan: Plan) -> None:
        self._firsts = plan.firsts
        self.seeds = np.zeros(plan.firsts[-1], np.uint64)
        for i, (base, _) in enumerate(plan.pairs):
            row, stop = plan.firsts[i], plan.firsts[i + 1]
            blocks = plan.chunk_elements[i] // BLOCK
            seed = seed_of(base.name)
            self.seeds[row:stop] = range(seed, seed + (stop - row) * blocks, blocks)
        self.signs = sign_table()
        self.rows = np.zeros((plan.firsts[-1], SKETCH))

    def finished(self) -> list[np.ndarray]:
        """Return one sketch a pair, float32 (256,)."""
        firsts = np.array(self._firsts)
        filled = np.flatnonzero(np.diff(firsts))
        drawn = np.zeros((len(firsts) - 1, SKETCH), np.float32)
        if filled.size:
            with np.errstate(over="ignore", invalid="ignore"):
                drawn[filled] = np.add.reduceat(self.rows, firsts[filled], axis=0)
        return list(drawn)


def similarity(sketches: np.ndarray, others: np.ndarray) -> float | None:
    """Estimate the cosine between two deltas from their sketches (tensors, 256).

    The error is about 1/16 for a tensor and far less for a model. None when either
    delta is zero or too large for float32.

    >>> similarity(np.ones((1, 256)), -np.ones((1, 256)))
    -1.0
    """
    x, y = np.ravel(sketches).astype(float), np.ravel(others).astype(float)
    scale = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / scale) if np.isfinite(scale) and scale > 0 else None


def seed_of(name: str) -> int:
    """Turn a tensor's name into the 62-bit number that its sketch is drawn with.

    >>> seed_of("head.weight") == seed_of("head.bias")
    False
    """
    return int.from_bytes(sha256(name.encode()).digest()[:8], "little") >> 2


@cache
def sign_table() -> np.ndarray:
    """Return the random signs (SIGNS,), the same on every machine; read-only."""
    drawn = shake_256(b"pedigree delta sketch").digest(SIGNS // 8)
    bits = np.unpackbits(np.frombuffer(drawn, np.uint8))
    signs = bits.astype(np.float32) * 2 - 1
    signs.flags.writeable = False
    return signs
