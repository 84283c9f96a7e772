"""What every refresh changed, kept under cache/tables: the newest changes of all time.

One JSON line a change. Knows no source.
"""

import json
from contextlib import suppress
from pathlib import Path

import pandas as pd

from core.cache import write_bytes
from core.settings import Settings
from core.tables.drift import CHANGE_COLUMNS, Drift

HISTORY_COLUMNS = ("when", "source", *CHANGE_COLUMNS)
MOST_CHANGES = 10_000


def history(settings: Settings) -> pd.DataFrame:
    """Return the changes, newest first: when, source, change, table, id, column, old,
    new.

    The first reading of a table is one row, `change` "first", `new` its rows.
    """
    rows = [row for row in map(_parsed, _lines(settings)) if row is not None]
    columns = list(HISTORY_COLUMNS)
    frame = pd.DataFrame(rows, columns=columns).astype({"old": object, "new": object})
    return frame.iloc[::-1].reset_index(drop=True)


def remember(source: str, when: str, changes: Drift, settings: Settings) -> None:
    """Add the changes of one refresh; the oldest beyond MOST_CHANGES are forgotten."""
    _append(source, when, list(changes.rows.itertuples(False, None)), settings)


def remember_first(
    source: str, when: str, models: pd.DataFrame, settings: Settings
) -> None:
    """Add one line a table that was read for the first time."""
    counts = models["table"].value_counts(sort=False)
    rows = [("first", name, "", "", None, int(count)) for name, count in counts.items()]
    _append(source, when, rows, settings)


def _append(
    source: str, when: str, rows: list[tuple[object, ...]], settings: Settings
) -> None:
    if not rows:
        return
    new = [json.dumps([when, source, *map(_plain, row)]) for row in rows]
    lines = [*_lines(settings), *new][-MOST_CHANGES:]
    write_bytes(_path(settings), ("\n".join(lines) + "\n").encode())


def _lines(settings: Settings) -> list[str]:
    try:
        return _path(settings).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def _parsed(line: str) -> list[object] | None:
    """Read one line; what another hand damaged is left out."""
    with suppress(ValueError, RecursionError):
        row = json.loads(line)
        if isinstance(row, list) and len(row) == len(HISTORY_COLUMNS):
            return row
    return None


def _plain(value: object) -> object:
    return None if value is None or value != value else value


def _path(settings: Settings) -> Path:
    return settings.cache_root / "tables" / "history.jsonl"
