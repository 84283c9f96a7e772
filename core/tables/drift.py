"""What changed between two readings of the same tables. Knows no source."""

from dataclasses import dataclass

import pandas as pd

NUMBERS = (
    "acc@1",
    "acc@5",
    "miou",
    "pixel_acc",
    "box_map",
    "mask_map",
    "keypoint_map",
    "params",
    "gmacs",
    "gips",
)
TEXTS = ("recipe_url",)
# The documentation page prints fractions exactly, params as "61.1M", MACs as "0.71".
ROUNDING = {"params": 50_000.0, "gmacs": 0.005, "gips": 0.005}
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


def drift(old: pd.DataFrame, new: pd.DataFrame) -> Drift:
    """Compare two tidy frames row by row, in the tables that `new` has.

    Numbers count as changed beyond the rounding of torchvision's documentation page. A
    column that a whole table of either frame leaves out is not compared.
    """
    old = old[old["table"].isin(new["table"].unique())]
    before, after = old.set_index("id"), new.set_index("id")
    gone = before.index.difference(after.index, sort=False)
    added = after.index.difference(before.index, sort=False)
    rows = [
        _presence("new", after.loc[added]),
        _presence("gone", before.loc[gone]),
        *(_changed(before, after, name) for name in (*NUMBERS, *TEXTS)),
    ]
    columns = ["change", "table", "id", "column", "old", "new"]
    found = [row for part in rows for row in part]
    return Drift(pd.DataFrame(found, columns=columns))


def _presence(change: str, rows: pd.DataFrame) -> list[tuple[object, ...]]:
    return [
        (change, table, key, "", None, None) for key, table in rows["table"].items()
    ]


def _changed(
    before: pd.DataFrame, after: pd.DataFrame, column: str
) -> list[tuple[object, ...]]:
    before, after = before[_stated(before, column)], after[_stated(after, column)]
    shared = after.index.intersection(before.index, sort=False)
    old, new = before.loc[shared, column], after.loc[shared, column]
    differs = _numbers_differ(old, new) if column in NUMBERS else old != new
    return [
        ("changed", after.at[key, "table"], key, column, old[key], new[key])
        for key in shared[differs]
    ]


def _stated(frame: pd.DataFrame, column: str) -> pd.Series:
    """Return which rows lie in a table that states `column` at all."""
    stated = frame[column].notna() & (frame[column] != "")
    return stated.groupby(frame["table"]).transform("any").astype(bool)


def _numbers_differ(old: pd.Series, new: pd.Series) -> pd.Series:
    allowed = ROUNDING.get(str(old.name), 0.0) + EXACT * (1 + old.abs())
    return ((new - old).abs() > allowed) | (old.isna() != new.isna())
