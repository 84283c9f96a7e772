"""Send runs of bytes to the compiled loop of their dtype. Knows no files.

Importing this imports numba, a quarter of a second: do it where it is used.
"""

import numpy as np

from core.weights.kernels import narrow_rows, norm_rows
from core.weights.scatter import SKETCH
from core.weights.sketch import Sketches, sign_table
from core.weights.wide_kernels import integer_rows, wide_rows

WORDS: dict[str, type] = {
    "F32": np.uint32, "BF16": np.uint16, "F16": np.int16, "F64": np.float64,
    "BOOL": np.uint8, "U8": np.uint8, "U16": np.uint16, "U32": np.uint32,
    "U64": np.uint64, "I8": np.int8, "I16": np.int16, "I32": np.int32, "I64": np.int64,
}  # fmt: skip
"""How a kernel sees an element. F16 is int16 so that its type differs from BF16's."""

NARROW = ("F32", "BF16", "F16")
"""Floats whose sums cannot leave the range of float64."""


def add_norms(
    base: np.ndarray, dtype: str, segments: np.ndarray, norms: np.ndarray
) -> None:
    """Write the norms of the base's segments where `compare` needs them."""
    if dtype in NARROW:
        norm_rows(base, WORDS[dtype], segments, norms)


def compare(
    base: np.ndarray,
    child: np.ndarray,
    dtype: str,
    segments: np.ndarray,
    norms: np.ndarray,
    sums: np.ndarray,
    counts: np.ndarray,
    sketches: Sketches | None = None,
) -> None:
    """Add segments of two read-only byte runs of one dtype to their rows.

    The first call for a dtype compiles its loop, or loads it from numba's cache.
    """
    rows = integer_rows
    if dtype in NARROW:
        rows = narrow_rows
    elif dtype == "F64":
        rows = wide_rows
    seeds, drawn = np.zeros(0, np.uint64), np.zeros((0, SKETCH))
    if sketches is not None:
        seeds, drawn = sketches.seeds, sketches.rows
    out = norms, sums, counts, seeds, sign_table(), drawn
    rows(base, child, WORDS[dtype], segments, *out)
