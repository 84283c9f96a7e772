"""Keep finished comparisons: one Parquet file a child, written whole, that says what
was compared with what. Compares nothing itself.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from core.cache import now_utc, safe_name, whole_file
from core.derived.verdict import SKETCH, Comparison, Imprint, TensorVerdict
from core.errors import CacheError, CheckpointError, JobCancelled, PedigreeError
from core.weights.metrics import Metrics

Status = Literal["ok", "failed", "skipped"]
Stage = Literal["list", "card", "open", "compare", "store"]

RULES = 1
"""Raised when verdicts or kinds are decided otherwise, so that children are compared
again.
"""

SCHEMA = 3
"""Raised when the columns change; an older file is read, a newer one is refused."""

SUMMARY_KEY = b"pedigree"
TEXTS = (
    "name", "base_name", "block", "component", "verdict", "evidence", "dtype",
    "base_dtype", "shape", "base_shape",
)  # fmt: skip
FACTS = (
    "is_parameter", "is_head", "is_norm", "is_bias", "is_embedding", "is_statistic",
    "is_unreached", "is_frozen_by_architecture",
)  # fmt: skip
WHOLE = ("sign_flips", "nonfinite_base", "nonfinite_child")
METRICS = Metrics._fields

FEW = pa.dictionary(pa.int32(), pa.string())
COLUMNS = pa.schema(
    [(name, FEW) for name in TEXTS]
    + [("order", pa.int32()), ("number", pa.int32()), ("elements", pa.int64())]
    + [(name, pa.bool_()) for name in (*FACTS, "is_tied")]
    + [(name, pa.int64() if name in WHOLE else pa.float64()) for name in METRICS]
    + [("missed", pa.float64())]
    + [("digest", pa.binary(16)), ("crc32", pa.int64())]
    + [("sample", pa.binary(8)), ("sketch", pa.binary(4 * SKETCH))]
)
"""One row a tensor. `shape` is text such as 64x3x7x7, "" for a scalar. The last four
are the imprint of a tensor that differs (`core.derived.verdict.Imprint`).
"""

IMPRINTS = tuple(field.name for field in fields(Imprint))
TOLD = tuple(name for name in COLUMNS.names if name not in IMPRINTS)
"""The columns that say something to people."""

log = logging.getLogger("pedigree.derived")


@dataclass(frozen=True)
class Result:
    """What came of one child: a comparison, or a failure that says where and why.

    `summary` holds the facts of the whole comparison (kind, flags, counts ...) and
    `tensors` its verdicts, as in COLUMNS; both are None unless the status is "ok".
    `signature` stands for what was compared: another one asks for a new comparison.
    """

    id: str
    status: Status
    signature: str
    compared_at: str
    stage: Stage | None = None
    reason: str | None = None
    message: str | None = None
    summary: Mapping[str, object] | None = None
    tensors: pa.Table | None = None


def succeeded(
    child: str, comparison: Comparison, signature: str, size_bytes: int | None = None
) -> Result:
    """Return a comparison as it is kept; `size_bytes` is that of the child's files."""
    summary = {
        "kind": comparison.kind,
        "frozen_blocks": comparison.frozen_blocks,
        "runs": comparison.runs,
        "sentence": comparison.sentence,
        "bytes_read": comparison.bytes_read,
        "size_bytes": size_bytes,
        "flags": asdict(comparison.flags),
        "counts": asdict(comparison.counts),
    }
    rows = [
        _row(tensor, comparison.imprints.get(tensor.name, Imprint()))
        for tensor in comparison.tensors
    ]
    tensors = pa.Table.from_pylist(rows, COLUMNS)
    return Result(child, "ok", signature, now_utc(), summary=summary, tensors=tensors)


def failed(child: str, stage: Stage, error: PedigreeError, signature: str) -> Result:
    """Return a failure as it is kept: stage, reason, and the error's sentence."""
    return Result(
        child, "failed", signature, now_utc(), stage, error.reason, str(error)
    )


def failure(child: str, error: Exception, signature: str) -> Result:
    """Return an error as a row; a job that was stopped is none.

    Our own mistakes are logged: the batch goes on, and the next run tries again.
    """
    if isinstance(error, JobCancelled):
        raise error
    if isinstance(error, PedigreeError):
        return failed(child, "compare", error, signature)
    log.error("comparing %s failed", child, exc_info=error)
    happened = f"cannot be compared ({type(error).__name__}: {error})"
    named = CheckpointError(child, happened, "report it with the log")
    return failed(child, "compare", named, signature)


def skipped(child: str, reason: Literal["limit", "cancelled"]) -> Result:
    """Return the row of a child that was not looked at; it is never stored."""
    return Result(child, "skipped", "", now_utc(), reason=reason)


def write_result(path: Path, result: Result) -> None:
    """Write `result` to `path`, whole or not at all. Raises CacheError."""
    tensors = result.tensors if result.tensors is not None else COLUMNS.empty_table()
    words = {"schema": SCHEMA, **_words(result)}
    kept = tensors.replace_schema_metadata({SUMMARY_KEY: json.dumps(words).encode()})
    with whole_file(path) as temporary:
        pq.write_table(
            kept, temporary, compression="zstd", use_dictionary=list(TEXTS),
            write_statistics=False,
        )  # fmt: skip


def keep(folder: Path, result: Result) -> Result:
    """Write a result; one that the disk refuses is a failure until the next run."""
    try:
        write_result(folder / file_name(result.id), result)
    except CacheError as error:
        return failed(result.id, "store", error, "")
    return result


def file_name(child: str) -> str:
    """Return the name of the file that keeps a child's result."""
    return f"{safe_name(child)}.parquet"


def read_result(path: Path) -> Result | None:
    """Read a stored result; None where there is none or the file is damaged.

    Columns that an older schema lacked are null. Raises CacheError for a newer schema,
    whose file is left as it is.
    """
    try:
        with pq.ParquetFile(path) as file:
            table = file.read(use_threads=False)  # small: threads cost more than bytes
        words = json.loads(table.schema.metadata[SUMMARY_KEY])
        schema = words.pop("schema")
        if schema > SCHEMA:
            raise _too_new(path, schema)
        result = Result(**words)
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError):
        return None
    return replace(result, tensors=_complete(table) if result.summary else None)


def kept_imprints(result: Result) -> dict[str, Imprint]:
    """Return what a result kept of tensors that differ, by the child's names."""
    rows = result.tensors.select(["name", *IMPRINTS]).to_pylist()
    taken = {row.pop("name"): Imprint(**row) for row in rows}
    return {name: found for name, found in taken.items() if found != Imprint()}


def _row(tensor: TensorVerdict, imprint: Imprint) -> dict[str, object]:
    facts = {name: getattr(tensor.role, name) for name in FACTS}
    elements = 1
    for size in tensor.shape:
        elements *= size
    return {
        "name": tensor.name,
        "base_name": tensor.base_name,
        "block": tensor.role.block,
        "component": tensor.role.component,
        "verdict": tensor.verdict,
        "evidence": tensor.evidence,
        "dtype": tensor.dtype,
        "base_dtype": tensor.base_dtype,
        "shape": _shape(tensor.shape),
        "base_shape": _shape(tensor.base_shape),
        "order": tensor.role.order,
        "number": tensor.role.number,
        "elements": elements,
        "is_tied": tensor.is_tied,
        "missed": tensor.missed,
        **facts,
        **(tensor.metrics._asdict() if tensor.metrics else {}),
        **asdict(imprint),
    }


def _shape(shape: tuple[int, ...] | None) -> str | None:
    return None if shape is None else "x".join(map(str, shape))


def _words(result: Result) -> dict[str, object]:
    names = [field.name for field in fields(Result) if field.name != "tensors"]
    return {name: getattr(result, name) for name in names}


def _complete(table: pa.Table) -> pa.Table:
    for column in COLUMNS:
        if column.name not in table.column_names:
            table = table.append_column(column, pa.nulls(len(table), column.type))
    return table.select(COLUMNS.names).replace_schema_metadata(None)


def _too_new(path: Path, schema: int) -> CacheError:
    happened = f"was written by a newer Pedigree (schema {schema}, known {SCHEMA})"
    return CacheError(path, happened, "update Pedigree, or delete the file")
