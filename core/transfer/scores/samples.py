"""A labeled set of features, in memory or on disk, read in blocks of float64."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from core.errors import UsageError
from core.transfer.scores.blocks import as_float64, block_rows
from core.transfer.scores.gather import gather
from core.transfer.scores.labels import Labels, encode, stratified
from core.transfer.scores.statistics import Statistics


@dataclass(frozen=True, eq=False)
class Samples:
    """Features (N, D) with labels (N,); `device` is where large products are taken.

    `features` is a numpy array, a torch tensor or a `StoredArray`: whatever has a
    shape and gives rows by slice or index. It is never changed.
    """

    features: Sequence
    labels: Labels
    device: str = "cpu"

    @property
    def count(self) -> int:
        """Return N."""
        return len(self.labels.codes)

    @property
    def width(self) -> int:
        """Return D."""
        return self.features.shape[1]

    @property
    def rows(self) -> list[slice]:
        """Return the slices that cut the samples into blocks."""
        return block_rows(self.count, self.width)

    @cached_property
    def statistics(self) -> Statistics:
        """Gather the shared sums, once."""
        codes = self.labels.codes
        batches = ((self.features[rows], codes[rows]) for rows in self.rows)
        return gather(batches, device=self.device)

    def take(self, rows: slice | np.ndarray) -> np.ndarray:
        """Return some rows as float64, (n, D)."""
        return as_float64(self.features[rows])

    def blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield float64 features (n, D) and codes (n,), block by block."""
        for rows in self.rows:
            yield self.take(rows), self.labels.codes[rows]

    def sample(self, most: int, *, seed: int = 0) -> "Samples":
        """Return itself, or a stratified sample of about `most` rows in memory."""
        if self.count <= most:
            return self
        kept = stratified(self.labels, most, seed=seed)
        labels = Labels(self.labels.codes[kept], self.labels.classes)
        return replace(self, features=self.take(kept), labels=labels)


def samples(features: Sequence, labels: object, *, device: str = "cpu") -> Samples:
    """Put features and labels together.

    Raises UsageError for another shape, another length, or fewer than two classes.
    """
    features = features if hasattr(features, "shape") else np.asarray(features)
    if len(features.shape) != 2 or not features.shape[1]:
        happened = f"have the shape {tuple(features.shape)}"
        remedy = "pool or flatten them to one row a sample, (N, D)"
        raise UsageError("features", happened, remedy)
    encoded = encode(labels)
    if len(encoded.codes) != features.shape[0]:
        happened = f"have {features.shape[0]:,} rows for {len(encoded.codes):,} labels"
        raise UsageError("features", happened, "give one label a row")
    if len(encoded.classes) < 2:
        happened = f"name fewer than two classes ({len(encoded.classes)})"
        raise UsageError("labels", happened, "a score compares classes")
    return Samples(features, encoded, device)
