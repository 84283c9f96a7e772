"""What a verb answers with: one JSON document, and the same for people."""

import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """`document` is what --json prints, `text` what people read."""

    document: object
    text: str


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Align rows in columns, numbers to the right.

    >>> print(table(["name", "rows"], [["video", 10], ["quantized", 4]]))
    name       rows
    video        10
    quantized     4
    """
    header = [_cell(name) for name in header]
    cells = [[_cell(value) for value in row] for row in rows]
    numeric = [
        bool(cells) and all(_is_number(row[i]) for row in cells)
        for i in range(len(header))
    ]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    lines = [
        "  ".join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in [list(header), *cells]
    ]
    return "\n".join(lines)


def plain(value: object) -> object:
    """Turn a value into what JSON can say: numpy numbers to numbers, NaN to null.

    >>> plain({"a": float("nan"), "b": (1, 2)})
    {'a': None, 'b': [1, 2]}
    """
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if hasattr(value, "item") and not isinstance(value, str | bytes):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def progress_line(fraction: float, message: str) -> None:
    """Show progress on stderr: one line that is rewritten on a terminal."""
    end = "\r" if sys.stderr.isatty() and fraction < 1 else "\n"
    print(f"{fraction:4.0%}  {message:<70.70}", end=end, file=sys.stderr, flush=True)


def _cell(value: object) -> str:
    """Write one value; control characters of foreign names would move the cursor."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    return "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value)
    )


def _is_number(text: str) -> bool:
    return text == "-" or text.replace(",", "").replace(".", "", 1).isdigit()
