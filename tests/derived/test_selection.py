"""Which models of a family a wish leaves."""

import pandas as pd
import pytest

from core.derived.selection import NOT_STATED, Selection, as_fraction, choices, select

MODELS = pd.DataFrame(
    {
        "id": ["ann/cats", "ben/dogs", "cat/food", "dan/lost"],
        "status": ["ok", "ok", "ok", "failed"],
        "kind": ["full", "head-only", "full", None],
        "task": ["image-classification", None, "image-segmentation", None],
        "dataset": ["cifar10, food101", "food101", None, None],
        "license": ["mit", None, "apache-2.0", None],
        "metric": ["accuracy", "accuracy", "f1", None],
        "metric_value": pd.array([0.91, 88.0, 0.7, None], "Float64"),
        "size_bytes": pd.array([343_000_000, 171_000_000, None, None], "Int64"),
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("wishes", "left"),
    [
        (Selection(), ["ann/cats", "ben/dogs", "cat/food"]),
        (Selection(text="IMAGE an"), ["ann/cats"]),
        (Selection(text="["), []),
        (Selection(kinds=("head-only", "partial")), ["ben/dogs"]),
        (Selection(tasks=("image-segmentation",)), ["cat/food"]),
        (Selection(datasets=("food101",)), ["ann/cats", "ben/dogs"]),
        (Selection(licenses=("mit", NOT_STATED)), ["ann/cats", "ben/dogs"]),
        (Selection(metric="accuracy", least_metric=0.9), ["ann/cats"]),
        (Selection(least_metric=0.5), ["ann/cats", "ben/dogs", "cat/food"]),
        (Selection(most_bytes=2e8), ["ben/dogs"]),
    ],
)
def test_a_wish_leaves_those_who_state_that_they_meet_it(wishes, left):
    assert select(MODELS, wishes)["id"].tolist() == left


def test_a_failed_model_meets_no_wish():
    assert "dan/lost" not in set(
        select(MODELS, Selection(licenses=(NOT_STATED,)))["id"]
    )


def test_choices_are_those_of_compared_models_the_most_frequent_first():
    assert choices(MODELS, "dataset") == ["food101", "cifar10", NOT_STATED]
    assert choices(MODELS.assign(task=None), "task") == []


def test_only_what_can_be_a_percentage_is_read_as_one():
    values = as_fraction(pd.Series([1.0, 1.01, 100.0, 100.1, -3.0, None]))
    assert values.fillna(-1).tolist() == pytest.approx([1, 0.0101, 1, 100.1, -3, -1])


def test_nothing_is_left_of_nothing():
    assert select(MODELS.iloc[:0], Selection(text="a", kinds=("full",))).empty
