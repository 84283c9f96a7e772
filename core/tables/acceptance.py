"""What is too much worse than the kept copy to replace it without a person's word."""

import pandas as pd

from core.errors import SourceChanged
from core.tables.schema import COLUMNS

LEAST_SHARE = 0.5
REMEDY = "look at it, and refresh with --accept to take it"


def check_rows(url: str, rows: int, kept_rows: int) -> None:
    """Raise SourceChanged when a document lost more than half of its rows.

    >>> check_rows("a.csv", rows=50, kept_rows=100)
    >>> check_rows("a.csv", rows=49, kept_rows=100)
    Traceback (most recent call last):
    core.errors.SourceChanged: a.csv has 49 rows, the kept copy 100; look at it, and \
refresh with --accept to take it.
    """
    if rows < LEAST_SHARE * kept_rows:
        happened = f"has {rows:,} rows, the kept copy {kept_rows:,}"
        raise SourceChanged(url, happened, REMEDY)


def check_tables(title: str, old: pd.DataFrame, new: pd.DataFrame) -> None:
    """Raise SourceChanged when a table, or a column of one, lost most of its values."""
    numbers = ["id", *(one.name for one in COLUMNS if one.kind != "text")]
    before, after = (rows.groupby("table")[numbers].count() for rows in (old, new))
    after = after.reindex(before.index, fill_value=0)
    lost = (after < LEAST_SHARE * before).to_numpy()
    if not lost.any():
        return
    at, place = next(zip(*lost.nonzero(), strict=True))
    happened = (
        f"now has {numbers[place]} in {after.iat[at, place]:,} rows of "
        f"{before.index[at]}, the kept copy in {before.iat[at, place]:,}"
    )
    raise SourceChanged(title, happened, REMEDY)
