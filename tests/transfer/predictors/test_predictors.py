"""Every predictor: what it says where nothing is, and what it is worth by hand."""

import numpy as np
import pytest

from core.errors import UsageError
from core.transfer.embed import embed
from core.transfer.predictors.listing import PREDICTORS, predict_all, predictor
from core.transfer.predictors.means import model_mean, two_way_means
from core.transfer.predictors.prediction import observe, sample_counts
from core.transfer.records import Records

NAMES = [one.name for one in PREDICTORS]


@pytest.fixture(scope="module")
def found(make_records):
    """Small records with every sixth task hidden, and all predictions of it."""
    records = make_records()
    hidden = np.zeros(records.is_known.shape, dtype=bool)
    hidden[:, ::6] = True
    return records, hidden, predict_all(records.without(hidden), embed(records), NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_hidden_cells_and_only_they_get_a_fraction(found, name):
    _, hidden, predictions = found
    mean = predictions[name].mean
    assert np.isnan(mean[~hidden]).all()
    assert ((mean[hidden] >= 0) & (mean[hidden] <= 1)).all()


@pytest.mark.parametrize("name", ["linear", "ridge", "gaussian-process"])
def test_who_knows_tasks_beats_the_means(found, name):
    records, hidden, predictions = found

    def error(one):
        return np.sqrt(np.mean((predictions[one].mean - records.values)[hidden] ** 2))

    assert error(name) < 0.05 < error("two-way-means")


def test_the_mean_is_the_mean_of_three(found):
    _, hidden, predictions = found
    parts = [
        predictions[name].mean for name in ("ridge", "boosting", "gaussian-process")
    ]
    np.testing.assert_allclose(
        predictions["mean"].mean[hidden], np.mean(parts, axis=0)[hidden]
    )


def test_the_interval_holds_the_prediction(found):
    _, hidden, predictions = found
    process = predictions["gaussian-process"]
    assert (process.low[hidden] < process.mean[hidden]).all()
    assert (process.mean[hidden] < process.high[hidden]).all()


def test_no_predictor_sees_what_is_hidden(make_records):
    records = make_records()
    hidden = np.zeros(records.is_known.shape, dtype=bool)
    hidden[:, :4] = True
    changed = Records(
        records.accuracy.mask(hidden, 0.123), records.models, records.tasks
    )
    one, other = (
        predict_all(each.without(hidden), embed(each), NAMES)
        for each in (records, changed)
    )
    for name in NAMES:
        np.testing.assert_array_equal(one[name].mean, other[name].mean)


def test_two_way_means_are_least_squares(make_records):
    records = make_records(4, 6)
    hidden = np.random.default_rng(1).random(records.is_known.shape) < 0.3
    seen = np.argwhere(~hidden)
    design = np.hstack([np.eye(4)[seen[:, 0]], np.eye(6)[seen[:, 1]]])
    effects = np.linalg.lstsq(design, records.values[~hidden], rcond=None)[0]
    expected = effects[:4, None] + effects[None, 4:]
    mean = two_way_means(records.without(hidden)).mean
    np.testing.assert_allclose(mean[hidden], expected[hidden].clip(0, 1), atol=1e-6)


def test_a_model_without_records_gets_the_mean_of_all(make_records):
    records = make_records()
    hidden = np.zeros(records.is_known.shape, dtype=bool)
    hidden[2] = True
    mean = model_mean(records.without(hidden)).mean
    assert mean[2] == pytest.approx(records.values[~hidden].mean())


def test_log_odds_have_the_variance_of_a_share(make_records):
    records = make_records(1, 1)
    random = np.random.default_rng(0)
    share, images = records.values[0, 0], int(sample_counts(records)[0])
    right = random.binomial(images, share, 20_000)
    drawn = np.log((right + 0.5) / (images - right + 0.5)).var()
    assert observe(records).variance[0, 0] - 0.01 == pytest.approx(drawn, rel=0.1)


def test_unknown_sample_counts_are_the_usual_ones(make_records):
    records = make_records(2, 4)
    tasks = records.tasks.assign(samples=[100.0, np.nan, 300.0, 300.0])
    counts = sample_counts(Records(records.accuracy, records.models, tasks))
    assert counts.tolist() == [100, 300, 300, 300]
    tasks = records.tasks.assign(samples=np.nan)
    counts = sample_counts(Records(records.accuracy, records.models, tasks))
    assert counts.tolist() == [200] * 4


def test_an_unknown_predictor_is_named():
    with pytest.raises(UsageError, match="'oracle' does not exist"):
        predictor("oracle")
