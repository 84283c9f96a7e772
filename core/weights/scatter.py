"""Compiled signed count sketch: every difference, with a random sign, into one of a few
sums (Charikar, Chen and Farach-Colton, 2002). Knows no files.
"""

import numpy as np
from numba import njit

from core.weights.intrinsics import BLOCK, FASTMATH, INFINITE, magnitude, widen

SKETCH = 256
"""Numbers kept a tensor: the cosine of two deltas is then known to about 1/16."""

LANES = 1024
"""Numbers summed into while a tensor is read; longer loops are faster than SKETCH."""

VECTOR = 32
"""Lanes turn by multiples of this, so that no loop has a remainder."""

SIGNS = 16_384
"""Random signs in the table, which stays in a core's cache."""


@njit
def _mixed(seed):
    """Scramble 64 bits (splitmix64, Steele et al., 2014)."""
    z = np.uint64(seed + np.uint64(0x9E3779B97F4A7C15))
    z = np.uint64(np.uint64(z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9))
    z = np.uint64(np.uint64(z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB))
    return np.uint64(z ^ (z >> np.uint64(31)))


@njit
def empty_lanes(sketches):
    """Return the lanes of one tensor, or None when there is nothing to draw into."""
    if sketches is None:
        return None
    return np.zeros(LANES, np.float32)


@njit
def seed_at(seeds, row):
    """Return the seed of a row, or None when nothing is drawn."""
    if seeds is None:
        return None
    return seeds[row]


@njit(fastmath=FASTMATH)
def _add(x, y, signs, lanes, finite):
    if finite:
        for i in range(lanes.size):
            lanes[i] += signs[i] * np.float32(widen(y[i]) - widen(x[i]))
        return
    for i in range(lanes.size):
        d = np.float32(widen(y[i]) - widen(x[i]))
        kept = d if magnitude(d) < np.uint32(INFINITE) else np.float32(0)
        lanes[i] += signs[i] * kept


@njit(fastmath=FASTMATH)
def scatter(x, y, seed, block, signs, lanes, finite):
    """Add the differences of one block to the lanes, turned and signed by its number.

    Differences that are not finite count as zero; `finite` promises there are none.
    """
    random = _mixed(np.uint64(seed + np.uint64(block)))
    turn = np.int64(random % np.uint64(LANES // VECTOR)) * VECTOR
    place = np.int64((random >> np.uint64(10)) % np.uint64(SIGNS - BLOCK - LANES))
    for start in range(0, x.size, LANES):
        stop = min(start + LANES, x.size)
        middle = min(start + LANES - turn, stop)
        head = lanes[turn : turn + middle - start]
        tail = lanes[: stop - middle]
        _add(x[start:middle], y[start:middle], signs[place + start :], head, finite)
        _add(x[middle:stop], y[middle:stop], signs[place + middle :], tail, finite)


@njit(fastmath=FASTMATH)
def fold(lanes, signs, sketch):
    """Add the lanes to the sketch, with signs of their own, and clear them."""
    for i in range(LANES):
        sketch[i % SKETCH] += signs[SIGNS - LANES + i] * lanes[i]
        lanes[i] = 0.0
