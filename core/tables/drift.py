"""What changed between two readings of the same tables. Knows no source."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from core.tables.schema import COLUMNS

# Counters that move every day say nothing of the table.
VOLATILE = ("downloads", "likes")
# Columns that follow from others, or from the place where a number was read.
DERIVED = ("accuracy", "zero_shot_datasets")
NUMBERS = tuple(
    one.name
    for one in COLUMNS
    if one.kind != "text" and one.name not in (*VOLATILE, *DERIVED)
)
TEXTS = ("recipe_url", "licence", "gated")
CHANGE_COLUMNS = ("change", "table", "id", "column", "old", "new")
EXACT = 1e-9


@dataclass(frozen=True)
class Drift:
    """Every difference as one row: change ("new", "gone" or "changed"), table, id,
    column, old, new.
    """

    rows: pd.DataFrame

    @property
    def sentence(self) -> str:
        """The number of new, changed and gone rows, in words."""
        counts = self.rows.drop_duplicates(["change", "id"])["change"].value_counts()
        kinds = ("new", "changed", "gone")
        return ", ".join(f"{counts.get(kind, 0)} {kind}" for kind in kinds)


def no_drift() -> Drift:
    """Return the drift of nothing.

    >>> no_drift().sentence
    '0 new, 0 changed, 0 gone'
    """
    return Drift(pd.DataFrame(columns=list(CHANGE_COLUMNS)))


def drift(
    old: pd.DataFrame,
    new: pd.DataFrame,
    rounding: Mapping[str, float] | None = None,
) -> Drift:
    """Compare two tidy frames row by row, in the tables that `new` has.

    A number of a column in `rounding` may differ by that much without being a change.
    A column that a whole table of either frame leaves out is not compared.
    """
    old = old[old["table"].isin(new["table"].unique())]
    before, after = old.set_index("id"), new.set_index("id")
    gone = before.index.difference(after.index, sort=False)
    added = after.index.difference(before.index, sort=False)
    rows = [
        _presence("new", after.loc[added]),
        _presence("gone", before.loc[gone]),
        *(_changed(before, after, name, rounding or {}) for name in (*NUMBERS, *TEXTS)),
    ]
    found = [row for part in rows for row in part]
    return Drift(pd.DataFrame(found, columns=list(CHANGE_COLUMNS)))


def _presence(change: str, rows: pd.DataFrame) -> list[tuple[object, ...]]:
    return [
        (change, table, key, "", None, None) for key, table in rows["table"].items()
    ]


def _changed(
    before: pd.DataFrame,
    after: pd.DataFrame,
    column: str,
    rounding: Mapping[str, float],
) -> list[tuple[object, ...]]:
    before, after = before[_stated(before, column)], after[_stated(after, column)]
    shared = after.index.intersection(before.index, sort=False)
    old, new = before.loc[shared, column], after.loc[shared, column]
    differs = _numbers_differ(old, new, rounding) if column in NUMBERS else old != new
    return [
        ("changed", after.at[key, "table"], key, column, old[key], new[key])
        for key in shared[differs]
    ]


def _stated(frame: pd.DataFrame, column: str) -> pd.Series:
    """Return which rows lie in a table that states `column` at all."""
    stated = frame[column].notna() & (frame[column] != "")
    return stated.groupby(frame["table"]).transform("any").astype(bool)


def _numbers_differ(
    old: pd.Series, new: pd.Series, rounding: Mapping[str, float]
) -> pd.Series:
    allowed = rounding.get(str(old.name), 0.0) + EXACT * (1 + old.abs())
    return ((new - old).abs() > allowed) | (old.isna() != new.isna())
