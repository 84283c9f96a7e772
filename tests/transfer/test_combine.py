"""Scores combined with history: the published zoo, and what must not leak."""

import numpy as np
import pandas as pd
import pytest

from core.errors import PedigreeError, UsageError
from core.transfer.combine import (
    fit_combination,
    history,
    leave_one_dataset_out,
    read_scored,
)

SCORES = ("LogME", "H-Score", "NCE")


@pytest.fixture(scope="module")
def scored() -> pd.DataFrame:
    """Five datasets of eight models: one telling score, one of noise."""
    random = np.random.default_rng(0)
    skill = np.linspace(0, 1, 8)
    rows = [
        (f"set{t}", f"model{m}", 0.5 + 0.4 * level, level + random.normal(0, 0.05),
         random.normal())
        for t in range(5)
        for m, level in enumerate(skill + random.normal(0, 0.2, 8))
    ]  # fmt: skip
    columns = ["task", "model", "accuracy", "telling", "noise"]
    return pd.DataFrame(rows, columns=columns)


def test_the_published_zoo_reaches_its_figures(published_folder):
    file = published_folder / "extra/imagenet_zoo_10x8_scores_acc_meta.csv"
    table = read_scored(file.read_bytes(), file.name, SCORES)
    found = leave_one_dataset_out(table, SCORES)
    means = found.groupby("ranker")["weighted_kendall"].mean()
    assert means["LogME"] == pytest.approx(0.675, abs=5e-4)
    assert means["history"] == pytest.approx(0.749, abs=5e-4)
    assert means["combination"] >= 0.80


def test_a_dataset_is_not_ranked_by_its_own_accuracies(scored):
    turned = scored.copy()
    own = turned["task"] == "set0"
    turned.loc[own, "accuracy"] = 1 - turned.loc[own, "accuracy"]
    one, other = (
        leave_one_dataset_out(each, ["telling", "noise"]).query("task == 'set0'")
        for each in (scored, turned)
    )
    np.testing.assert_allclose(one["pearson"], -other["pearson"], atol=1e-12)


def test_the_telling_score_gets_the_weight(scored):
    weights = fit_combination(scored, ["telling", "noise"])
    assert weights.names == ("telling", "noise", "history")
    assert weights.weights[0] > 3 * abs(weights.weights[1])


def test_a_score_in_other_units_ranks_alike(scored):
    scaled = scored.assign(telling=scored["telling"] * 1000 - 7)
    one, other = (
        leave_one_dataset_out(each, ["telling"])["kendall"] for each in (scored, scaled)
    )
    np.testing.assert_allclose(one, other)


def test_models_without_score_or_history_are_average(scored):
    combination = fit_combination(scored, ["telling"])
    new = pd.DataFrame({"telling": [np.nan, 1.0]}, index=["unknown", "model7"])
    ranked = combination.rank(new, history(scored))
    assert np.isfinite(ranked).all()


def test_two_datasets_teach_nothing(scored):
    with pytest.raises(UsageError, match="at least three"):
        fit_combination(scored[scored["task"].isin(["set0", "set1"])], ["telling"])


@pytest.mark.parametrize(
    "content",
    [b"task,model,accuracy\na,b,1\n", b"task,model,acc,x\na,b,1,2\na,b,1,2\n"],
)
def test_a_file_without_the_score_or_with_a_model_twice_is_refused(content):
    with pytest.raises(PedigreeError):
        read_scored(content, "file.csv", ["x"])
