"""Which child holds which content: every tensor of a family under a name for its bytes,
with what that name rests on. Reads no files.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.derived.comparisons import IMPRINTS, Result
from core.derived.frames import tensor_rows
from core.derived.probes import MISS_CHANCE
from core.weights.entry import DTYPE_BITS

COLUMNS = (
    "name", "base_name", "block", "order", "verdict", "evidence", "dtype", "shape",
    "base_dtype", "base_shape", "elements", "is_parameter", "is_head", "is_tied",
    "missed", *IMPRINTS,
)  # fmt: skip

SAMPLED = 1024
"""The fewest elements that are sampled of a tensor that is not read whole."""

SAMPLE_MISSES = 1 - MISS_CHANCE ** (1 / SAMPLED)
"""The share of a tensor in which two equal samples may differ, as `missed_share`."""

PROOFS = ("sha256", "bytes", "crc32", "probe", "unknown")
"""What a content's name rests on, the strongest first."""


def held_tensors(results: Sequence[Result]) -> pd.DataFrame:
    """Return one row a compared child and tensor that it holds.

    `key` is the base's name for it, or the child's own with its shape. `content` is a
    number, equal for equal contents; one that is unknown has a number of its own.
    `is_cast` says that it is not in the base's dtype.
    `proof` says what the number rests on: "probe" is a sample, of which a difference in
    `missed` of the elements may escape. `size_bytes` is missing for a dtype that has no
    fixed size.
    """
    rows = tensor_rows([r for r in results if r.status == "ok"], COLUMNS)
    rows = rows[rows["name"].notna() & ~rows["is_tied"].astype(bool)]
    rows = rows.reset_index(drop=True)
    names, proofs = _names(rows)
    is_equal = (rows["verdict"] == "equal").to_numpy()
    held = rows[["model", "block", "order", "verdict", "is_parameter", "is_head"]]
    return held.assign(
        key=_keys(rows),
        is_cast=rows["dtype"].astype(object) != rows["base_dtype"].astype(object),
        content=pd.factorize(names)[0],
        proof=proofs,
        missed=np.where(
            proofs == "probe",
            np.where(is_equal, rows["missed"].astype(float), SAMPLE_MISSES),
            0.0,
        ),
        elements=rows["elements"].astype(np.int64),
        size_bytes=size_bytes(rows["elements"], rows["dtype"]),
        sketch=rows["sketch"],
    )


def size_bytes(elements: pd.Series, dtype: pd.Series) -> pd.Series:
    """Return how many bytes tensors take; missing where the dtype has no fixed size.

    >>> size_bytes(pd.Series([3, 3]), pd.Series(["F16", "Q4_K"])).tolist()
    [6, <NA>]
    """
    bits = dtype.astype(object).map(DTYPE_BITS).astype("Int64")
    return (elements.astype("Int64") * bits + 7) // 8


def _keys(rows: pd.DataFrame) -> pd.Series:
    base, own = rows["base_name"].astype(object), rows["name"].astype(object)
    shared = base.notna() & rows["verdict"].isin(["equal", "changed"])
    return base.where(shared, own + " " + rows["shape"].astype(object))


def _names(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Name every content by the best that is known of it."""
    verdict = rows["verdict"].to_numpy(object)
    told = rows["evidence"].to_numpy(object)
    dtype = rows["dtype"].to_numpy(object)
    base = rows["base_name"].to_numpy(object)
    digest, sample = rows["digest"].to_numpy(object), rows["sample"].to_numpy(object)
    crc32, shape = rows["crc32"].to_numpy(object), rows["shape"].to_numpy(object)
    names, proofs = np.empty(len(rows), object), np.empty(len(rows), object)
    for at in range(len(rows)):
        if verdict[at] == "equal":
            names[at], proofs[at] = ("base", base[at], dtype[at]), told[at]
        elif digest[at] is not None:
            names[at], proofs[at] = ("bytes", digest[at]), "bytes"
        elif sample[at] is not None:
            names[at], proofs[at] = ("probe", sample[at]), "probe"
        elif not pd.isna(crc32[at]):
            names[at], proofs[at] = ("crc32", crc32[at], dtype[at], shape[at]), "crc32"
        else:
            names[at], proofs[at] = ("unknown", at), "unknown"
    return names, proofs
