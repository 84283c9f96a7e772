"""Features and labels in one stream -> the shared statistics, by numpy or on a device.

Knows no score and no file.
"""

from collections.abc import Iterable

import numpy as np

from core.errors import UsageError
from core.transfer.scores.blocks import check_width
from core.transfer.scores.labels import Labels, encode
from core.transfer.scores.products import as_block, below, class_totals, home, zeros
from core.transfer.scores.statistics import Statistics

MAX_CLASS_VALUES = 2**28
"""Entries of the class sums, C × D; 2 GiB."""


def gather(batches: Iterable[tuple], *, device: str = "cpu") -> Statistics:
    """Sum batches of features (n, D) and labels (n,) into the shared statistics.

    Batches are numpy arrays or torch tensors of any number type; they are read once
    and never kept. `device` is "cpu", or "cuda" or "cpu-torch" for torch; the sums are
    float64 on all of them. Raises UsageError for what cannot be summed.

    >>> sums = gather([([[1.0], [3.0]], ["a", "b"]), ([[5.0]], ["a"])])
    >>> sums.classes, sums.mean.tolist(), sums.scatter().tolist()
    (('a', 'b'), [3.0], [[8.0]])
    """
    running = None
    for features, labels in batches:
        block = as_block(features, device)
        if len(block) == 0:
            continue
        running = running or _Running(block)
        running.add(block, labels)
    if running is None:
        raise UsageError("features", "hold no samples", "give at least one batch")
    return running.finish()


class _Running:
    """The sums so far, in the arrays of numpy or of torch on a device."""

    def __init__(self, block) -> None:
        width = block.shape[1]
        check_width(width)
        self.shift = block.mean(0)
        self.index: dict = {}
        self.counts: list[int] = []
        self.gram = zeros(block, width, width)
        self.class_sums = zeros(block, 0, width)
        self.class_squares = zeros(block, 0, width)
        self.square_sum = 0.0
        self.square_weighted = zeros(block, width)

    def add(self, block, labels: object) -> None:
        """Add features (n, D) with their labels (n,)."""
        if block.shape[1] != len(self.shift):
            happened = f"have {block.shape[1]:,} columns after {len(self.shift):,}"
            raise UsageError("features", happened, "give batches of one width")
        encoded = encode(labels)
        if len(encoded.codes) != len(block):
            happened = f"have {len(block):,} rows for {len(encoded.codes):,} labels"
            raise UsageError("features", happened, "give one label a row")
        rows = self._rows(encoded)
        z = block - self.shift
        squared = z * z
        norms = squared.sum(1)
        self.gram += z.T @ z
        self.square_sum += float(norms @ norms)
        self.square_weighted += norms @ z
        self.class_sums[rows] += class_totals(z, encoded)
        self.class_squares[rows] += class_totals(squared, encoded)

    def finish(self) -> Statistics:
        """Order the classes and bring the sums home."""
        names = sorted(self.index, key=lambda name: (isinstance(name, str), name))
        order = [self.index[name] for name in names]
        return Statistics(
            tuple(names),
            np.array(self.counts)[order],
            home(self.shift),
            home(self.gram),
            home(self.class_sums)[order],
            home(self.class_squares)[order],
            self.square_sum,
            home(self.square_weighted),
        )

    def _rows(self, labels: Labels) -> list[int]:
        """Return the row of each class of a batch, with room made for new ones."""
        names = labels.classes.tolist()
        new = [name for name in names if name not in self.index]
        for name in new:
            self.index[name] = len(self.index)
        if new:
            self._make_room(len(new))
        rows = [self.index[name] for name in names]
        for row, count in zip(rows, labels.counts.tolist(), strict=True):
            self.counts[row] += count
        return rows

    def _make_room(self, classes: int) -> None:
        width = len(self.shift)
        if len(self.index) * width > MAX_CLASS_VALUES:
            remedy = "are these numbers to predict? logme_regression takes them"
            raise UsageError("labels", f"name {len(self.index):,} classes", remedy)
        room = zeros(self.gram, classes, width)
        self.counts += [0] * classes
        self.class_sums = below(self.class_sums, room)
        self.class_squares = below(self.class_squares, room)
