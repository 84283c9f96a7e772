"""Compiled loop that counts by how many bits elements differ. Knows no files."""

import numpy as np

from core.weights.loops.compiled import compiled
from core.weights.loops.intrinsics import FASTMATH, popcount


@compiled(fastmath=FASTMATH)
def count_bits(x_bytes, y_bytes, word, segments, histogram):
    """Add to `histogram` the elements of each segment by how many bits differ."""
    counts = np.zeros((4, 65), np.int64)
    for i in range(segments.shape[0]):
        x_start, y_start, size, _ = segments[i]
        x = x_bytes[x_start : x_start + size].view(word)
        y = y_bytes[y_start : y_start + size].view(word)
        for j in range(x.size):
            counts[j & 3, popcount(word(x[j] ^ y[j]))] += 1
    for lane in range(4):
        for bits in range(65):
            histogram[bits] += counts[lane, bits]
