"""Regularized H-score against scikit-learn's Ledoit-Wolf covariance."""

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf

from core.transfer.scores.regularized_h_score import regularized_h_score


def by_scikit_learn(features, labels):
    """Shrink, invert and multiply, as the definition reads."""
    centered = features - features.mean(axis=0)
    covariance, weight = ledoit_wolf(centered, assume_centered=True)
    replaced = centered.copy()
    for label in np.unique(labels):
        replaced[labels == label] = centered[labels == label].mean(axis=0)
    between = replaced.T @ replaced / (len(labels) - 1)
    return (1 - weight) * np.trace(np.linalg.pinv(covariance, rcond=1e-15) @ between)


def test_it_is_the_trace_with_the_shrunk_covariance(case):
    expected = by_scikit_learn(*case)
    assert regularized_h_score(*case) == pytest.approx(expected, rel=1e-8)


def test_rotation_scale_and_offset_leave_it(tall):
    features, labels = tall
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((7, 7)))[0]
    expected = regularized_h_score(features, labels)
    moved = 1e3 * features @ turn + 1e6
    assert regularized_h_score(moved, labels) == pytest.approx(expected, rel=1e-7)


def test_it_stays_within_its_bounds_and_sees_noise_for_what_it_is(make):
    noise, labels = make(40, 80, 4, seed=0, gap=0.0)
    signal, _ = make(40, 80, 4, seed=0, gap=2.0)
    bound = 3 * 40 / 39
    assert 0 <= regularized_h_score(noise, labels) < 1.2
    assert 2 < regularized_h_score(signal, labels) <= bound


def test_one_feature_is_not_shrunk():
    features, labels = np.array([[0.0], [1.0], [2.0], [5.0]]), [0, 0, 1, 1]
    expected = by_scikit_learn(features, np.array(labels))
    assert regularized_h_score(features, labels) == pytest.approx(expected, rel=1e-12)


def test_two_samples_and_constant_features_have_a_score():
    assert regularized_h_score(np.full((4, 3), 0.1), [0, 0, 1, 1]) == pytest.approx(0)
    assert regularized_h_score([[0.0, 1.0], [1.0, 3.0]], [0, 1]) == pytest.approx(2)
