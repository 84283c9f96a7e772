"""The tidy frame's columns and types."""

import json

import numpy as np
import pytest

from core.tables.schema import COLUMNS, records, tidy


def test_every_column_is_there_even_without_rows():
    frame = tidy([])
    assert list(frame.columns) == [column.name for column in COLUMNS]
    assert str(frame["params"].dtype) == "float64"


def test_names_are_unique_and_described():
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)
    assert all(column.description.endswith(".") for column in COLUMNS)


def test_missing_text_is_empty_and_missing_numbers_are_nan():
    row = tidy([{"id": "a", "params": None}]).iloc[0]
    assert row["family"] == "" and np.isnan(row["params"])


def test_records_are_json_without_nan():
    (row,) = records(tidy([{"id": "a", "params": 61100000.0, "accuracy": 0.56522}]))
    assert (row["params"], row["accuracy"], row["gmacs"]) == (61100000, 0.56522, None)
    assert '"params": 61100000,' in json.dumps(row, allow_nan=False)


@pytest.mark.parametrize("name", ["colour", "top5"])
def test_unknown_columns_are_dropped(name):
    assert name not in tidy([{"id": "a", name: 1}])
