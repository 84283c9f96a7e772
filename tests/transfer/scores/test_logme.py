"""LogME against the evidence itself, maximized by another route."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from core.errors import UsageError
from core.transfer.scores.logme import logme, logme_regression


def by_iteration(features, target):
    """MacKay's fixed point on the SVD, run until it stands, in the paper's formula."""
    n, d = features.shape
    _, singular, right = np.linalg.svd(features, full_matrices=False)
    rank = int((singular > singular[0] * max(n, d) * 1e-15).sum())
    s = singular[:rank] ** 2
    x2 = (right[:rank] @ (features.T @ target)) ** 2 / s
    r0 = 0.0 if rank >= n else max(target @ target - x2.sum(), 0)
    a = b = 1.0
    for _ in range(20_000):
        tau = a / b
        gamma = (s / (s + tau)).sum()
        m2 = (s * x2 / (s + tau) ** 2).sum()
        residual = (x2 * (tau / (s + tau)) ** 2).sum() + r0
        a, b = gamma / m2, (n - rank + (tau / (s + tau)).sum()) / residual
        is_at_limit = not 1e-30 * s[-1] < a / b < 1e30 * s[0]
        if is_at_limit or abs(a / b / tau - 1) < 1e-14:
            break
    tau = a / b
    quadratic = (x2 * tau / (s + tau)).sum() + r0
    b = n / quadratic
    spread = np.log1p(s / tau).sum()
    return (n * np.log(b) - n * np.log(2 * np.pi) - n - spread) / (2 * n)


def by_density(features, target):
    """Maximize the density of t ~ N(0, I/b + XX'/a) over ln a and ln b."""
    count = len(target)
    gram = features @ features.T

    def loss(logs):
        covariance = np.eye(count) * np.exp(-logs[1]) + gram * np.exp(-logs[0])
        fit = target @ np.linalg.solve(covariance, target)
        volume = np.linalg.slogdet(2 * np.pi * covariance)[1]
        return (fit + volume) / (2 * count)

    starts = [(0, 0), (3, 3), (0, 6), (6, 0), (2, 20)]
    found = [minimize(loss, s, method="Nelder-Mead", **TIGHT) for s in starts]
    return -min(result.fun for result in found)


TIGHT = {
    "bounds": [(-10, 30), (-10, 30)],
    "options": {"xatol": 1e-7, "fatol": 1e-13, "maxiter": 2000},
}


def one_hot(labels):
    return (labels[:, None] == np.unique(labels)).astype(float)


def test_it_is_the_fixed_point_of_the_paper(case):
    features, labels = case
    expected = np.mean([by_iteration(features, t) for t in one_hot(labels).T])
    assert logme(features, labels) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(("count", "width"), [(12, 30), (14, 14), (25, 6)])
def test_it_is_the_exact_evidence_for_few_samples_too(make, count, width):
    features, labels = make(count, width, 2, seed=count, gap=0.3)
    expected = np.mean([by_density(features, t) for t in one_hot(labels).T])
    assert logme(features, labels) == pytest.approx(expected, rel=1e-6, abs=1e-7)


def test_targets_that_are_numbers(make):
    features, _ = make(40, 6, 2, seed=3)
    random = np.random.default_rng(0)
    targets = features @ random.standard_normal((6, 2)) + random.standard_normal(
        (40, 2)
    )
    expected = np.mean([by_iteration(features, t) for t in targets.T])
    assert logme_regression(features, targets) == pytest.approx(expected, rel=1e-8)
    single = by_iteration(features, targets[:, 0])
    assert logme_regression(features, targets[:, 0]) == pytest.approx(single, rel=1e-8)


def test_one_hot_targets_are_the_labels(tall):
    features, labels = tall
    as_numbers = logme_regression(features, one_hot(labels))
    assert as_numbers == pytest.approx(logme(features, labels), rel=1e-10)


@settings(max_examples=20, deadline=None)
@given(scale=st.floats(1e-6, 1e6), seed=st.integers(0, 99))
def test_scale_and_rotation_change_nothing(scale, seed):
    random = np.random.default_rng(seed)
    features, labels = random.standard_normal((30, 5)) + 1, np.arange(30) % 3
    turned = scale * features @ np.linalg.qr(random.standard_normal((5, 5)))[0]
    assert logme(turned, labels) == pytest.approx(logme(features, labels), rel=1e-8)


def test_it_prefers_separable_features(make):
    separable, labels = make(100, 4, 2, seed=0, gap=4.0)
    noise, _ = make(100, 4, 2, seed=0, gap=0.0)
    assert logme(separable, labels) > logme(noise, labels)


def test_features_that_give_the_labels_exactly_have_no_finite_evidence():
    labels = np.repeat([0, 1, 2], 5)
    assert logme(one_hot(labels), labels) == np.inf


def test_features_of_zeros_leave_the_plain_likelihood():
    labels = np.array([0, 0, 0, 1])
    expected = np.mean([-0.5 * np.log(2 * np.pi * n / 4) - 0.5 for n in (3, 1)])
    assert logme(np.zeros((4, 2)), labels) == pytest.approx(expected, rel=1e-12)


def test_targets_of_another_length_are_a_named_error():
    with pytest.raises(UsageError, match="give one row a target"):
        logme_regression(np.ones((4, 2)), [1.0, 2.0])


def test_a_gram_matrix_that_would_not_fit_is_a_named_error():
    with pytest.raises(UsageError, match="have 20,000 columns; pool or project them"):
        logme_regression(np.ones((2, 20_000)), [1.0, 2.0])
