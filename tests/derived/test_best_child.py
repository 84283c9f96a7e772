"""Children are ranked only within one metric and one set of data, and may tie."""

import pandas as pd
import pytest

from core.derived.best_child import conclusion, rank_children
from core.derived.reported import (
    Comparable,
    comparable_groups,
    comparable_values,
    is_higher_better,
    permits_commerce,
)

BEANS = Comparable("accuracy", "beans", 5)


def frame(*rows):
    """Models as (id, metric, value, dataset, downloads, license)."""
    names = ["id", "metric", "metric_value", "dataset", "downloads", "license"]
    made = pd.DataFrame(rows, columns=names).astype(
        {"metric_value": "Float64", "downloads": "Int64"}
    )
    return made.assign(
        task="image-classification", likes=pd.array([0] * len(made), "Int64"),
        status="ok", kind="full", sentence="Every trainable parameter changed.",
        reason=None,
    )  # fmt: skip


@pytest.fixture
def models():
    return frame(
        ("low", "accuracy", 0.80, "beans", 9000, "mit"),
        ("percent", "accuracy", 97.1, "beans", 10, "mit"),
        ("fraction", "accuracy", 0.969, "beans", 500, None),
        ("other-data", "accuracy", 0.999, "food101", 5, "mit"),
        ("other-metric", "f1", 0.999, "beans", 5, "cc-by-nc-4.0"),
        ("silent", None, None, None, 7, "apache-2.0"),
        ("unsure", "score", 0.9, "beans", None, "other"),
    )


def test_groups_never_mix_metrics_or_data(models):
    groups = comparable_groups(models)
    assert groups[0] == Comparable("accuracy", "beans", 3)
    assert {(group.metric, group.dataset) for group in groups} == {
        ("accuracy", "beans"), ("accuracy", "food101"), ("f1", "beans"),
    }  # fmt: skip


def test_percent_and_fraction_compare_and_tie_within_the_margin(models):
    ranked = rank_children(models, BEANS).set_index("id")
    assert ranked["rank"].dropna().to_dict() == {"percent": 1, "fraction": 1, "low": 3}
    assert ranked.loc["percent", "ties"] == 1
    assert "tied with 1 more" in ranked.loc["fraction", "reasons"]
    exact = rank_children(models, BEANS, margin=0).set_index("id")["rank"].dropna()
    assert exact.to_dict() == {"percent": 1, "fraction": 2, "low": 3}


def test_who_reports_nothing_comparable_follows_by_downloads(models):
    ranked = rank_children(models, BEANS)
    assert ranked["id"].tolist() == [
        "fraction", "percent", "low", "silent", "other-data", "other-metric", "unsure",
    ]  # fmt: skip
    assert ranked["rank"].isna().tolist() == [False] * 3 + [True] * 4
    reason = ranked.set_index("id")["reasons"]
    assert reason["other-data"].startswith("Reports accuracy 0.999 (food101), not comp")
    assert reason["silent"].startswith("Reports no value. 7 downloads, place 4 of 6.")


def test_the_order_of_the_rows_does_not_matter(models):
    shuffled = models.sample(frac=1, random_state=3)
    there = rank_children(shuffled, BEANS)
    pd.testing.assert_frame_equal(rank_children(models, BEANS), there)


def test_lower_is_better_for_errors():
    models = frame(
        ("bad", "loss", 3.0, "x", 1, None), ("good", "loss", 0.1, "x", 1, None)
    )
    ranked = rank_children(models, Comparable("loss", "x", 2))
    assert ranked["id"].tolist() == ["good", "bad"]
    assert ranked["value"].tolist() == [0.1, 3.0]


def test_an_error_rate_that_may_be_a_percentage_compares_with_nothing():
    models = frame(*((str(v), "wer", v, "x", 1, None) for v in (0.2, 1.2, 21.0)))
    values = comparable_values(models, Comparable("wer", "x", 3))
    assert values.iloc[[0, 2]].tolist() == pytest.approx([0.2, 0.21])
    assert pd.isna(values.iloc[1])


@pytest.mark.parametrize(
    ("metric", "better"),
    [("Accuracy", True), ("mAP@0.5", True), ("mean_iou", True), ("rmse", False),
     ("eval_loss", False), ("score", None), ("", None)],
)  # fmt: skip
def test_a_metric_says_which_way_it_improves_or_nothing(metric, better):
    assert is_higher_better(metric) is better


def test_only_known_licenses_count_as_commercial(models):
    kept = rank_children(models, BEANS, commercial_only=True)
    assert set(kept["id"]) == {"low", "percent", "other-data", "silent"}
    assert permits_commerce("mit, cc-by-nc-4.0") is False


def test_a_task_chooses_its_models(models):
    models.loc[0, "task"] = None
    asked = rank_children(models, BEANS, task="not stated")
    assert asked["id"].tolist() == ["low"]


def test_the_conclusion_names_a_winner_a_tie_or_nothing(models):
    tie = conclusion(rank_children(models, BEANS), BEANS)
    assert tie.startswith("The best 2 tie in accuracy on beans; 1 ")
    won = conclusion(rank_children(models, BEANS, margin=0), BEANS)
    assert won.startswith("percent reports the best accuracy on beans")
    assert "by downloads alone" in conclusion(rank_children(models, None), None)
    unknown = models.assign(downloads=pd.array([pd.NA] * len(models), "Int64"))
    assert "they tie" in conclusion(rank_children(unknown, None), None)
    assert conclusion(rank_children(models[:0], None), None) == "No model is left."


def test_what_is_not_known_of_the_training_is_said(models):
    models.loc[0, ["status", "reason"]] = ["failed", "gated"]
    models.loc[1, "status"] = "skipped"
    models.loc[2, ["kind", "sentence"]] = ["identical", "Every parameter equals."]
    reason = rank_children(models, BEANS).set_index("id")["reasons"]
    assert "could not be read (gated)" in reason["low"]
    assert "not compared yet" in reason["percent"]
    assert reason["fraction"].endswith("Every parameter equals. It is the base itself.")


def test_where_no_model_is_left_nothing_is_compared(models):
    assert comparable_groups(models[5:6]) == ()
    assert comparable_groups(models[:0]) == ()
    assert rank_children(models[:0], None, commercial_only=True).empty
