"""A recommendation: who is first, who ties, within what budget, how far to trust it."""

import numpy as np
import pandas as pd
import pytest

from core.errors import UsageError
from core.transfer.changes import TaskDescription
from core.transfer.combine import fit_combination
from core.transfer.recommend import Budget, recommend
from core.transfer.records import Records
from core.transfer.reliability import likest_split

TASK = TaskDescription("sketch", 4, 200, "cat1, dog1")


@pytest.fixture(scope="module")
def clear(make_records):
    """A recommendation from records in which the largest model is always best."""
    return recommend(make_records(), TASK, is_checked=False)


def test_the_best_of_the_records_comes_first_with_its_evidence(clear):
    first = clear.models.iloc[0]
    assert clear.models.index[0] == "model5" and first["records"] == 24
    assert first["low"] < first["accuracy"] < first["high"]
    assert first["nearest"] in [f"task{at}" for at in range(24)]
    assert first["rank by mean-accuracy"] == first["rank by size"] == 1
    assert clear.models["p_best"].sum() == pytest.approx(1)
    assert clear.models["accuracy"].is_monotonic_decreasing
    assert "model5" in clear.sentence


def test_models_that_never_differ_tie(make_records):
    records = make_records()
    alike = records.accuracy.copy()
    alike.loc[:] = records.values.mean(axis=0)
    found = recommend(
        Records(alike, records.models, records.tasks), TASK, is_checked=False
    )
    assert found.models["is_tied"].all()
    assert found.sentence.startswith("They tie: ")
    assert any("apart" in change for change in found.changes)


def test_what_is_over_the_budget_is_told_and_missed(make_records):
    found = recommend(
        make_records(), TASK, budget=Budget(params=30e6), is_checked=False
    )
    assert set(found.models.index) == {"model0", "model1"}
    assert found.excluded.loc["model5", "reason"] == "80,000,000 parameters"
    assert any(
        change.startswith("Without the budget model5") for change in found.changes
    )
    with pytest.raises(UsageError, match="excludes every model"):
        recommend(make_records(), TASK, budget=Budget(gmacs=0.1), is_checked=False)


def test_an_unknown_dataset_is_less_certain_than_a_known_one(make_records, clear):
    found = recommend(make_records(), TaskDescription(), is_checked=False)
    width = (found.models["high"] - found.models["low"]).mean()
    assert width > 2 * (clear.models["high"] - clear.models["low"]).mean()
    assert "domain, classes, samples, labels" in found.changes[-1]


def test_a_model_without_records_is_offered_with_its_doubt(make_records):
    records = make_records()
    hidden = np.zeros(records.is_known.shape, dtype=bool)
    hidden[5] = True
    found = recommend(records.without(hidden), TASK, is_checked=False).models
    new = found.loc["model5"]
    assert new["records"] == 0 and pd.isna(new["nearest_accuracy"])
    widths = found["high"] - found["low"]
    assert widths.idxmax() == "model5"


def test_scores_stand_beside_and_rank_only_where_they_were_learned(make_records):
    records = make_records()
    scores = pd.DataFrame({"logme": np.arange(6.0)}, index=records.models.index)
    beside = recommend(records, TASK, scores=scores, is_checked=False)
    assert "do not change it" in beside.notes[-1]
    assert beside.models["logme"].tolist() == [5, 4, 3, 2, 1, 0]
    known = records.accuracy.rename_axis("model").reset_index().melt(
        "model", var_name="task", value_name="accuracy"
    )  # fmt: skip
    known["logme"] = known["accuracy"]
    found = recommend(
        records, TASK, scores=scores, known=known,
        combination=fit_combination(known, ["logme"]), is_checked=False,
    )  # fmt: skip
    assert found.models["combination"].idxmax() == "model5"
    assert "puts model5 first, too" in found.notes[-1]


@pytest.mark.parametrize(
    ("task", "name"),
    [
        (TaskDescription(), "new-domain"),
        (TaskDescription("x-ray", 4), "new-domain"),
        (TaskDescription("sketch", 100), "new-class-count"),
        (TaskDescription("sketch", 4, labels="cow"), "new-label-set"),
        (TaskDescription("sketch", 4, labels="dog1, cat1"), "new-task"),
        (TaskDescription("sketch"), "new-task"),
    ],
)
def test_the_question_asked_of_known_tasks_is_like_this_one(make_records, task, name):
    found = likest_split(make_records(), task.domain, task.classes, task.labels)
    assert found == name


def test_it_says_when_the_static_list_is_as_good(make_records, tmp_path):
    found = recommend(make_records(), TASK, kept=tmp_path).reliability
    assert found.split == "new-task" and found.is_static_as_good
    assert "the static list is as good" in found.sentence
    assert 0.8 < found.coverage <= 1
    assert len(list(tmp_path.iterdir())) == 1
