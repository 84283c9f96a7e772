"""What the changed matrices of a child tell together: whether their delta is low-rank,
and whether they still correlate with the base. Looks only where the answer can matter.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from core.derived.facts import Facts
from core.derived.verdict import FLOATS, LowRank, TensorVerdict
from core.weights.align import Alignment
from core.weights.array import read_tensor
from core.weights.entry import Checkpoint, TensorEntry
from core.weights.low_rank_scan import scan
from core.weights.matrix_pair import MatrixPair, array_pair
from core.weights.measure import measure_pairs

SAMPLED_MATRICES = 32
SAMPLED_ELEMENTS = 64 * 1024


class Deltas:
    """The changed matrices of one child; reads them when asked."""

    def __init__(
        self,
        base: Checkpoint,
        child: Checkpoint,
        alignment: Alignment,
        tensors: Sequence[TensorVerdict],
    ) -> None:
        self._checkpoints = base, child
        self._entries = {
            pair.child.name: (pair.base, pair.child)
            for pair in alignment.having("same-shape")
        }
        self._facts = Facts(tensors)
        self._arrays = lru_cache(maxsize=1)(self._read)

    def low_rank(self) -> tuple[LowRank, int | None]:
        """Tell whether the change is low-rank, as in a merged LoRA, and its rank.

        Measured only when matrices changed while every bias and norm stayed, and not
        embedding tables alone; otherwise "no".
        """
        suspects = low_rank_suspects(self._facts)
        if not suspects:
            return "no", None
        found = scan([self._matrix(tensor) for tensor in suspects])
        return found.verdict, found.rank

    def correlation(self) -> float | None:
        """Return the changed matrices' mean cosine with the base's, weighted by size.

        None unless every matrix changed: only then it can decide. Cosines not measured
        yet are taken from the first rows of some matrices all over the network.
        """
        changed = correlated_matrices(self._facts)
        if not changed:
            return None
        if all(tensor.metrics for tensor in changed):
            return mean_cosine(
                (t.metrics.cosine, self._entries[t.name][1]) for t in changed
            )
        every = 1 + len(changed) // SAMPLED_MATRICES
        sample = [
            tuple(map(_first_rows, self._entries[tensor.name]))
            for tensor in changed[::every]
        ]
        measures = measure_pairs(*self._checkpoints, sample, metrics=True)
        return mean_cosine(
            (measure.metrics and measure.metrics.cosine, theirs)
            for measure, (_, theirs) in zip(measures, sample, strict=True)
        )

    def _matrix(self, tensor: TensorVerdict) -> MatrixPair:
        """A matrix as rows by the rest, read when a block of it is asked for."""
        ours, theirs = self._entries[tensor.name]
        shape = ours.shape[0], ours.elements // ours.shape[0]
        dtypes = ours.dtype, theirs.dtype

        def block(
            rows: np.ndarray, columns: np.ndarray
        ) -> tuple[np.ndarray, np.ndarray]:
            pair = array_pair(*self._arrays(tensor.name), dtype=dtypes)
            return pair.block(rows, columns)

        return MatrixPair(tensor.name, shape, dtypes, block)

    def _read(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        ours, theirs = map(read_tensor, self._checkpoints, self._entries[name])
        return ours, theirs


def low_rank_suspects(facts: Facts) -> list[TensorVerdict]:
    """Return the changed matrices if nothing but matrices changed, tables aside."""
    suspects = [tensor for tensor in facts.differing if _is_delta(tensor)]
    tables = all(tensor.role.is_embedding for tensor in suspects)
    return [] if tables or len(suspects) < len(facts.differing) else suspects


def correlated_matrices(facts: Facts) -> list[TensorVerdict]:
    """Return the changed matrices if no matrix stayed equal: only then can they be
    uncorrelated with the base everywhere.
    """
    matrices = [tensor for tensor in facts.matrices if tensor.is_shared]
    if any(tensor.verdict == "equal" for tensor in matrices):
        return []
    return [tensor for tensor in matrices if _is_delta(tensor)]


def mean_cosine(
    cosines: Iterable[tuple[float | None, TensorEntry]],
) -> float | None:
    """Average known cosines, weighted by the size of their tensors; None of none."""
    known = [
        (cosine, entry.elements) for cosine, entry in cosines if cosine is not None
    ]
    total = sum(elements for _, elements in known)
    return sum(c * elements for c, elements in known) / total if total else None


def _is_delta(tensor: TensorVerdict) -> bool:
    """A changed weight of two or more dimensions, in floats on both sides."""
    wide = len(tensor.shape) >= 2 and tensor.role.is_matrix
    floats = {tensor.dtype, tensor.base_dtype} <= FLOATS
    return wide and floats and tensor.verdict == "changed"


def _first_rows(entry: TensorEntry) -> TensorEntry:
    """The first rows of a matrix, as many as the elements of a sample need."""
    if entry.strides is not None or not entry.elements:
        return entry
    row_elements = entry.elements // entry.shape[0]
    rows = min(entry.shape[0], 1 + SAMPLED_ELEMENTS // row_elements)
    stop = entry.start + entry.size_bytes // entry.shape[0] * rows
    return entry._replace(shape=(rows, *entry.shape[1:]), stop=stop, crc32=None)
