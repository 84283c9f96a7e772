"""Rows of features as float64, a block at a time. Knows no labels and no files."""

import numpy as np

from core.errors import UsageError

BLOCK_VALUES = 2**22
"""Numbers read at a time; 32 MiB as float64."""

LARGEST = 1e60
"""Magnitude up to which fourth powers of thousands of numbers can be summed."""

MAX_WIDTH = 16_384
"""Features a sample may have where a Gram matrix is taken: 2 GiB."""


def check_width(width: int) -> None:
    """Raise UsageError where a Gram matrix of so many features would not fit."""
    if not 0 < width <= MAX_WIDTH:
        remedy = f"pool or project them to at most {MAX_WIDTH:,}"
        raise UsageError("features", f"have {width:,} columns", remedy)


def block_rows(count: int, width: int) -> list[slice]:
    """Cut `count` rows into blocks of about four million numbers.

    >>> block_rows(3, 2**21)
    [slice(0, 2, None), slice(2, 3, None)]
    """
    step = max(1, BLOCK_VALUES // max(1, width))
    return [slice(at, min(at + step, count)) for at in range(0, count, step)]


def as_numpy(values: object) -> np.ndarray:
    """Return a numpy view of an array, a list or a torch tensor on any device.

    >>> as_numpy([1, 2]).shape
    (2,)
    """
    if hasattr(values, "detach"):
        tensor = values.detach().cpu()
        return (tensor.double() if tensor.is_floating_point() else tensor).numpy()
    return np.asarray(values)


def as_float64(block: object, name: str = "features") -> np.ndarray:
    """Return rows (n, D) as float64, without a copy where they are.

    Raises UsageError, speaking of `name`, for what is no finite real number.

    >>> as_float64([[1, 2]]).dtype
    dtype('float64')
    """
    values = as_numpy(block)
    if values.ndim != 2:
        happened = f"have the shape {values.shape}"
        remedy = "pool or flatten them to one row a sample, (N, D)"
        raise UsageError(name, happened, remedy)
    if values.dtype.kind not in "buif":
        raise UsageError(name, f"are of type {values.dtype}", "give real numbers")
    values = values.astype(np.float64, copy=False)
    if (np.abs(values) <= LARGEST).all():
        return values
    broken = np.count_nonzero(~np.isfinite(values).all(axis=1))
    if not broken:
        raise UsageError(name, "are too large to be squared", "scale them down")
    happened = f"hold NaN or infinity in {broken:,} of {len(values):,} rows read"
    raise UsageError(name, happened, "leave those samples out")
