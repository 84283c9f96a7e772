"""The order of a freeze map's rows."""

import pandas as pd
import pytest

from core.derived.order import frozen_depth, kind_counts, sort_rows

MATRIX = pd.DataFrame(
    [[0, 0, 1], [1, 1, 1], [0, 0, 0], [0, 0, 1]],
    index=["prefix", "full", "copy", "also"],
    columns=["stem", "block 0", "block 1"],
)
MODELS = pd.DataFrame(
    {
        "id": ["full", "prefix", "also", "copy", "broken"],
        "kind": ["full", "frozen-prefix", "frozen-prefix", "identical", None],
        "status": ["ok", "ok", "ok", "ok", "failed"],
    }
)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("frozen depth", ["copy", "also", "prefix", "full"]),
        ("pattern", ["also", "prefix", "full", "copy"]),
        ("name", ["also", "copy", "full", "prefix"]),
    ],
)
def test_rows_are_sorted_and_ties_go_by_name(order, expected):
    assert sort_rows(MATRIX, MODELS, order).index.tolist() == expected


def test_depth_counts_only_from_the_first_column_on():
    assert frozen_depth(MATRIX).to_dict() == {
        "prefix": 2, "full": 0, "copy": 3, "also": 2
    }  # fmt: skip


def test_an_empty_map_has_no_depth():
    assert frozen_depth(MATRIX.iloc[:0]).empty
    assert sort_rows(MATRIX.iloc[:0], MODELS, "name").empty


def test_failed_models_have_no_pattern():
    assert kind_counts(MODELS) == {"frozen-prefix": 2, "full": 1, "identical": 1}
