"""What a family takes on disk: as published, with equal files stored once, and with
equal tensors stored once, as a content-addressed store would. Reads no files.

Weights alone are counted, not headers. Equal tensors are those of one content under one
name (`core.derived.contents`); what is only sampled or unknown makes a range.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from core.derived.comparisons import Result
from core.derived.contents import held_tensors, size_bytes
from core.derived.frames import tensor_rows

SIZES = ("published", "files_once", "least", "most")
CERTAIN = ("sha256", "bytes", "crc32")
BASE_COLUMNS = ("base_name", "base_dtype", "base_shape", "block", "order")


@dataclass(frozen=True)
class Storage:
    """Bytes of a base and its compared children.

    `blocks` has a row a block in forward order, with the columns SIZES: as published,
    with equal files stored once (what the Hub does), and with equal tensors stored
    once, at `least` and at `most`. `proofs` tells by what the bytes that are shared
    with the base or a sibling are known to be: proof, bytes. `unsized` tensors have a
    dtype without a fixed size and are not counted. `knows_files` says whether the files
    are named by their SHA-256, as those of the Hub are.
    """

    base: str
    models: int
    blocks: pd.DataFrame
    proofs: pd.DataFrame
    unsized: int = 0
    knows_files: bool = False

    @property
    def total(self) -> pd.Series:
        """The sums of all blocks, by SIZES."""
        return self.blocks[list(SIZES)].sum()


def storage(base: str, results: Sequence[Result]) -> Storage:
    """Count what the compared children of a base take, and the base itself, once.

    At least: whatever may be equal is stored once: tensors that agree in all samples,
    and of those that nothing is known of one for each name, shape and dtype. At most:
    only what is known to be equal by digest, checksum or bytes is stored once, and what
    equals the base only as far as probed is stored again.
    """
    held = held_tensors(results)
    unsized = held["size_bytes"].isna()
    held = held[~unsized].assign(size_bytes=held["size_bytes"].astype("float"))
    is_first = _first_of_its_file(held, results)
    base_rows = _base_rows(results)
    held["least"] = held["size_bytes"].where(_is_new(held, _merged(held), is_first), 0)
    held["most"] = held["size_bytes"].where(_is_new(held, _apart(held), is_first), 0)
    held["files_once"] = held["size_bytes"].where(is_first, 0)
    held["published"] = held["size_bytes"]
    columns = ["block", "order", *SIZES]
    every = pd.concat([base_rows[columns], held[columns]], ignore_index=True)
    blocks = every.groupby("block", sort=False, observed=True).agg(
        {"order": "min"} | dict.fromkeys(SIZES, "sum")
    )
    blocks = blocks.sort_values("order", kind="stable").drop(columns="order")
    shared = held[held["least"] == 0]
    proofs = shared.groupby("proof")["size_bytes"].sum().rename("bytes")
    return Storage(
        base,
        held["model"].nunique(),
        blocks.reset_index().astype(dict.fromkeys(SIZES, "int64")),
        proofs.reset_index().astype({"bytes": "int64"}),
        int(unsized.sum()),
        any((result.summary or {}).get("weights") for result in results),
    )


def _first_of_its_file(held: pd.DataFrame, results: Sequence[Result]) -> pd.Series:
    """Whether a row's model is the first with its weight files; the base's are taken.

    Where nobody named the files by their SHA-256, no two are the same.
    """
    seen, first = set(), {}
    for result in results:
        facts = result.summary or {}
        weights = facts.get("weights")
        taken = weights is not None and weights in (seen | {facts.get("base_weights")})
        first[result.id] = not taken
        seen.add(weights)
    return held["model"].astype(object).map(first).astype(bool)


def _base_rows(results: Sequence[Result]) -> pd.DataFrame:
    """Return every tensor of the base once, as one more publication of its block."""
    compared = [result for result in results if result.status == "ok"]
    rows = tensor_rows(compared, BASE_COLUMNS)
    rows = rows[rows["base_name"].notna()].drop_duplicates("base_name")
    elements = rows["base_shape"].astype(object).map(_elements)
    sizes = size_bytes(elements.astype("Int64"), rows["base_dtype"])
    sizes = sizes.fillna(0).astype(float)
    return rows[["block", "order"]].assign(**dict.fromkeys(SIZES, sizes))


def _elements(shape: str) -> int:
    """Count the elements of a shape as it is kept.

    >>> _elements("64x3"), _elements("")
    (192, 1)
    """
    count = 1
    for size in shape.split("x") if shape else ():
        count *= int(size)
    return count


def _is_new(held: pd.DataFrame, name: pd.Series, is_first: pd.Series) -> pd.Series:
    """Whether a row is the first of its name, "" being the base's, among the files that
    are stored at all.
    """
    again = pd.Series(False, index=held.index)
    stored = name[is_first]
    again[is_first] = stored.duplicated() | (stored == "")
    return is_first & ~again


def _merged(held: pd.DataFrame) -> pd.Series:
    """Name contents so that all that may be equal is."""
    content = held["content"].astype(str)
    unknown = held["key"].astype(object) + " " + held["size_bytes"].astype(str)
    return _with_base(held, content.where(held["proof"] != "unknown", unknown))


def _apart(held: pd.DataFrame) -> pd.Series:
    """Name contents so that only what is certainly equal is."""
    place = pd.Series(held.index.astype(str), held.index)
    named = (
        held["content"].astype(str).where(held["proof"].isin(CERTAIN), "row " + place)
    )
    return _with_base(held, named, CERTAIN)


def _with_base(
    held: pd.DataFrame, name: pd.Series, proofs: Sequence[str] = (*CERTAIN, "probe")
) -> pd.Series:
    is_base = (held["verdict"] == "equal") & ~held["is_cast"]
    return name.mask(is_base & held["proof"].isin(proofs), "")
