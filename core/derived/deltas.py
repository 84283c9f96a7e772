"""What the changed matrices of a child tell together: whether their delta is low-rank,
and
whether they still correlate with the base. Looks only where the answer can matter.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from core.derived.kinds import Facts
from core.derived.verdict import LowRank, TensorVerdict
from core.weights.array import read_tensor
from core.weights.entry import Checkpoint, TensorEntry
from core.weights.low_rank import MatrixPair, array_pair, scan
from core.weights.measure import measure_pairs

Entries = Mapping[str, tuple[TensorEntry, TensorEntry]]

FLOATS = frozenset({"F64", "F32", "F16", "BF16"})
CORRELATED_BYTES = 64 * 1024 * 1024


def low_rank_delta(
    base: Checkpoint,
    child: Checkpoint,
    entries: Entries,
    tensors: Sequence[TensorVerdict],
) -> tuple[LowRank, int]:
    """Tell whether the change could be a merged LoRA, and is one; and the bytes read.

    It could be when matrices changed while every bias and norm stayed: then the delta's
    rank is measured, from a few matrices first.
    """
    differing = Facts(tensors).differing
    suspects = [t for t in differing if t.name in entries and _is_matrix(t)]
    if not suspects or len(suspects) != len(differing):
        return "no", 0
    if all(tensor.role.is_embedding for tensor in suspects):
        return "no", 0
    reader = _Reader(base, child, entries)
    pairs = [reader.pair(t.name) for t in suspects if t.base_dtype in FLOATS]
    return scan(pairs).verdict, reader.bytes_read


def correlation(
    base: Checkpoint,
    child: Checkpoint,
    entries: Entries,
    tensors: Sequence[TensorVerdict],
) -> tuple[float | None, int]:
    """Return the changed matrices' mean cosine, weighted by size; and the bytes read.

    None unless every matrix changed, for only then it can decide. Cosines not measured
    yet are taken from matrices spread over the network, up to 64 MiB of each file.
    """
    matrices = [t for t in Facts(tensors).body if t.role.is_matrix and t.is_shared]
    if not matrices or any(t.verdict == "equal" for t in matrices):
        return None, 0
    changed = [t for t in matrices if t.verdict == "changed" and _is_matrix(t)]
    if not changed:
        return None, 0
    if all(tensor.metrics for tensor in changed):
        return _weighted([(t.metrics.cosine, entries[t.name]) for t in changed]), 0
    sample = _spread([entries[t.name] for t in changed])
    measures = measure_pairs(base, child, sample, metrics=True)
    cosines = [measure.metrics and measure.metrics.cosine for measure in measures]
    read = sum(ours.size_bytes + theirs.size_bytes for ours, theirs in sample)
    return _weighted(list(zip(cosines, sample, strict=True))), read


class _Reader:
    """Matrices of both checkpoints, decoded when asked for; the last one is kept."""

    def __init__(self, base: Checkpoint, child: Checkpoint, entries: Entries) -> None:
        self.entries = entries
        self.checkpoints = base, child
        self.bytes_read = 0
        self._arrays = lru_cache(maxsize=1)(self._read)

    def pair(self, name: str) -> MatrixPair:
        """Return a matrix as rows by the rest, read when a block of it is asked for."""
        ours, theirs = self.entries[name]
        shape = ours.shape[0], ours.elements // ours.shape[0]
        dtypes = ours.dtype, theirs.dtype

        def block(
            rows: np.ndarray, columns: np.ndarray
        ) -> tuple[np.ndarray, np.ndarray]:
            pair = array_pair(*self._arrays(name), dtype=dtypes, name=name)
            return pair.block(rows, columns)

        return MatrixPair(name, shape, dtypes, block)

    def _read(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        both = self.entries[name]
        self.bytes_read += sum(entry.size_bytes for entry in both)
        ours, theirs = map(read_tensor, self.checkpoints, both)
        return ours, theirs


def _is_matrix(tensor: TensorVerdict) -> bool:
    wide = len(tensor.shape) >= 2 and tensor.role.is_matrix
    return wide and tensor.verdict == "changed" and tensor.dtype in FLOATS


def _spread(
    pairs: Sequence[tuple[TensorEntry, TensorEntry]],
) -> list[tuple[TensorEntry, TensorEntry]]:
    """Every n-th pair, so that what is kept fits the budget."""
    size_bytes = sum(max(a.size_bytes, b.size_bytes) for a, b in pairs)
    step = -(-size_bytes // CORRELATED_BYTES) or 1
    return list(pairs[::step])


def _weighted(
    cosines: Sequence[tuple[float | None, tuple[TensorEntry, TensorEntry]]],
) -> float | None:
    known = [
        (cosine, pair[0].elements) for cosine, pair in cosines if cosine is not None
    ]
    total = sum(elements for _, elements in known)
    return sum(c * elements for c, elements in known) / total if total else None
