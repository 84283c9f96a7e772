"""Drift between two readings."""

import pandas as pd
import pytest

from core.tables.drift import drift
from core.tables.schema import tidy
from core.tables.torchvision.declaration import ROUNDING


def frame(*rows):
    return tidy({"table": "t/a", **row} for row in rows)


def changes(old, new):
    return list(
        drift(old, new, ROUNDING)
        .rows[["change", "id", "column"]]
        .itertuples(False, None)
    )


def test_nothing_changed():
    old = frame({"id": "a", "params": 61_100_840, "gmacs": 0.714, "acc@1": 0.5})
    assert changes(old, old.copy()) == []
    assert drift(old, old).sentence == "0 new, 0 changed, 0 gone"


def test_new_and_gone_rows():
    old, new = frame({"id": "a"}, {"id": "b"}), frame({"id": "b"}, {"id": "c"})
    assert changes(old, new) == [("new", "c", ""), ("gone", "a", "")]


@pytest.mark.parametrize(
    ("column", "value", "near", "far"),
    [
        ("params", 61_100_840, 61_100_000, 61_200_000),
        ("params", 3_450_000, 3_500_000, 3_600_000),
        ("gmacs", 0.714, 0.71, 0.72),
        ("gips", 0.045, 0.05, 0.06),
        ("acc@1", 0.56522, 0.56522, 0.56523),
    ],
)
def test_rounding_of_the_page_is_no_change(column, value, near, far):
    old = frame({"id": "a", column: value})
    assert changes(old, frame({"id": "a", column: near})) == []
    assert changes(old, frame({"id": "a", column: far})) == [("changed", "a", column)]


def test_a_value_that_came_or_went_is_a_change():
    full = frame({"id": "a", "acc@1": 0.5}, {"id": "b", "acc@1": 0.6})
    half = frame({"id": "a", "acc@1": 0.5}, {"id": "b"})
    assert changes(full, half) == changes(half, full) == [("changed", "b", "acc@1")]


def test_a_column_that_a_table_leaves_out_is_not_compared():
    old = frame({"id": "a", "gmacs": 1.0}, {"id": "b", "gmacs": 2.0})
    assert changes(old, frame({"id": "a"}, {"id": "b"})) == []


def test_a_table_that_is_not_read_is_not_gone():
    flow = frame({"id": "flow", "table": "t/flow"}, {"id": "a"})
    assert changes(flow, frame({"id": "a"})) == []


def test_a_row_with_two_changes_counts_once():
    old = frame({"id": "a", "acc@1": 0.5, "acc@5": 0.6, "recipe_url": "x"})
    new = frame({"id": "a", "acc@1": 0.4, "acc@5": 0.7, "recipe_url": "y"})
    found = drift(old, new)
    assert found.sentence == "0 new, 1 changed, 0 gone"
    values = found.rows.set_index("column")
    assert values.loc["acc@1", ["old", "new"]].tolist() == [0.5, 0.4]
    assert values.loc["recipe_url", ["old", "new"]].tolist() == ["x", "y"]


def test_empty_frames():
    empty = frame()
    assert changes(empty, empty) == [] and changes(frame({"id": "a"}), empty) == []
    assert isinstance(drift(empty, frame({"id": "a"})).rows, pd.DataFrame)
