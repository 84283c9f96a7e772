"""The order of a freeze map's rows."""

import numpy as np
import pandas as pd
import pytest

from core.derived.order import ORDERS, frozen_depth, kind_counts, sort_rows

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


FACTS = MODELS.assign(
    downloads=pd.array([5, None, 900, 5, 1], "Int64"),
    created_at=pd.to_datetime(
        ["2024-01-01", "2026-01-01", None, "2025-01-01", None], utc=True
    ),
)


def test_downloads_fall_and_the_unknown_come_last():
    rows = sort_rows(MATRIX, FACTS, "downloads")
    assert rows.index.tolist() == ["also", "copy", "full", "prefix"]


def test_the_newest_stand_first_and_the_undated_last():
    rows = sort_rows(MATRIX, FACTS, "newest")
    assert rows.index.tolist() == ["prefix", "copy", "full", "also"]


@pytest.mark.parametrize("order", ["downloads", "newest"])
def test_a_family_without_these_facts_is_sorted_by_name(order):
    names = sort_rows(MATRIX, MODELS, order).index.tolist()
    assert names == sorted(names)


def test_similar_rows_stand_together_whatever_their_names():
    draw = np.random.default_rng(0)
    kinds = draw.integers(0, 3, 300)
    centers = draw.integers(0, 2, (3, 60))
    noise = draw.random((300, 60)) < 0.02
    matrix = pd.DataFrame(centers[kinds] ^ noise, [f"m{n}" for n in range(300)])
    models = pd.DataFrame({"id": matrix.index, "kind": "full"})
    rows = sort_rows(matrix, models, "similarity").index
    sorted_kinds = kinds[matrix.index.get_indexer(rows)]
    assert (np.diff(sorted_kinds) != 0).sum() == 2


@pytest.mark.parametrize("order", ORDERS)
def test_an_order_loses_and_doubles_nobody(order):
    assert sorted(sort_rows(MATRIX, FACTS, order).index) == sorted(MATRIX.index)


def test_depth_counts_only_from_the_first_column_on():
    assert frozen_depth(MATRIX).to_dict() == {
        "prefix": 2, "full": 0, "copy": 3, "also": 2
    }  # fmt: skip


def test_an_empty_map_has_no_depth():
    assert frozen_depth(MATRIX.iloc[:0]).empty
    assert sort_rows(MATRIX.iloc[:0], MODELS, "name").empty


def test_failed_models_have_no_pattern():
    assert kind_counts(MODELS) == {"frozen-prefix": 2, "full": 1, "identical": 1}
