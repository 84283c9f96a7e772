"""Round the elements of one dtype to another, to the nearest and ties to even. Reads no
files.
"""

from functools import cache

import numpy as np

from core.weights.array import NUMPY_DTYPES

FLOATS = ("F64", "F32", "F16", "BF16")
INTEGERS = ("BOOL", "U8", "U16", "U32", "U64", "I8", "I16", "I32", "I64")


@cache
def can_round(dtype: str, to: str) -> bool:
    """Say whether elements of `dtype` have a meaning as elements of `to`.

    Floats never round to integers: that is quantization, whose scale is elsewhere.

    >>> can_round("F32", "BF16"), can_round("I64", "F32"), can_round("F32", "I8")
    (True, True, False)
    """
    if to in INTEGERS:
        return dtype in INTEGERS
    return to in FLOATS and dtype in FLOATS + INTEGERS


def rounded(
    base: np.ndarray, dtype: str, child: np.ndarray, child_dtype: str
) -> np.ndarray:
    """Round the bytes of `base` to the child's dtype; uint8 in, uint8 out.

    Integers beyond the child's range become its nearest end. A NaN has no nearest
    value: where the child holds a NaN too, it is taken. Frameworks round F64 to 16 bits
    in two steps, through F32: where the child holds that result, it is taken.
    """
    held = child.view(_numpy(child_dtype))
    values = base.view(_numpy(dtype))
    if child_dtype in INTEGERS:
        return _clipped(values, dtype, child_dtype).view(np.uint8)
    if dtype == "BF16":
        values = _from_bfloat16(values)
    if dtype in INTEGERS and child_dtype != "F64":
        values = values.astype(np.float64)
    with np.errstate(all="ignore"):
        result = _to_float(values, child_dtype)
        if values.dtype == np.float64 and child_dtype in ("F16", "BF16"):
            twice = _to_float(values.astype(np.float32), child_dtype)
            result = np.where(twice == held, twice, result)
    unknown = np.isnan(values) if values.dtype.kind == "f" else None
    if unknown is not None and unknown.any():
        both = unknown & _is_nan(held, child_dtype)
        result = np.where(both, held, result)
    return result.view(np.uint8)


def _numpy(dtype: str) -> str:
    return NUMPY_DTYPES[dtype].replace("?", "u1")


def _clipped(values: np.ndarray, dtype: str, child_dtype: str) -> np.ndarray:
    low, high = _limits(child_dtype)
    base_low, base_high = _limits(dtype)
    kept = np.clip(values, max(low, base_low), min(high, base_high))
    return kept.astype(_numpy(child_dtype))


def _limits(dtype: str) -> tuple[int, int]:
    if dtype == "BOOL":
        return 0, 1
    limits = np.iinfo(_numpy(dtype))
    return int(limits.min), int(limits.max)


def _from_bfloat16(bits: np.ndarray) -> np.ndarray:
    return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)


def _to_float(values: np.ndarray, child_dtype: str) -> np.ndarray:
    if child_dtype != "BF16":
        return values.astype(_numpy(child_dtype))
    if values.dtype == np.float64:
        return _to_bfloat16(_rounded_to_odd(values))
    return _to_bfloat16(values.astype(np.float32))


def _to_bfloat16(values: np.ndarray) -> np.ndarray:
    bits = values.view(np.uint32)
    ties_to_even = ((bits >> np.uint32(16)) & np.uint32(1)) + np.uint32(0x7FFF)
    rounded_bits = ((bits + ties_to_even) >> np.uint32(16)).astype(np.uint16)
    return np.where(np.isnan(values), np.uint16(0x7FC0), rounded_bits)


def _rounded_to_odd(values: np.ndarray) -> np.ndarray:
    """Round F64 to F32 so that a second rounding to 16 bits is right (Boldo, 2008)."""
    nearest = values.astype(np.float32)
    bits = nearest.view(np.uint32)
    inexact = np.isfinite(values) & (nearest != values)
    bits = bits - (inexact & (np.abs(nearest) > np.abs(values))).astype(np.uint32)
    return (bits | inexact.astype(np.uint32)).view(np.float32)


def _is_nan(held: np.ndarray, dtype: str) -> np.ndarray:
    return np.isnan(_from_bfloat16(held) if dtype == "BF16" else held)
