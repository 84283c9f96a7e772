"""How far what was read of a changed matrix still points where the base does. Reads a
few thousand elements.
"""

from collections.abc import Sequence

import numpy as np

from core.derived.reading import Reader
from core.derived.verdict import FLOATS
from core.weights.array import NUMPY_DTYPES
from core.weights.entry import TensorEntry

Matrices = tuple[TensorEntry, TensorEntry]

SAMPLED_MATRICES = 16
SAMPLED_ELEMENTS = 1024


def cosine(
    ours: TensorEntry, theirs: TensorEntry, read: Sequence[Sequence[bytes]]
) -> float | None:
    """Return the cosine of what was read of both; None where it has no value."""
    if not {ours.dtype, theirs.dtype} <= FLOATS:
        return None
    x = np.concatenate([as_floats(our, ours.dtype) for our, _ in read])
    y = np.concatenate([as_floats(their, theirs.dtype) for _, their in read])
    finite = np.isfinite(x) & np.isfinite(y)
    x, y = x[finite], y[finite]
    norms = np.linalg.norm(x) * np.linalg.norm(y)
    return float(x @ y / norms) if norms else None


def sampled_cosines(
    base: Reader, child: Reader, matrices: Sequence[Matrices]
) -> list[tuple[float | None, TensorEntry]]:
    """Return cosines over the first elements of some matrices all over the network.

    Unrelated weights have one of 0 with a standard deviation of 0.03 for each.
    """
    chosen = matrices[:: 1 + len(matrices) // SAMPLED_MATRICES]
    parts = [(0, min(SAMPLED_ELEMENTS, theirs.elements)) for _, theirs in chosen]
    wanted = list(zip(chosen, parts, strict=True))
    ours = base.read([(pair[0], part) for pair, part in wanted])
    theirs = child.read([(pair[1], part) for pair, part in wanted])
    return [
        (cosine(*pair, [both]), pair[1])
        for pair, *both in zip(chosen, ours, theirs, strict=True)
    ]


def as_floats(content: bytes, dtype: str) -> np.ndarray:
    """Return the elements of a float dtype as float64.

    >>> as_floats(b"\\x80\\x3f", "BF16")
    array([1.])
    """
    values = np.frombuffer(content, NUMPY_DTYPES[dtype])
    if dtype == "BF16":
        values = (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(np.float64)
