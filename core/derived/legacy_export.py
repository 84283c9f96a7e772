"""Write a family as the published study wrote its own: a comparison file a child, and
the two reports. Judges nothing; see `core.derived.legacy` for the formats.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.cache import write_bytes
from core.derived.comparisons import Result
from core.derived.family import Family
from core.derived.legacy import MOMENT, dashed
from core.derived.legacy_report import report_text, short_report_text
from core.derived.legacy_rows import DIFFERENT, VERDICTS

LEVELS = {verdict: level for level, verdict in VERDICTS.items()}


@dataclass(frozen=True)
class LegacyExport:
    """The files written, and the children that could not be: they failed, or another
    child has the same name once its slash is a dash.
    """

    files: tuple[Path, ...]
    left_out: tuple[str, ...]


def write_legacy(family: Family, folder: Path) -> LegacyExport:
    """Write every compared child and both reports; return the files.

    As in the study, base and child are exchanged inside a row, and a tensor is named
    as the base does. Equal after rounding counts as identical. What one side alone has
    is DIFFERENT with an empty name, what is unknown DIFFERENT under its own; a tied
    copy that is left out is not written. A local base is named without its path. The
    file names have colons, as the study's do.
    Raises CacheError when the disk refuses (Windows does, for a colon).
    """
    names: dict[str, tuple[Path, list[str]]] = {}
    left_out = []
    base = family.base_name
    for result in family.results:
        child = dashed(result.id)
        if result.tensors is None or child in names:
            left_out.append(result.id)
            continue
        rows = list(_rows(result))
        path = folder / f"{_moment(result)};compare;{dashed(base)};{child}.txt"
        head = f"comparing: base base_model_id: {_in_line(base)} with derived "
        head += f"derived_model_id: {_in_line(result.id)}"
        lines = [head, *map(json.dumps, rows)]
        write_bytes(path, "".join(f"{line}\n" for line in lines).encode())
        names[child] = path, [row["comp-level"] for row in rows]
    reports = _write_reports(dashed(base), names, folder)
    return LegacyExport((*(path for path, _ in names.values()), *reports),
                        tuple(left_out))  # fmt: skip


def _write_reports(
    base: str, names: Mapping[str, tuple[Path, list[str]]], folder: Path
) -> tuple[Path, Path]:
    full = folder / f"compare-{base};.json"
    short = folder / f"SHORT-compare-{base};.json"
    write_bytes(full, report_text(names).encode())
    write_bytes(short, short_report_text(names).encode())
    return full, short


def _in_line(id: str) -> str:
    return re.sub(r"[\x00-\x1f\x85\u2028\u2029]", "-", id)


def _moment(result: Result) -> str:
    return datetime.fromisoformat(result.compared_at).strftime(MOMENT)


def _rows(result: Result) -> Iterator[dict[str, object]]:
    columns = ["name", "base_name", "shape", "base_shape", "verdict", "is_tied"]
    for row in result.tensors.select(columns).to_pylist():
        if not row["is_tied"]:
            yield _row(row)


def _row(row: Mapping[str, object]) -> dict[str, object]:
    """Write one tensor, the child under the key of the base and the reverse."""
    common = row["base_name"] or row["name"]
    is_added, is_removed = row["base_name"] is None, row["name"] is None
    return {
        "base-name": "" if is_removed else common,
        "derived-name": "" if is_added else common,
        "base-weight-shape": [] if is_removed else _sizes(row["shape"]),
        "derived-weight-shape": [] if is_added else _sizes(row["base_shape"]),
        "comp-level": LEVELS.get(row["verdict"], DIFFERENT),
    }


def _sizes(shape: str) -> list[int]:
    return [int(size) for size in shape.split("x")] if shape else []
