"""TransRate against log-determinants of D × D matrices."""

import numpy as np
import pytest

from core.transfer.scores.transrate import coding_rate, transrate


def by_determinants(features, labels):
    def rate(rows):
        inner = np.eye(rows.shape[1]) + rows.T @ rows / (len(rows) * 1e-4)
        return np.linalg.slogdet(inner)[1] / 2

    centered = features - features.mean(axis=0)
    parts = [centered[labels == label] for label in np.unique(labels)]
    shares = [len(part) / len(labels) for part in parts]
    return rate(centered) - sum(s * rate(p) for s, p in zip(shares, parts, strict=True))


def test_it_is_the_difference_of_coding_rates(case):
    assert transrate(*case) == pytest.approx(by_determinants(*case), rel=1e-8)


def test_rotation_and_offset_leave_it(tall):
    features, labels = tall
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((7, 7)))[0]
    moved = transrate(features @ turn + 1e4, labels)
    assert moved == pytest.approx(transrate(features, labels), rel=1e-8)


def test_it_is_never_negative_and_zero_for_equal_classes():
    random = np.random.default_rng(0)
    same = np.tile(random.standard_normal((10, 4)), (2, 1))
    assert transrate(same, np.repeat([0, 1], 10)) == pytest.approx(0, abs=1e-12)
    for seed in range(10):
        labels = np.random.default_rng(seed).integers(0, 3, 30)
        assert transrate(random.standard_normal((30, 5)), labels) >= 0


def test_both_gram_matrices_have_one_coding_rate():
    rows = np.random.default_rng(0).standard_normal((5, 9))
    assert coding_rate(rows @ rows.T, 5) == pytest.approx(coding_rate(rows.T @ rows, 5))
