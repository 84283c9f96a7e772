"""A CSV file of a source, read by column names and refused unless it is whole.

Columns are found by name wherever they stand and whatever table stands before them.
Knows no source.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from core.errors import SourceChanged

MAX_ROWS = 100_000
MAX_COLUMNS = 2_000
HEADER_WITHIN_ROWS = 200
MISSING = frozenset({"", "-", "nan", "none", "null", "n/a"})
REMEDY = "the file's format changed"


def read_csv(
    content: bytes,
    url: str,
    *,
    text: Sequence[str],
    numbers: Sequence[str] = (),
    optional: Sequence[str] = (),
    aliases: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """Return the columns `text` (str) and `numbers` (float64), renamed by `aliases`.

    `optional` are numbers that a file may leave out. Thousands commas are read,
    blanks are missing. Raises SourceChanged, naming what is wrong, for a web page, a
    missing column, a row cut short or a number that is none.

    >>> read_csv(b"x\\nname,size\\na,\\"1,000.5\\"\\n", "u", text=["name"],
    ...          numbers=["size"])
      name    size
    0    a  1000.5
    """
    rows = _rows(content, url)
    required = [*text, *numbers]
    header, places = _header(rows, required, aliases or {}, url)
    wanted = [name for name in (*required, *optional) if name in places]
    body = list(_body(rows, len(header), url))
    columns = {name: [row[places[name]].strip() for row in body] for name in wanted}
    for name in wanted:
        if name not in text:
            columns[name] = [_number(cell, name, url) for cell in columns[name]]
    return pd.DataFrame(
        {
            name: pd.Series(values, dtype="str" if name in text else "float64")
            for name, values in columns.items()
        }
    )


def _rows(content: bytes, url: str) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceChanged(url, "is not UTF-8 text", REMEDY) from error
    if text.lstrip().startswith("<"):
        raise SourceChanged(url, "is a web page, not a CSV file", REMEDY)
    if "\0" in text:
        raise SourceChanged(url, "is no text file", REMEDY)
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text), strict=True)):
            if number > MAX_ROWS or len(row) > MAX_COLUMNS:
                raise SourceChanged(url, "is larger than such a table can be", REMEDY)
            yield row
    except csv.Error as error:
        raise SourceChanged(url, f"cannot be read as CSV ({error})", REMEDY) from error


def _header(
    rows: Iterator[list[str]],
    required: Sequence[str],
    aliases: Mapping[str, Sequence[str]],
    url: str,
) -> tuple[list[str], dict[str, int]]:
    """Return the first row that has all required columns, and where they are."""
    names = {plain(a): name for name, others in aliases.items() for a in others}
    names |= {plain(name): name for name in required}
    missing = list(required)
    for number, row in enumerate(rows):
        cells = [names.get(plain(cell), cell.strip()) for cell in row]
        absent = [name for name in required if name not in cells]
        if not absent:
            return cells, {name: cells.index(name) for name in dict.fromkeys(cells)}
        if len(absent) < len(missing):
            missing = absent
        if number > HEADER_WITHIN_ROWS:
            break
    raise SourceChanged(url, f"has no column {', '.join(missing)}", REMEDY)


def plain(name: str) -> str:
    """Return a column's name as letters and digits, `@` and `+` kept.

    >>> plain("Params (M)"), plain("top-1")
    ('paramsm', 'top1')
    """
    return re.sub(r"[^a-z0-9@+]", "", name.lower())


def _body(rows: Iterator[list[str]], width: int, url: str) -> Iterator[list[str]]:
    for number, row in enumerate(rows, start=1):
        if not any(row):
            continue
        if len(row) != width:
            happened = f"has {len(row)} of {width} cells in row {number}"
            raise SourceChanged(url, happened, REMEDY)
        yield row


def _number(cell: str, name: str, url: str) -> float:
    if cell.lower() in MISSING:
        return float("nan")
    try:
        value = float(cell.replace(",", ""))
    except ValueError as error:
        raise SourceChanged(url, f"gives {cell[:40]!r} as {name}", REMEDY) from error
    if value in (float("inf"), float("-inf")):
        raise SourceChanged(url, f"gives {cell[:40]!r} as {name}", REMEDY)
    return value
