"""PARC against numpy's correlation and scipy's Spearman."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from core.transfer.scores import parc as module
from core.transfer.scores.parc import parc


def by_scipy(features, labels):
    spread = features.std(axis=0)
    standard = (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1)
    pairs = np.triu_indices(len(labels), 1)
    distances = 1 - np.corrcoef(standard)[pairs]
    differs = (labels[:, None] != labels)[pairs]
    return 100 * spearmanr(distances, differs).statistic


def test_it_is_spearmans_correlation_of_two_distances(case):
    assert parc(*case) == pytest.approx(by_scipy(*case), rel=1e-8)


@pytest.mark.parametrize("chunk", [7, 2**22])
def test_equal_samples_tie(monkeypatch, chunk):
    monkeypatch.setattr(module, "CHUNK", chunk)
    random = np.random.default_rng(0)
    features = np.repeat(random.standard_normal((6, 5)), 3, axis=0)
    labels = np.arange(18) % 3
    spread = (features - features.mean(axis=0)) / features.std(axis=0)
    pairs = np.triu_indices(18, 1)
    distances = np.round(1 - np.corrcoef(spread)[pairs], 9)
    expected = spearmanr(distances, (labels[:, None] != labels)[pairs]).statistic
    assert parc(features, labels) == pytest.approx(100 * expected, rel=1e-9)


def test_scale_of_columns_and_offset_leave_it(tall):
    features, labels = tall
    moved = features * 10.0 ** np.arange(-3, 4) + 50
    assert parc(moved, labels) == pytest.approx(parc(features, labels), rel=1e-8)


def test_constant_columns_stay_as_zeros(tall):
    features, labels = tall
    padded = np.column_stack([features, np.full(120, 0.5)])
    assert parc(padded, labels) == pytest.approx(by_scipy(padded, labels), rel=1e-8)
    assert parc(padded, labels) != pytest.approx(parc(features, labels), rel=1e-3)


def test_without_two_distances_there_is_no_correlation():
    assert np.isnan(parc(np.ones((4, 3)), [0, 0, 1, 1]))
    assert np.isnan(parc(np.random.default_rng(0).random((4, 3)), [0, 1, 2, 3]))


def test_bounds_and_a_sample_of_many(make, monkeypatch):
    features, labels = make(600, 6, 3, seed=0, gap=2.0)
    whole = parc(features, labels)
    monkeypatch.setattr(module, "MOST_SAMPLES", 300)
    assert -100 <= whole <= 100
    assert parc(features, labels) == pytest.approx(whole, abs=5)
