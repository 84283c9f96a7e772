"""Ranking metrics, held against scipy and a slow loop."""

import numpy as np
import pytest
from scipy.stats import kendalltau, pearsonr, weightedtau

from core.transfer.ranking_metrics import METRICS, ranking_metrics


@pytest.fixture(scope="module")
def pairs():
    """Predictions and truth of 40 tasks of 8 models, coarse enough for ties."""
    random = np.random.default_rng(0)
    truth = random.integers(0, 6, (40, 8)) / 10
    return np.round(truth + random.normal(0, 0.2, (40, 8)), 1), truth


def test_correlations_are_scipys(pairs):
    found = ranking_metrics(*pairs)
    for at, (x, y) in enumerate(zip(*pairs, strict=True)):
        expected = [pearsonr(x, y)[0], kendalltau(x, y)[0], weightedtau(x, y)[0]]
        np.testing.assert_allclose(found.iloc[at, :3], expected, atol=1e-12)


def test_regret_is_the_accuracy_lost_with_ties_against_the_ranker(pairs):
    found = ranking_metrics(*pairs)
    for at, (x, y) in enumerate(zip(*pairs, strict=True)):
        for first, name in ((1, "top1_regret"), (3, "top3_regret")):
            order = sorted(range(8), key=lambda i, x=x, y=y: (-x[i], y[i]))
            lost = y.max() - y[order[:first]].max()
            assert found.loc[at, name] == pytest.approx(lost)


def test_a_model_that_is_left_out_changes_nothing_else(pairs):
    predicted, truth = pairs
    hidden = predicted.copy()
    hidden[:, 3] = np.nan
    others = np.delete(np.arange(8), 3)
    less = ranking_metrics(predicted[:, others], truth[:, others])
    np.testing.assert_allclose(ranking_metrics(hidden, truth), less, atol=1e-12)


def test_any_increasing_change_keeps_the_ranks(pairs):
    predicted, truth = pairs
    ranks = list(METRICS[1:])
    stretched = ranking_metrics(np.exp(3 * predicted), truth)[ranks]
    np.testing.assert_allclose(stretched, ranking_metrics(predicted, truth)[ranks])


def test_what_says_nothing_is_not_counted():
    constant = np.array([[0.5, 0.5, 0.5]])
    rising = np.array([[0.1, 0.2, 0.3]])
    assert ranking_metrics(constant, rising).iloc[0].tolist() == pytest.approx(
        [0, 0, 0, 0.2, 0]
    )
    assert ranking_metrics(rising, constant).iloc[0, :3].isna().all()
    assert ranking_metrics(rising[:, :2], rising[:, :2]).iloc[0, :3].isna().all()
    assert ranking_metrics(np.empty((0, 3)), np.empty((0, 3))).empty
