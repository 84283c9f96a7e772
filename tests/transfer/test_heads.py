"""Retrain-head accuracy equals a plain numpy head, on images it never saw."""

import numpy as np
import pytest
from scipy.stats import norm

from core.errors import UsageError
from core.transfer.heads import head_accuracy, measure_head


def clouds(count=120, classes=3, width=6, spread=1.0, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    centers = rng.normal(0, 1, (classes, width))
    return centers[labels] + rng.normal(0, spread, (count, width)), labels


def plain_ridge(train, test, alpha):
    """Solve one-against-all least squares in closed form, labels -1 and 1."""
    (x, y), (held, truth) = train, test
    mean, deviation = x.mean(0), x.std(0)
    x, held = (x - mean) / deviation, (held - mean) / deviation
    targets = np.where(y[:, None] == np.unique(y), 1.0, -1.0)
    weights = np.linalg.solve(
        x.T @ x + alpha * np.eye(x.shape[1]), x.T @ (targets - targets.mean(0))
    )
    scores = held @ weights + targets.mean(0)
    return (np.unique(y)[scores.argmax(1)] == truth).mean()


@pytest.mark.parametrize("seed", range(5))
def test_the_ridge_head_is_least_squares(seed):
    x, y = clouds(seed=seed)
    train, test = (x[:80], y[:80]), (x[80:], y[80:])
    found = measure_head(train, test)
    assert found.accuracy == plain_ridge(train, test, found.penalty)


@pytest.mark.parametrize("kind", ["ridge", "logistic"])
def test_noise_is_no_better_than_chance_and_separate_classes_are_told(kind):
    x, y = clouds(400, spread=0.1)
    assert head_accuracy(x, y, kind=kind).accuracy == 1
    noise = head_accuracy(np.random.default_rng(0).normal(size=(400, 6)), y, kind=kind)
    assert noise.low < 1 / 3 < noise.high


def test_the_interval_is_wilsons():
    found = head_accuracy(*clouds(spread=1.5))
    p, n, z = found.accuracy, found.test_images, norm.ppf(0.975)
    middle, half = (
        p + z * z / (2 * n),
        z * np.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2),
    )
    expected = np.array([middle - half, middle + half]) / (1 + z * z / n)
    np.testing.assert_allclose([found.low, found.high], expected)


def test_the_majority_stands_beside():
    x, y = clouds(100, classes=2)
    y[:80] = 0
    found = head_accuracy(np.zeros_like(x), y)
    assert found.accuracy == found.majority == pytest.approx((y == 0).mean(), abs=0.03)


def test_scaling_features_changes_nothing():
    x, y = clouds()
    scaled = head_accuracy(x * 1000 + 5, y)
    assert scaled.accuracy == head_accuracy(x, y).accuracy


def test_fewer_images_than_features():
    x, y = clouds(24, width=200, spread=0.2)
    assert head_accuracy(x, y).accuracy > 0.5


@pytest.mark.parametrize("change, told", [
    (lambda x, y: (x * np.nan, y), "not all finite"),
    (lambda x, y: (x, np.where(np.arange(len(y)) == 5, 9, y)), "one image of class 9"),
    (lambda x, y: (x[:-1], y), r"give \(N, D\) and \(N,\)"),
    (lambda x, y: (x, np.full(len(y), -1)), "has no labels"),
])  # fmt: skip
def test_what_cannot_be_measured_is_told(change, told):
    with pytest.raises(UsageError, match=told):
        head_accuracy(*change(*clouds()))
