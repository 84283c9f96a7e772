"""A person's own training records from a CSV file: a row a model and task.

What cannot be read is told by row, so that the good rows are usable at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from core.errors import UsageError
from core.tables.csv_table import MISSING, plain
from core.tables.own_csv import own_lines, own_number
from core.transfer.records import MODEL_COLUMNS, TASK_COLUMNS, Records

KEYS = ("model", "task", "accuracy")
TEXTS = frozenset({"model", "task", "family", "domain", "labels"})
FRACTIONS = ("accuracy", "imagenet_accuracy")
OFFERED = (*KEYS, *MODEL_COLUMNS, *TASK_COLUMNS)
MAX_TEXT = 10_000
# How people head such columns, as letters and digits.
USUAL = {
    "model": ("model", "modelname", "architecture", "network", "backbone"),
    "task": ("task", "dataset", "datasetname", "targetdataset", "target"),
    "accuracy": ("accuracy", "acc", "acc@1", "top1", "testaccuracy", "score"),
    "family": ("family", "architecturefamily"),
    "params": ("params", "parameters", "numparams", "paramsm"),
    "gmacs": ("gmacs", "macs", "gflops", "flops"),
    "imagenet_accuracy": ("imagenetaccuracy", "imagenet", "imagenetacc", "in1k"),
    "domain": ("domain",),
    "classes": ("classes", "numclasses", "categories", "numberofclasses"),
    "samples": ("samples", "samplesize", "images", "size", "numsamples"),
    "samples_per_class": ("samplesperclass", "imagesperclass", "shots"),
    "labels": ("labels", "classnames"),
}


@dataclass(frozen=True, eq=False)
class OwnRecords:
    """The records that can be used, and what is wrong with the others.

    `rows` previews what was read (OFFERED); `errors` has a row a fault: row (a line of
    the file, the header is 1), column, value, reason. `percent` names the columns that
    were divided by 100.
    """

    records: Records
    rows: pd.DataFrame
    errors: pd.DataFrame
    percent: tuple[str, ...] = ()


def propose_columns(header: Sequence[str]) -> dict[str, str]:
    """Guess which column of a file is which of ours: {ours: file's}.

    >>> propose_columns(["Model", "Dataset", "Acc@1", "remarks"])
    {'model': 'Model', 'task': 'Dataset', 'accuracy': 'Acc@1'}
    """
    found: dict[str, str] = {}
    for name in OFFERED:
        fitting = [head for head in header if plain(head) in USUAL[name]]
        if fitting and fitting[0] not in found.values():
            found[name] = fitting[0]
    return found


def read_own_records(
    content: bytes, mapping: Mapping[str, str] | None = None
) -> OwnRecords:
    """Read records by `mapping` ({our column: file's column}), guessed without.

    An accuracy above 1 makes its column percent. Of a model and task given twice, and
    of descriptions that contradict each other, the first counts. Raises UsageError
    when the file is no CSV, too large, or lacks a model, a task or an accuracy.

    >>> own = read_own_records(b"model,dataset,acc\\nmine,pets,91.5\\n")
    >>> own.records.accuracy
           pets
    mine  0.915
    """
    (_, header), *lines = own_lines(content)
    chosen = propose_columns(header) if mapping is None else dict(mapping)
    _check_columns(header, chosen)
    faults: list[dict[str, object]] = []
    places = {name: header.index(head) for name, head in chosen.items()}
    read = [_row(number, cells, len(header), places, faults) for number, cells in lines]
    rows = pd.DataFrame(
        [row for row in read if row is not None], columns=["row", *OFFERED]
    ).astype(dict.fromkeys(set(OFFERED) - TEXTS, float))
    percent = tuple(name for name in FRACTIONS if (rows[name] > 1).any())
    rows[list(percent)] = (rows[list(percent)] / 100).round(8)
    rows = _once(_possible(rows, faults), faults)
    if rows.empty:
        happened = f"has no usable row: line {faults[0]['row']} {faults[0]['reason']}"
        raise UsageError("The file", happened, "mend it")
    records = Records(
        _matrix(rows),
        _described(rows, "model", MODEL_COLUMNS, faults),
        _described(rows, "task", TASK_COLUMNS, faults),
    )
    told = sorted(faults, key=lambda fault: fault["row"])
    errors = pd.DataFrame(told, columns=["row", "column", "value", "reason"])
    return OwnRecords(records, rows.reset_index(drop=True), errors, percent)


def join_records(known: Records, own: Records) -> Records:
    """Return both; where both have a cell or describe a model or task, `own` counts."""
    return Records(
        own.accuracy.combine_first(known.accuracy).reindex(
            index=known.models.index.union(own.models.index, sort=False),
            columns=known.tasks.index.union(own.tasks.index, sort=False),
        ),
        _joined(known.models, own.models),
        _joined(known.tasks, own.tasks),
        known.mended,
    )


def _check_columns(header: Sequence[str], chosen: Mapping[str, str]) -> None:
    for name in KEYS:
        if name not in chosen:
            happened = f"has no column for the {name}"
            raise UsageError("The file", happened, "say which column it is")
    for name, head in chosen.items():
        if name not in OFFERED:
            raise UsageError(f"Column {name!r}", "cannot be read", "leave it out")
        if head not in header:
            remedy = f"choose one of {', '.join(header)[:300]}"
            raise UsageError(f"Column {head!r}", "is not in the file", remedy)


def _row(
    number: int, cells: Sequence[str], width: int, places: Mapping[str, int],
    faults: list,
) -> dict[str, object] | None:  # fmt: skip
    """Read one row; None, with its fault told, where it lacks a key."""
    if len(cells) != width:
        reason = f"has {len(cells)} cells where the header has {width}"
        _tell(faults, number, "", "", reason)
        return None
    row: dict[str, object] = {"row": number}
    for name, place in places.items():
        cell = cells[place].strip()[:MAX_TEXT]
        if name in TEXTS:
            row[name] = cell or None
            continue
        row[name] = own_number(cell)
        if row[name] is None and cell.lower() not in MISSING:
            _tell(faults, number, name, cell, "is no number")
    for name in KEYS:
        if row[name] is None:
            if not (faults and faults[-1]["row"] == number):
                _tell(faults, number, name, "", "is missing")
            return None
    return row


def _possible(rows: pd.DataFrame, faults: list) -> pd.DataFrame:
    """Leave out rows whose numbers cannot be what they say."""
    wrong = pd.Series(False, index=rows.index)
    for name in set(OFFERED) - TEXTS:
        values = rows[name]
        is_share = name in FRACTIONS
        bad = (values < 0) | (values > 1) if is_share else values <= 0
        reason = "is no share of 100 %" if is_share else "is not above zero"
        for row in rows[bad].itertuples():
            _tell(faults, row.row, name, f"{getattr(row, name):g}", reason)
        wrong |= bad
    return rows[~wrong]


def _once(rows: pd.DataFrame, faults: list) -> pd.DataFrame:
    again = rows.duplicated(["model", "task"])
    for row in rows[again].itertuples():
        _tell(faults, row.row, "task", row.task, f"is there twice for {row.model}")
    return rows[~again]


def _matrix(rows: pd.DataFrame) -> pd.DataFrame:
    wide = rows.pivot(index="model", columns="task", values="accuracy")
    return wide.loc[rows["model"].unique(), rows["task"].unique()].rename_axis(
        index=None, columns=None
    )


def _described(
    rows: pd.DataFrame, key: str, columns: Sequence[str], faults: list
) -> pd.DataFrame:
    """Return what the first row that says it says of each model or task."""
    first = rows.groupby(key, sort=False)[list(columns)].first()
    for name in columns:
        said = rows[name].notna()
        differs = said & (rows[name] != rows[key].map(first[name]))
        for row in rows[differs].itertuples():
            reason = f"differs from an earlier line on {getattr(row, key)}"
            _tell(faults, row.row, name, str(getattr(row, name))[:80], reason)
    texts = {name: "str" for name in columns if name in TEXTS}
    return first.astype(texts).rename_axis(None)


def _joined(known: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    names = known.index.union(own.index, sort=False)
    joined = own.combine_first(known).reindex(names)
    return joined[list(known.columns)].astype(known.dtypes)


def _tell(faults: list, row: int, column: str, value: str, reason: str) -> None:
    faults.append(
        {"row": row, "column": column, "value": value[:200], "reason": reason}
    )
