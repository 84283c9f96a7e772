"""Send runs of bytes to the compiled loop of their dtype. Knows no files.

Importing this imports numba, a quarter of a second: do it where it is used.
"""

import numpy as np

from core.weights.loops.kernels import narrow_rows, norm_rows
from core.weights.loops.wide_kernels import integer_rows, wide_rows
from core.weights.sketch import Sketches, sign_table

SEEN_AS = {
    "F32": "u4", "BF16": "u2", "F16": "i2", "F64": "f8", "BOOL": "u1", "U8": "u1",
    "U16": "u2", "U32": "u4", "U64": "u8", "I8": "i1", "I16": "i2", "I32": "i4",
    "I64": "i8",
}  # fmt: skip
LIKE = {dtype: np.zeros(0, seen) for dtype, seen in SEEN_AS.items()}
"""How a loop sees an element. F16 is int16 so that its type differs from BF16's."""

NARROW = ("F32", "BF16", "F16")
"""Floats whose sums cannot leave the range of float64."""


def add_norms(
    base: np.ndarray, dtype: str, segments: np.ndarray, norms: np.ndarray
) -> None:
    """Write the norms of the base's segments where `compare` needs them."""
    if dtype in NARROW and len(segments):
        norm_rows(base, LIKE[dtype], segments, norms)


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
    drawing = None, sign_table(), None
    if sketches is not None:
        drawing = sketches.seeds, sign_table(), sketches.rows
    rows(base, child, LIKE[dtype], segments, norms, sums, counts, *drawing)
