"""H-score against the pseudo-inverse and canonical correlations; its bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.transfer.scores.h_score import h_score


def by_pseudo_inverse(features, labels):
    """tr(S⁺ S_between), by numpy's pinv."""
    centered = features - features.mean(axis=0)
    replaced = centered.copy()
    for label in np.unique(labels):
        replaced[labels == label] = centered[labels == label].mean(axis=0)
    inverse = np.linalg.pinv(centered.T @ centered, rcond=1e-12, hermitian=True)
    return np.trace(inverse @ (replaced.T @ replaced))


def test_it_is_the_trace_with_the_pseudo_inverse(case):
    expected = by_pseudo_inverse(*case)
    assert h_score(*case) == pytest.approx(expected, rel=1e-8)


def test_it_is_the_sum_of_squared_canonical_correlations(case):
    features, labels = case
    targets = (labels[:, None] == np.unique(labels)).astype(float)
    bases = []
    for block in (features, targets):
        u, s, _ = np.linalg.svd(block - block.mean(axis=0), full_matrices=False)
        bases.append(u[:, s > 1e-10 * s[0]])
    expected = (np.linalg.svd(bases[0].T @ bases[1])[1] ** 2).sum()
    assert h_score(features, labels) == pytest.approx(expected, rel=1e-8)


def test_it_says_nothing_where_features_outnumber_samples(make):
    features, labels = make(20, 40, 4, seed=0, gap=0.0)
    assert h_score(features, labels) == pytest.approx(3, rel=1e-8)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 999), classes=st.integers(2, 5), width=st.integers(1, 40))
def test_it_stays_between_zero_and_its_rank(seed, classes, width):
    random = np.random.default_rng(seed)
    features = random.standard_normal((30, width))
    score = h_score(features, random.permutation(np.arange(30) % classes))
    assert 0 <= score <= min(classes - 1, width) + 1e-9


def test_any_change_of_coordinates_leaves_it(tall):
    features, labels = tall
    mixing = np.random.default_rng(0).standard_normal((7, 7))
    moved = (features @ mixing) * 10.0 ** np.arange(-6, 8, 2) + 1e5
    assert h_score(moved, labels) == pytest.approx(h_score(features, labels), rel=1e-6)
    far = features + 1e6
    assert h_score(far, labels) == pytest.approx(h_score(features, labels), rel=1e-8)


def test_constant_features_count_for_nothing(tall):
    features, labels = tall
    padded = np.column_stack([features, np.full((120, 2), [0.1, 1e9])])
    expected = h_score(features, labels)
    assert h_score(padded, labels) == pytest.approx(expected, rel=1e-9)
    assert h_score(np.full((6, 2), 0.1), [0, 0, 0, 1, 1, 1]) == 0
