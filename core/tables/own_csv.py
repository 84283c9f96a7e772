"""A CSV file as people save it: any usual delimiter, numbers with suffixes, capped."""

import csv
import io
import math
import re
from itertools import islice

from core.errors import UsageError

MAX_BYTES = 5 * 2**20
MAX_ROWS = 10_000
MAX_COLUMNS = 200
NUMBER = re.compile(r"([-+]?[\d.,]+(?:e[-+]?\d+)?)\s*([kmgb%]?)", re.IGNORECASE)
SUFFIXES = {"": 1.0, "%": 0.01, "k": 1e3, "m": 1e6, "g": 1e9, "b": 1e9}


def own_lines(content: bytes) -> list[tuple[int, list[str]]]:
    """Return the rows that are not blank with the lines they end on, header first.

    Raises UsageError for a file that is no CSV in UTF-8, has no rows or is too large.
    """
    if len(content) > MAX_BYTES:
        raise UsageError("The file", "is larger than 5 MB", "give a smaller table")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        remedy = "save it as CSV UTF-8"
        raise UsageError("The file", "is not UTF-8 text", remedy) from error
    first = text.lstrip().partition("\n")[0]
    reader = csv.reader(
        io.StringIO(text), delimiter=max(",;\t", key=first.count), strict=True
    )
    try:
        lines = [(reader.line_num, row) for row in islice(reader, MAX_ROWS + 2) if row]
    except csv.Error as error:
        happened = f"cannot be read as CSV ({error})"
        raise UsageError("The file", happened, "save it as CSV UTF-8") from error
    lines = [(number, row) for number, row in lines if any(map(str.strip, row))]
    if len(lines) < 2:
        raise UsageError("The file", "has no rows", "give a header and a row a model")
    if len(lines) > MAX_ROWS + 1 or len(lines[0][1]) > MAX_COLUMNS:
        happened = f"has more than {MAX_ROWS:,} rows or {MAX_COLUMNS} columns"
        raise UsageError("The file", happened, "give a smaller table")
    return lines


def own_number(cell: str) -> float | None:
    """Read a number as people write it: "25.6M", "81,5", "1,000.5", "80 %".

    >>> [own_number(cell) for cell in ("25.6M", "81,5", "1,000.5", "n/a")]
    [25600000.0, 81.5, 1000.5, None]
    """
    found = NUMBER.fullmatch(cell)
    if found is None:
        return None
    digits, suffix = found[1], found[2].lower()
    is_decimal_comma = re.fullmatch(r"[-+]?\d+,\d{1,2}|[-+]?0,\d+", digits)
    digits = digits.replace(",", "." if is_decimal_comma else "")
    try:
        value = float(digits) * SUFFIXES[suffix]
    except ValueError:
        return None
    return value if math.isfinite(value) else None
