"""What changed between two readings of the same tables. Knows no source."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
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
    shared = after.index.intersection(before.index, sort=False)
    rows = [
        *_presence("new", after.loc[added, "table"]),
        *_presence("gone", before.loc[gone, "table"]),
        *_changes(before, after, shared, rounding or {}),
    ]
    return Drift(pd.DataFrame(rows, columns=list(CHANGE_COLUMNS)))


def _presence(change: str, tables: pd.Series) -> list[tuple[object, ...]]:
    return [(change, table, key, "", None, None) for key, table in tables.items()]


def _changes(
    before: pd.DataFrame,
    after: pd.DataFrame,
    shared: pd.Index,
    rounding: Mapping[str, float],
) -> list[tuple[object, ...]]:
    names = [*NUMBERS, *TEXTS]
    old, new = before.loc[shared, names], after.loc[shared, names]
    allowed = np.array([rounding.get(name, 0.0) for name in NUMBERS])
    differs = np.hstack(
        [
            _numbers_differ(*(_numbers(rows) for rows in (old, new)), allowed),
            (old[list(TEXTS)] != new[list(TEXTS)]).to_numpy(),
        ]
    )
    differs &= _stated(before, shared, names) & _stated(after, shared, names)
    tables = after.loc[shared, "table"]
    return [
        ("changed", tables.iat[at], shared[at], names[place],
         old.iat[at, place], new.iat[at, place])
        for place, at in zip(*differs.T.nonzero(), strict=True)
    ]  # fmt: skip


def _numbers(rows: pd.DataFrame) -> np.ndarray:
    return rows[list(NUMBERS)].to_numpy(float)


def _numbers_differ(
    old: np.ndarray, new: np.ndarray, allowed: np.ndarray
) -> np.ndarray:
    """Compare numbers; all are (rows, columns), `allowed` is (columns,)."""
    beyond = np.abs(new - old) > allowed + EXACT * (1 + np.abs(old))
    return beyond | (np.isnan(old) != np.isnan(new))


def _stated(frame: pd.DataFrame, shared: pd.Index, names: list[str]) -> np.ndarray:
    """Return, for each shared row, which columns its whole table states at all."""
    stated = frame[names].notna() & (frame[names] != "")
    by_table = stated.groupby(frame["table"]).any()
    return by_table.loc[frame.loc[shared, "table"]].to_numpy(bool)
