"""Evaluation on held-out cells: the scores of a plain loop, ties, keeping, stopping."""

import numpy as np
import pytest

from core.errors import JobCancelled, UsageError
from core.transfer.evaluate import evaluate
from core.transfer.predictors.means import model_mean
from core.transfer.records import Records
from core.transfer.scoring import coverage, score_split, task_clusters
from core.transfer.splits import folds, split

QUICK = ("model-mean", "linear", "ridge")


def value(found, split_name: str, predictor: str, metric: str) -> float:
    """Return one number of an evaluation."""
    rows = found.scores.set_index(["split", "predictor", "metric"])
    return rows.loc[(split_name, predictor, metric), "value"]


def test_scores_are_those_of_a_plain_loop(make_records):
    records = make_records(noise=0.4)
    found = evaluate(records, splits=["new-task"], predictors=QUICK, workers=1)
    errors, correlations = [], []
    for fold in folds(split("new-task"), records):
        mean = model_mean(records.without(fold.hidden)).mean
        errors.extend((mean - records.values)[fold.hidden] ** 2)
        for task in np.flatnonzero(fold.hidden.any(axis=0)):
            pair = np.corrcoef(mean[:, task], records.values[:, task])
            correlations.append(pair[0, 1])
    assert value(found, "new-task", "model-mean", "rmse") == pytest.approx(
        np.sqrt(np.mean(errors))
    )
    assert value(found, "new-task", "model-mean", "pearson") == pytest.approx(
        np.mean(correlations)
    )


def test_every_split_is_scored_with_the_static_lists_beside(make_records):
    found = evaluate(make_records(), predictors=QUICK)
    assert set(found.cells) | set(found.left_out) == set(found.folds["split"])
    beside = {"imagenet-accuracy", "size"}
    for _, rows in found.scores.groupby("split"):
        assert beside | set(QUICK) == set(rows["predictor"])
        assert rows.groupby("metric")["is_best"].sum().eq(1).all()
        assert rows.loc[rows["is_best"], "is_tied"].all()
    known = found.scores.dropna(subset=["value"])
    assert (known["low"] <= known["value"] + 1e-12).all()
    assert (known["value"] <= known["high"] + 1e-12).all()


def test_means_do_not_rank_models_without_records(make_records):
    found = evaluate(make_records(), splits=["new-model"], predictors=QUICK)
    assert np.isnan(value(found, "new-model", "model-mean", "kendall"))
    assert np.isfinite(value(found, "new-model", "model-mean", "rmse"))


def test_the_papers_protocol_keeps_the_truth_where_it_was_known(make_records):
    records = make_records(noise=0.4)
    found = evaluate(records, splits=["paper-protocol"], predictors=["model-mean"])
    cells = found.cells["paper-protocol"]
    honest = score_split("random-cells", cells, records)
    honest = honest.set_index(["predictor", "metric"])["value"]
    leaky = value(found, "paper-protocol", "model-mean", "pearson")
    assert leaky != pytest.approx(honest["model-mean", "pearson"])
    rmse = value(found, "paper-protocol", "model-mean", "rmse")
    assert rmse == pytest.approx(honest["model-mean", "rmse"])


def test_equal_predictions_tie_and_the_truth_beats_them(make_records):
    records = make_records(noise=0.4)
    cells = evaluate(records, splits=["new-task"], predictors=["linear"]).cells
    cells = cells["new-task"].assign(copy=lambda c: c["linear"])
    scores = score_split("new-task", cells, records)
    assert scores.loc[scores["predictor"].isin(["linear", "copy"]), "is_tied"].all()
    told = score_split("new-task", cells.assign(truth=cells["accuracy"]), records)
    told = told[told["metric"] == "rmse"].set_index("predictor")
    assert told.loc["truth", "value"] == 0 and not told.loc["linear", "is_tied"]


def test_tasks_that_share_images_are_drawn_together(make_records):
    tasks = make_records(2, 12).tasks
    clusters = task_clusters(tasks)
    assert clusters[0] == clusters[6] != clusters[1]
    assert len(set(task_clusters(tasks.assign(labels=None)))) == 12


def test_a_finished_split_is_kept_and_a_damaged_file_made_again(make_records, tmp_path):
    records = make_records()
    ask = {"splits": ["new-size"], "predictors": QUICK, "kept": tmp_path}
    first = evaluate(records, **ask)
    (file,) = tmp_path.iterdir()
    again = evaluate(records, **ask)
    assert again.cells["new-size"].equals(first.cells["new-size"])
    file.write_bytes(b"broken")
    assert evaluate(records, **ask).scores.equals(first.scores)
    hidden = np.zeros(records.is_known.shape, dtype=bool)
    hidden[0, 0] = True
    evaluate(records.without(hidden), **ask)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_stopped_evaluation_keeps_what_was_finished(make_records, tmp_path):
    def stop(fraction: float, message: str) -> None:
        if message == "new-task":
            raise JobCancelled("Evaluation", "was stopped")

    with pytest.raises(JobCancelled):
        evaluate(
            make_records(), splits=["new-size", "new-task"], predictors=QUICK,
            kept=tmp_path, progress=stop,
        )  # fmt: skip
    assert [file.name.partition("-")[2][:4] for file in tmp_path.iterdir()] == ["size"]


def test_what_cannot_be_split_is_left_out_with_its_reason(make_records):
    records = make_records()
    alike = Records(
        records.accuracy, records.models, records.tasks.assign(domain="photo")
    )
    found = evaluate(alike, predictors=["model-mean"])
    assert found.left_out == {"new-domain": "needs tasks that differ in it"}
    with pytest.raises(UsageError, match="tasks that differ"):
        evaluate(alike, splits=["new-domain"], predictors=["model-mean"])
    with pytest.raises(UsageError, match="too few"):
        evaluate(make_records(1, 1), predictors=["model-mean"])


def test_the_published_size_folds_give_the_published_baseline(published):
    """Chen et al. (2024): a linear model ranks as one constant list does."""
    ask = ("model-mean", "linear", "ridge")
    found = evaluate(published, splits=["new-size"], predictors=ask)
    assert value(found, "new-size", "linear", "pearson") == pytest.approx(
        0.61, abs=0.01
    )
    assert value(found, "new-size", "model-mean", "kendall") == pytest.approx(
        0.49, abs=0.01
    )
    regret = value(found, "new-size", "model-mean", "top1_regret")
    assert regret == pytest.approx(0.0209, abs=5e-4)
    assert value(found, "new-size", "ridge", "pearson") > 0.65


def test_half_the_published_cells_are_predicted_by_the_process(published):
    from core.transfer.embed import embed
    from core.transfer.evaluate import predict_fold

    fold = folds(split("random-cells"), published)[0]
    names = ("two-way-means", "gaussian-process")
    cells = predict_fold(published, embed(published), fold, names)
    errors = [np.sqrt(((cells[n] - cells["accuracy"]) ** 2).mean()) for n in names]
    assert errors[1] <= 0.057 < errors[0]
    assert 0.8 < coverage(cells) < 1.0
