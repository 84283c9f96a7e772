"""How many bits of each element two tensors share. Knows no models."""

import numpy as np

from core.weights.entry import Checkpoint
from core.weights.gathered import check_views, item_bytes
from core.weights.lane import Lane
from core.weights.loops.histogram import count_bits
from core.weights.metrics import comparable
from core.weights.spans import Pair, Plan

UNSIGNED = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}
"""Elements as bare bits, by their size in bytes."""


def equal_bits(base: Checkpoint, child: Checkpoint, pair: Pair) -> np.ndarray | None:
    """Count the elements of a pair by how many of their bits agree.

    Returns int64 (bits an element + 1,): the last entry counts the elements that are
    equal. The base is rounded to the child's dtype first. None when the pair is not
    comparable.
    """
    if not comparable(*pair):
        return None
    check_views(base, pair[:1])
    check_views(child, pair[1:])
    item = item_bytes(pair[1])
    histogram = np.zeros(65, np.int64)
    with Lane() as lane:
        for span in Plan([pair]).spans(base, child):
            runs = lane.read(span)
            count_bits(runs.base, runs.child, UNSIGNED[item], runs.segments, histogram)
    return histogram[: 8 * item + 1][::-1].copy()
