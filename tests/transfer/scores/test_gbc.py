"""GBC against a loop over pairs of classes with whole covariance matrices."""

from itertools import permutations

import numpy as np
import pytest

from core.transfer.scores.gbc import gbc_diagonal, gbc_spherical


def by_matrices(features, labels, spherical):
    """Minus the sum of exp(-Bhattacharyya distance), from covariance matrices."""
    gaussians = {}
    for label in np.unique(labels):
        rows = features[labels == label]
        variances = np.maximum(rows.var(axis=0), 1e-4)
        if spherical:
            variances = np.full(len(variances), variances.mean())
        gaussians[label] = rows.mean(axis=0), np.diag(variances)
    total = 0.0
    for i, j in permutations(gaussians, 2):
        (mean, cov), (other, other_cov) = gaussians[i], gaussians[j]
        middle = (cov + other_cov) / 2
        apart = (mean - other) @ np.linalg.solve(middle, mean - other) / 8
        logs = [np.linalg.slogdet(m)[1] for m in (middle, cov, other_cov)]
        total += np.exp(-(apart + (logs[0] - (logs[1] + logs[2]) / 2) / 2))
    return -total


@pytest.mark.parametrize("score", [gbc_diagonal, gbc_spherical])
def test_it_is_the_overlap_of_gaussians(case, score):
    features, labels = case
    expected = by_matrices(features, labels, score is gbc_spherical)
    assert score(features, labels) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("score", [gbc_diagonal, gbc_spherical])
def test_its_bounds_are_reached(score):
    features = np.tile(np.random.default_rng(0).standard_normal((10, 3)), (3, 1))
    labels = np.repeat([0, 1, 2], 10)
    assert score(features, labels) == pytest.approx(-6, rel=1e-9)
    assert score(features + 1e4 * labels[:, None], labels) == 0


def test_order_of_samples_and_a_common_offset_do_not_matter(tall):
    features, labels = tall
    order = np.random.default_rng(0).permutation(len(labels))
    for score in (gbc_diagonal, gbc_spherical):
        moved = score(features[order] + 1e5, labels[order])
        assert moved == pytest.approx(score(features, labels), rel=1e-8)
