"""A person's own results from a CSV file, laid out like the published tables.

What cannot be read is told by row, so that the good rows are usable at once.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from core.cache import now_utc
from core.errors import UsageError
from core.tables.csv_table import MISSING, plain
from core.tables.own_csv import own_lines, own_number
from core.tables.schema import column, tidy

TABLE = "own/results"
MAX_TEXT = 200
OFFERED = (
    "name", "accuracy", "acc@5", "params", "gmacs", "throughput", "image_size",
    "file_size_bytes", "family", "variant", "dataset", "pretraining", "licence",
)  # fmt: skip
# How people head such columns, as letters and digits.
USUAL = {
    "name": ("name", "model", "modelname", "architecture", "arch", "network"),
    "accuracy": (
        "accuracy",
        "acc",
        "acc@1",
        "acc1",
        "top1",
        "top@1",
        "top1acc",
        "score",
    ),
    "acc@5": ("acc@5", "acc5", "top5", "top@5", "top5acc"),
    "params": ("params", "parameters", "nparams", "numparams", "paramcount", "paramsm"),
    "gmacs": ("gmacs", "macs", "gmac"),
    "throughput": ("throughput", "imagess", "imgs", "samplespersec", "imagespersecond"),
    "image_size": ("imagesize", "imgsize", "resolution", "inputsize"),
    "file_size_bytes": ("filesizebytes", "filesize", "size", "bytes"),
    "family": ("family",),
    "variant": ("variant", "tag", "recipe"),
    "dataset": ("dataset",),
    "pretraining": ("pretraining", "pretrained", "pretrain"),
    "licence": ("licence", "license"),
}
MILLIONS = re.compile(r"[(\[]\s*m(illions?)?\s*[)\]]\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class OwnResults:
    """The rows that can be drawn, and what is wrong with the others.

    `errors` has a row a cell: row (a line of the file, the header is 1), column,
    value, reason. `percent` names the accuracies that were divided by 100.
    """

    models: pd.DataFrame
    errors: pd.DataFrame
    percent: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Field:
    """One column of the file that is read: its place, and by what it is multiplied."""

    name: str
    head: str
    place: int
    scale: float


@dataclass(frozen=True)
class _Fault:
    row: int
    column: str
    value: str
    reason: str


def read_header(content: bytes) -> list[str]:
    """Return the column names of a CSV file. Raises UsageError when it is none."""
    return own_lines(content)[0][1]


def propose_mapping(header: Sequence[str]) -> dict[str, str]:
    """Guess which column of a file is which of the schema: {schema's: file's}.

    >>> propose_mapping(["Model", "Top-1 (%)", "#Params (M)", "remarks"])
    {'name': 'Model', 'accuracy': 'Top-1 (%)', 'params': '#Params (M)'}
    """
    found: dict[str, str] = {}
    for name in OFFERED:
        heads = [head for head in header if head not in found.values()]
        fitting = [head for head in heads if _bare(head) in USUAL[name]]
        if fitting:
            found[name] = fitting[0]
    return found


def read_own_results(
    content: bytes, mapping: Mapping[str, str] | None = None
) -> OwnResults:
    """Read results by `mapping` ({schema's column: file's column}), guessed without.

    An accuracy above 1 makes its column percent; a head that ends in "(M)" makes its
    numbers millions; "25.6M" is read as such. Raises UsageError when the file is no
    CSV, too large, or lacks a name or an accuracy.

    >>> own = read_own_results(b"model,top1\\nmine,81.5\\n").models
    >>> own[["name", "accuracy"]].values
    array([['mine', 0.815]], dtype=object)
    """
    (_, header), *lines = own_lines(content)
    chosen = propose_mapping(header) if mapping is None else mapping
    fields = _fields(header, chosen)
    faults: list[_Fault] = []
    rows = [_row(number, cells, len(header), fields, faults) for number, cells in lines]
    kept = [row for row in rows if row is not None]
    percent = tuple(one.name for one in fields if _is_percent(one.name, kept))
    for row in kept:
        row |= {name: _divided(row[name]) for name in percent}
    possible = [row for row in kept if _is_possible(row, faults)]
    models = tidy(_completed(row, at) for at, row in enumerate(possible, start=1))
    told = [vars(fault) for fault in sorted(faults, key=lambda fault: fault.row)]
    errors = pd.DataFrame(told, columns=["row", "column", "value", "reason"])
    return OwnResults(models, errors, percent)


def _fields(header: Sequence[str], mapping: Mapping[str, str]) -> list[_Field]:
    for name in ("name", "accuracy"):
        if name not in mapping:
            happened = f"has no column for the {name}"
            raise UsageError("The file", happened, "say which column it is")
    fields = []
    for name, head in mapping.items():
        if name not in OFFERED:
            raise UsageError(f"Column {name!r}", "cannot be overlaid", "leave it out")
        if head not in header:
            remedy = f"choose one of {', '.join(header)[:300]}"
            raise UsageError(f"Column {head!r}", "is not in the file", remedy)
        scale = 1e6 if MILLIONS.search(head) else 1.0
        fields.append(_Field(name, head, header.index(head), scale))
    return fields


def _row(
    number: int,
    cells: Sequence[str],
    width: int,
    fields: Sequence[_Field],
    faults: list[_Fault],
) -> dict[str, object] | None:
    """Read one row; None, with its fault told, where it has no name or accuracy."""
    if len(cells) != width:
        reason = f"has {len(cells)} cells where the header has {width}"
        faults.append(_Fault(number, "", "", reason))
        return None
    row: dict[str, object] = {"line": number}
    for one in fields:
        cell = cells[one.place].strip()[:MAX_TEXT]
        if column(one.name).kind == "text":
            row[one.name] = cell
            continue
        value = own_number(cell)
        if value is None and cell.lower() not in MISSING:
            faults.append(_Fault(number, one.head, cell, "is no number"))
        row[one.name] = None if value is None else value * one.scale
    for name in ("name", "accuracy"):
        if row[name] in (None, ""):
            if not any(f.row == number for f in faults):
                faults.append(_Fault(number, name, "", "is missing"))
            return None
    return row


def _is_percent(name: str, rows: Sequence[Mapping[str, object]]) -> bool:
    if column(name).kind != "fraction":
        return False
    return any(row[name] is not None and row[name] > 1 for row in rows)


def _divided(value: object) -> float | None:
    return None if value is None else round(value / 100, 8)


def _is_possible(row: Mapping[str, object], faults: list[_Fault]) -> bool:
    """Whether the numbers can be what they say; a fault is told where they cannot."""
    for name, value in row.items():
        if name == "line" or value is None or isinstance(value, str):
            continue
        is_share = column(name).kind == "fraction"
        if value < 0 or (is_share and value > 1) or (not is_share and value == 0):
            reason = "is no share of 100 %" if is_share else "is not above zero"
            faults.append(_Fault(row["line"], name, f"{value:g}", reason))
            return False
    return True


def _completed(row: Mapping[str, object], at: int) -> dict[str, object]:
    dataset = row.get("dataset") or "own data"
    return {
        **row,
        "table": TABLE,
        "task": "Own results",
        "id": f"own/{at}",
        "weight": row["name"],
        "metric": "accuracy",
        "dataset": dataset,
        "family": row.get("family") or "Own results",
        "source": "own file",
        "fetched_at": now_utc(),
    }


def _bare(head: str) -> str:
    """Return a column's head without its unit, as letters and digits.

    >>> _bare("#Params (M)"), _bare("Top-1 (%)")
    ('params', 'top1')
    """
    return plain(re.sub(r"\(.*?\)|\[.*?\]", "", head))
