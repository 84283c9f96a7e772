"""All results of one base in one file, so that a page need not open a thousand. The
files of the children are the truth: what changed since is read from them.
"""

import json
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core.cache import whole_file
from core.derived.comparisons import (
    COLUMNS,
    SCHEMA,
    SUMMARY_KEY,
    TEXTS,
    Result,
    read_result,
)
from core.errors import CacheError

FEWEST = 16
"""Up to so many files outside of the fold are read one by one."""

Stamp = tuple[int, int]

log = logging.getLogger("pedigree.derived")


def stored_results(
    folder: Path, *, keep: bool = True
) -> dict[str, Result | CacheError]:
    """Return every result under a folder by the name of its file.

    A file of a newer schema is the error that says so; a damaged one is left out. With
    `keep` the fold is written again when many files are newer.
    """
    stamps = _stamps(folder)
    folded = _unfold(_path(folder), stamps)
    fresh = {name: _read(folder / name) for name in stamps.keys() - folded.keys()}
    found = folded | {name: result for name, result in fresh.items() if result}
    if keep and len(fresh) > FEWEST:
        fold(folder, found, stamps)
        found |= _unfold(_path(folder), stamps)  # one table holds less than many
    return found


def fold(
    folder: Path,
    found: Mapping[str, Result | CacheError],
    stamps: Mapping[str, Stamp] | None = None,
) -> None:
    """Write the fold of `found`; where the disk refuses, there is none."""
    stamps = stamps or _stamps(folder)
    kept = {n: r for n, r in found.items() if isinstance(r, Result) and n in stamps}
    rows = [_words(n, r, stamps[n]) for n, r in kept.items()]
    parts = [r.tensors for r in kept.values() if r.tensors is not None]
    table = pa.concat_tables(parts or [COLUMNS.empty_table()]).unify_dictionaries()
    words = json.dumps({"schema": SCHEMA, "children": rows}).encode()
    table = table.replace_schema_metadata({SUMMARY_KEY: words})
    try:
        with whole_file(_path(folder)) as temporary:
            pq.write_table(
                table.combine_chunks(), temporary, compression="zstd",
                use_dictionary=list(TEXTS), row_group_size=1 << 24,
            )  # fmt: skip
    except CacheError as error:
        log.warning("%s", error)


def _unfold(path: Path, stamps: Mapping[str, Stamp]) -> dict[str, Result | CacheError]:
    """Return the folded results whose own files are still the same."""
    try:
        with pq.ParquetFile(path) as file:
            table = file.read()
        document = json.loads(table.schema.metadata[SUMMARY_KEY])
        if document["schema"] != SCHEMA:
            return {}
        table = table.replace_schema_metadata(None)
        return dict(_children(table, document["children"], stamps))
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError):
        return {}


def _children(
    table: pa.Table, rows: Iterable[dict], stamps: Mapping[str, Stamp]
) -> Iterable[tuple[str, Result]]:
    start = 0
    for row in rows:
        name, stamp, count = row.pop("file"), row.pop("stamp"), row.pop("rows")
        if stamps.get(name) == tuple(stamp):
            tensors = None if count is None else table.slice(start, count)
            yield name, replace(Result(**row), tensors=tensors)
        start += count or 0


def _words(name: str, result: Result, stamp: Stamp) -> dict[str, object]:
    names = [field.name for field in fields(Result) if field.name != "tensors"]
    count = None if result.tensors is None else len(result.tensors)
    words = {each: getattr(result, each) for each in names}
    return {**words, "file": name, "stamp": stamp, "rows": count}


def _stamps(folder: Path) -> dict[str, Stamp]:
    """Tell by time of change and size which files are still those of the fold."""
    try:
        with os.scandir(folder) as entries:
            files = [e for e in entries if e.name.endswith(".parquet")]
            return {e.name: _stamp(e) for e in files if e.is_file()}
    except (FileNotFoundError, NotADirectoryError):
        return {}


def _stamp(entry: os.DirEntry) -> Stamp:
    status = entry.stat()
    return status.st_mtime_ns, status.st_size


def _read(path: Path) -> Result | CacheError | None:
    try:
        return read_result(path)
    except CacheError as error:
        return error


def _path(folder: Path) -> Path:
    return folder.with_name(folder.name + ".folded.parquet")
