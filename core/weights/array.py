"""A tensor entry as a numpy array, for callers that want elements rather than bytes."""

import numpy as np

from core.errors import UnsupportedFormat
from core.weights.entry import Checkpoint, TensorEntry

NUMPY_DTYPES = {
    "BOOL": "?", "U8": "<u1", "I8": "<i1", "U16": "<u2", "I16": "<i2", "U32": "<u4",
    "I32": "<i4", "U64": "<u8", "I64": "<i8", "F16": "<f2", "BF16": "<u2", "F32": "<f4",
    "F64": "<f8", "C64": "<c8", "C128": "<c16", "F8_E4M3": "<u1", "F8_E5M2": "<u1",
    "F8_E8M0": "<u1", "F8_E4M3FNUZ": "<u1", "F8_E5M2FNUZ": "<u1",
}  # fmt: skip
"""How elements are held; what numpy has no type for is held as its raw bits."""


def read_tensor(checkpoint: Checkpoint, entry: TensorEntry) -> np.ndarray:
    """Read one tensor, contiguous; bfloat16 as uint16 and float8 as uint8.

    Strided views are gathered. Raises UnsupportedFormat for quantized blocks and
    sub-byte dtypes, which have no element of their own.
    """
    if entry.quantized or entry.dtype not in NUMPY_DTYPES:
        happened = f"stores {entry.name!a} as {entry.dtype}, not as plain numbers"
        raise UnsupportedFormat(checkpoint.name, happened)
    content = np.empty(entry.size_bytes, np.uint8)
    checkpoint.source_of(entry).read_into(entry.start, memoryview(content))
    flat = content.view(NUMPY_DTYPES[entry.dtype])
    if entry.strides is None:
        return flat.reshape(entry.shape)
    steps = [stride * flat.itemsize for stride in entry.strides]
    view = np.lib.stride_tricks.as_strided(flat, entry.shape, steps, writeable=False)
    return np.ascontiguousarray(view)
