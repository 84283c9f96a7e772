"""A matrix of the base and the same one of the child, read block by block. Knows dtypes
and numbers only: no files, no layer names.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.errors import UsageError
from core.weights.delta_spectrum import PRECISION

Block = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, slots=True)
class MatrixPair:
    """A matrix of the base and the same one of the child, read block by block.

    `block(rows, columns)` returns both sub-blocks as float64; only the entries it is
    asked for need ever be decoded. `dtypes` are the stored ones, of base and child.
    """

    name: str
    shape: tuple[int, int]
    dtypes: tuple[str, str]
    block: Block


def array_pair(
    base: np.ndarray,
    child: np.ndarray,
    *,
    dtype: str | tuple[str, str],
    name: str = "delta",
) -> MatrixPair:
    """Wrap two arrays, in memory or mapped from a file; a convolution is flattened to
    (out, rest).

    numpy has no bfloat16: such an array holds float32 values, or the stored patterns
    as uint16. Raises UsageError where there is no matrix, or an unknown dtype.

    >>> array_pair(np.zeros((4, 3, 2)), np.ones((4, 3, 2)), dtype="F32").shape
    (4, 6)
    """
    dtypes = (dtype, dtype) if isinstance(dtype, str) else dtype
    if unknown := set(dtypes) - set(PRECISION):
        happened = f"is stored as {unknown.pop()}, whose rounding is not known"
        raise UsageError(name, happened, f"give one of {', '.join(PRECISION)}")
    if base.shape != child.shape or base.ndim < 2:
        happened = f"has the shapes {base.shape} and {child.shape}"
        raise UsageError(name, happened, "give two matrices of the same shape")
    left = base.reshape(base.shape[0], -1) if base.size else base.reshape(0, 0)
    right = child.reshape(left.shape)

    def block(rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return _decode(left[rows][:, columns]), _decode(right[rows][:, columns])

    return MatrixPair(name, left.shape, dtypes, block)


def _decode(values: np.ndarray) -> np.ndarray:
    """Return float64 values; uint16 holds bfloat16 patterns."""
    if values.dtype == np.uint16:
        values = (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(np.float64)
