"""The survey's files as frames, every entry held against its declaration. A mistake is
one sentence that names the file, the entry and what is wrong with it.
"""

import csv
import io
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from core.errors import UsageError
from core.zero_shot.schema import ORIGIN, OWNERS, TABLES, Field, Table

Row = dict[str, object]
DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?")
MOST_BYTES = 4 * 2**20
YES = {"yes": True, "no": False, "": False}


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Read every table of `folder`.

    Missing text is "", a missing list (), a missing number NaN. Raises UsageError for
    an entry that its declaration forbids, or that names another that is not there.
    """
    found = {name: _read(folder, table) for name, table in TABLES.items()}
    for name, table in TABLES.items():
        _check_references(folder / table.file, table, found[name], found)
    return {
        name: pd.DataFrame(rows, columns=[field.name for field in TABLES[name].fields])
        for name, rows in found.items()
    }


def read_origin(folder: Path) -> dict[str, object]:
    """Read where the survey is from; UsageError where a field of ORIGIN is missing."""
    file = folder / "survey.toml"
    document = _document(file)
    entry = document.get("survey")
    if document.keys() != {"survey"} or not isinstance(entry, dict):
        raise UsageError(file.name, "is not one [survey]", "restore it")
    return _row(entry, {field.name: field for field in ORIGIN}, file.name)


def _read(folder: Path, table: Table) -> list[Row]:
    file = folder / table.file
    entries = _csv(file) if file.suffix == ".csv" else _toml(file, table.noun)
    fields = {field.name: field for field in table.fields}
    rows = [
        _row(entry, fields, f"{table.file}, {table.noun or 'row'} {place},")
        for place, entry in enumerate(entries, start=1)
    ]
    keys = [row[table.key] for row in rows] if table.key else []
    for key in keys:
        if keys.count(key) > 1:
            raise UsageError(
                f"{table.file}", f"has {str(key)[:60]!r} twice", "keep one of them"
            )
    return rows


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(file.name, "cannot be read", "restore it") from error
    if len(content) > MOST_BYTES:
        raise UsageError(file.name, "has more than 4 MiB", "keep facts only")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise UsageError(file.name, "is not UTF-8", "save it as UTF-8") from error


def _document(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(_text(file))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        happened = f"is no TOML: {str(error).rstrip('.')}"
        raise UsageError(file.name, happened, "mend that line") from error


def _toml(file: Path, noun: str) -> list[Mapping[str, object]]:
    document = _document(file)
    strays = sorted(document.keys() - {noun})
    entries = document.get(noun, [])
    if strays or not isinstance(entries, list):
        happened = f"holds {', '.join(strays) or 'one entry'} outside [[{noun}]]"
        raise UsageError(file.name, happened, f"write entries as [[{noun}]]")
    return entries


def _csv(file: Path) -> list[Mapping[str, object]]:
    try:
        rows = list(csv.DictReader(io.StringIO(_text(file)), strict=True))
    except csv.Error as error:
        happened = f"is no CSV ({error})"
        raise UsageError(file.name, happened, "mend that line") from error
    for place, row in enumerate(rows, start=1):
        if None in row or None in row.values():
            where = f"{file.name}, row {place},"
            raise UsageError(where, "has too few or too many cells", "mend that line")
    return rows


def _row(entry: Mapping[str, object], fields: Mapping[str, Field], where: str) -> Row:
    strays = sorted(entry.keys() - fields.keys())
    if strays:
        known = ", ".join(fields)
        raise UsageError(
            where, f"has a field {strays[0][:60]!r}", f"use one of {known}"
        )
    return {name: _value(entry.get(name), fields[name], where) for name in fields}


def _value(value: object, field: Field, where: str) -> object:
    """Check one value and give it its type; what is missing gets the kind's nothing."""
    is_missing = value is None or value == "" or value == []
    if is_missing and field.required:
        raise UsageError(where, f"lacks {field.name}", "state it")
    try:
        typed = _typed(value, is_missing, field)
    except (TypeError, ValueError) as error:
        happened = f"has {field.name} = {str(value)[:60]!r}, which is no {field.kind}"
        raise UsageError(where, happened, "write it as the others are") from error
    for one in typed if isinstance(typed, tuple) else (typed,):
        if field.choices and not is_missing and one not in field.choices:
            known = ", ".join(field.choices)
            happened = f"has {field.name} = {str(one)[:60]!r}"
            raise UsageError(where, happened, f"use one of {known}")
    return typed


def _typed(value: object, is_missing: bool, field: Field) -> object:
    if field.kind == "texts":
        return () if is_missing else _texts(value)
    if field.kind == "flag":
        return _flag("" if is_missing else value)
    if field.kind in ("text", "day"):
        return "" if is_missing else _words(value, field)
    return float("nan") if is_missing else _number(value, field)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError(value)
    return tuple(value)


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value not in YES:
        raise ValueError(value)
    return YES[value]


def _words(value: object, field: Field) -> str:
    if not isinstance(value, str) or any(not one.isprintable() for one in value):
        raise TypeError(value)
    if field.kind == "day" and not DAY.fullmatch(value):
        raise ValueError(value)
    return value


def _number(value: object, field: Field) -> float:
    if isinstance(value, bool):
        raise TypeError(value)
    number = float(value)
    most = 1.0 if field.kind == "fraction" else float("inf")
    if not 0 <= number <= most or number == float("inf"):
        raise ValueError(value)
    if field.kind == "count" and not number.is_integer():
        raise ValueError(value)
    return number


def _check_references(
    file: Path, table: Table, rows: Sequence[Row], found: Mapping[str, Sequence[Row]]
) -> None:
    for field in table.fields:
        if field.refers:
            known = {row[TABLES[to].key] for to in field.refers for row in found[to]}
            _check_known(file, field, rows, known)
    for row in rows if table.owner else ():
        _check_owner(file, str(row[table.owner]), found)


def _check_known(file: Path, field: Field, rows: Sequence[Row], known: set) -> None:
    files = " or ".join(TABLES[to].file for to in field.refers)
    for place, row in enumerate(rows, start=1):
        values = row[field.name]
        for value in values if isinstance(values, tuple) else (values,):
            if value != "" and value not in known:
                where = f"{file.name}, entry {place},"
                named = f"the {field.name} {str(value)[:60]!r}"
                happened = f"names {named}, which is not in {files}"
                raise UsageError(where, happened, "add it there, or mend the name")


def _check_owner(file: Path, owner: str, found: Mapping[str, Sequence[Row]]) -> None:
    kind, _, name = owner.partition(":")
    if owner == "overview":
        return
    if kind == "link":
        known = {row["url"] for row in found["links"]}
    else:
        table = OWNERS.get(kind)
        known = {row["id"] for row in found[table]} if table else set()
    if name not in known:
        happened = f"has {owner[:60]!r}, which is nothing in the survey"
        raise UsageError(file.name, happened, "name an entry as in `audit:owl`")
