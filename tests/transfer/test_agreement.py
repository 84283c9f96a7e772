"""What ranks, against the truth: counts, units and verdict follow from the cells."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from core.transfer.agreement import agreement, points, verdict
from core.transfer.records import MODEL_COLUMNS, TASK_COLUMNS, Records

MODELS, TASKS = list("abcdef"), [f"t{i}" for i in range(8)]


@pytest.fixture
def records():
    """Six models on eight tasks, where the model's size says nothing."""
    rng = np.random.default_rng(0)
    grid = pd.DataFrame(rng.uniform(0.3, 0.9, (6, 8)), index=MODELS, columns=TASKS)
    models = pd.DataFrame(
        [["f", size, 1.0, 0.5 + size / 100] for size in (3, 1, 2, 6, 5, 4)],
        index=MODELS, columns=list(MODEL_COLUMNS),
    )  # fmt: skip
    tasks = pd.DataFrame(
        [["d", 2.0, 10.0, 5.0, f"{t} no, {t} yes"] for t in TASKS],
        index=TASKS, columns=list(TASK_COLUMNS),
    )  # fmt: skip
    return Records(grid, models, tasks)


@pytest.fixture
def cells(records):
    """Every cell held out; one predictor knows it up to a little noise."""
    rows = records.accuracy.rename_axis("model").reset_index()
    rows = rows.melt("model", var_name="task", value_name="accuracy")
    noise = np.random.default_rng(1).normal(0, 0.05, len(rows))
    kept = rows.assign(repeat=0, fold=rows["task"], linear=rows["accuracy"] + noise)
    return kept.assign(**{"model-mean": 0.5})


@pytest.fixture
def scores(cells):
    """A score on another scale for every task, in the right order."""
    scale = cells["task"].map({t: 10.0**i for i, t in enumerate(TASKS)})
    value = cells["accuracy"] * scale
    return cells[["model", "task"]].assign(metric="logme", value=value)


def test_every_ranker_has_its_mean_over_tasks(records, cells, scores):
    table = agreement(records, cells, scores).rankers
    found = table[table["metric"] == "kendall"].set_index("predictor")["value"]
    assert found["logme"] == pytest.approx(1)
    linear = [kendalltau(rows["linear"], rows["accuracy"]).statistic
              for _, rows in cells.groupby("task")]  # fmt: skip
    sizes = [kendalltau(records.models["params"], records.accuracy[task]).statistic
             for task in TASKS]  # fmt: skip
    assert found["linear"] == pytest.approx(np.mean(linear))
    assert found["size"] == pytest.approx(np.mean(sizes))


def test_points_of_all_tasks_share_a_scale(records, cells, scores):
    found = agreement(records, cells, scores)
    assert points(found, "logme", "t3")["predicted"].max() > 100
    rows = points(found, "logme")
    assert len(rows) == 48
    np.testing.assert_allclose(rows.groupby("task")["predicted"].std(), 1)
    np.testing.assert_allclose(rows.groupby("task")["accuracy"].mean(), 0, atol=1e-12)
    spread = points(found, "linear")["predicted"].std()
    assert spread == pytest.approx(points(found, "linear")["accuracy"].std(), rel=0.3)


def test_a_constant_prediction_is_a_point_without_direction(records, cells, scores):
    rows = points(agreement(records, cells, scores), "model-mean")
    assert (rows["predicted"].abs() < 1e-12).all()


def test_the_verdict_knows_what_beats_a_static_list(records, cells, scores):
    assert (
        "LogME ranks best with Kendall 1.00"
        in agreement(records, cells, scores).sentence
    )


@pytest.mark.parametrize("static, is_tied, told", [
    (0.7, False, "A static ranking is best: Size, Kendall 0.70"),
    (0.5, True, "but a static ranking is as good: Size, with Kendall 0.50"),
    (0.2, False, "; the best static ranking is Size"),
])  # fmt: skip
def test_the_words_of_the_verdict(static, is_tied, told):
    rows = [("logme", "LogME", "score", 0.6, True), ("size", "Size", "static", static,
                                                     is_tied)]  # fmt: skip
    table = pd.DataFrame(
        rows, columns=["predictor", "title", "kind", "value", "is_tied"]
    )
    assert told in verdict(table.assign(metric="kendall", low=0.1, high=0.9))
