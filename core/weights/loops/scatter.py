"""Compiled signed count sketch: every difference, with a random sign, into one of a few
sums (Charikar, Chen and Farach-Colton, 2002). Knows no files.
"""

import numpy as np
from numba import njit

from core.weights.loops.intrinsics import BLOCK, FASTMATH, INFINITE, magnitude, widen
from core.weights.loops.vectors import SKETCH_LANES

SKETCH = 256
"""Numbers kept a tensor: the cosine of two deltas is then known to about 1/16."""

LANES = SKETCH_LANES
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
def empty_lanes():
    """Return the lanes of one tensor, and those that `block_sums` draws one block into.

    The first are twice as many: what is turned past the end goes on behind it.
    """
    return np.zeros(2 * LANES, np.float32), np.empty(LANES, np.float32)


@njit(fastmath=FASTMATH)
def _add(x, y, signs, lanes):
    for i in range(lanes.size):
        d = np.float32(widen(y[i]) - widen(x[i]))
        kept = d if magnitude(d) < np.uint32(INFINITE) else np.float32(0)
        lanes[i] += signs[i] * kept


@njit
def place_of(seed, block):
    """Return where the lanes of a block begin, and where its signs do."""
    random = _mixed(np.uint64(seed + np.uint64(block)))
    turn = np.int64(random % np.uint64(LANES // VECTOR)) * VECTOR
    return turn, np.int64((random >> np.uint64(10)) % np.uint64(SIGNS - BLOCK - LANES))


@njit(fastmath=FASTMATH)
def gather(drawn, turn, lanes):
    """Add what `block_sums` drew of a full block to the lanes, turned."""
    turned = lanes[turn : turn + LANES]
    for i in range(LANES):
        turned[i] += drawn[i]


@njit(fastmath=FASTMATH)
def scatter(x, y, turn, place, signs, lanes):
    """Add the signed differences of any block to the lanes, turned.

    Differences that are not finite count as zero.
    """
    for start in range(0, x.size, LANES):
        stop = min(start + LANES, x.size)
        turned = lanes[turn : turn + stop - start]
        _add(x[start:stop], y[start:stop], signs[place + start :], turned)


@njit(fastmath=FASTMATH)
def fold(lanes, signs, sketch):
    """Add the lanes to the sketch, with signs of their own, and clear them."""
    for i in range(LANES):
        sketch[i % SKETCH] += signs[SIGNS - LANES + i] * (lanes[i] + lanes[LANES + i])
        lanes[i] = lanes[LANES + i] = 0.0
