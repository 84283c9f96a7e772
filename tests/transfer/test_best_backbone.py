"""The best backbone on a person's own images, and what cannot be told from it."""

import pandas as pd
import pytest

from core.transfer.best_backbone import conclusion, ranked_backbones


@pytest.fixture
def rows():
    """Three measured backbones and one without a head; the largest is the worst."""
    return pd.DataFrame(
        {"backbone": ["small", "large", "middle", "broken"],
         "params": [1e6, 9e6, 4e6, None], "head_accuracy": [0.95, 0.60, 0.91, None],
         "low": [0.90, 0.50, 0.86, None], "high": [0.97, 0.70, 0.94, None],
         "majority": 0.5, "test_images": [100, 100, 100, None]}
    )  # fmt: skip


def test_the_best_comes_first_and_only_overlapping_intervals_tie(rows):
    ranked = ranked_backbones(rows)
    assert ranked["backbone"].tolist() == ["small", "middle", "large"]
    assert ranked["is_tied"].tolist() == [True, True, False]


def test_the_order_of_the_rows_decides_nothing(rows):
    assert conclusion(ranked_backbones(rows[::-1])) == conclusion(
        ranked_backbones(rows)
    )


def test_the_sentence_names_ties_and_both_plain_choices(rows):
    assert conclusion(ranked_backbones(rows)) == (
        "small comes first: a head trained on it names 95.0 % of 100 held-out images "
        "right (90.0 % to 97.0 %, 95 % interval). It ties with middle: their intervals "
        "overlap. The largest, large, reaches 60.0 %. Always naming the largest class: "
        "50.0 %."
    )


def test_one_alone_ties_with_nobody(rows):
    assert "ties" not in conclusion(ranked_backbones(rows.head(1)))


def test_where_the_largest_is_best_it_says_so(rows):
    rows = rows.assign(params=[9e6, 1e6, 4e6, None])
    assert "It is also the largest." in conclusion(ranked_backbones(rows))


@pytest.mark.parametrize("rows", [
    pd.DataFrame({"backbone": ["a"], "logme": [0.1]}),
    pd.DataFrame({"backbone": ["a"], "head_accuracy": [None], "low": [None],
                  "high": [None]}),
])  # fmt: skip
def test_without_a_head_nothing_is_said(rows):
    assert conclusion(ranked_backbones(rows)) == ""
