"""SFDA against generalized eigenvectors, as the authors compute it."""

import numpy as np
import pytest
from scipy.linalg import eigh

from core.transfer.scores.sfda import sfda, softmax


def covariance(rows, weight=0.0):
    plain = np.cov(rows.T, bias=True)
    level = np.trace(plain) / len(plain)
    return (1 - weight) * plain + weight * level * np.eye(len(plain))


def largest_eigenvalue(matrix):
    x = matrix.sum(axis=1)
    for _ in range(3):
        y = matrix @ x / np.linalg.norm(matrix @ x)
        x = matrix @ y / np.linalg.norm(matrix @ y)
    return x @ matrix @ y


def probabilities(features, labels, weight=None):
    """Fit by generalized eigenvectors; return the probabilities and the shrinkage."""
    shares = np.bincount(labels) / len(labels)
    groups = [features[labels == label] for label in range(len(shares))]
    within = sum(s * covariance(g) for s, g in zip(shares, groups, strict=True))
    if weight is None:
        weight = max(np.exp(-5 * largest_eigenvalue(within)), 1e-10)
    level = np.trace(within) / len(within)
    within = (1 - weight) * within + weight * level * np.eye(len(within))
    vectors = eigh(covariance(features, weight) - within, within)[1]
    means = np.array([group.mean(axis=0) for group in groups])
    coefficients = means @ vectors @ vectors.T
    biases = np.log(shares) - (means * coefficients).sum(axis=1) / 2
    return softmax(features @ coefficients.T + biases), weight


def by_eigenvectors(features, labels):
    count, classes = len(labels), labels.max() + 1
    first, weight = probabilities(features, labels)
    soft = softmax(first)
    means = np.array(
        [features[labels == label].mean(axis=0) for label in range(classes)]
    )
    mixed = np.empty_like(features)
    for n in range(count):
        others = np.delete(means, labels[n], axis=0).mean(axis=0)
        sure = soft[n, labels[n]]
        mixed[n] = sure * features[n] + (1 - sure) * others
    return probabilities(mixed, labels, weight)[0][np.arange(count), labels].mean()


def test_it_is_the_authors_score(case):
    assert sfda(*case) == pytest.approx(by_eigenvectors(*case), rel=1e-8)


def test_it_is_a_probability_and_grows_with_the_gap(make):
    scores = [sfda(*make(90, 5, 3, seed=0, gap=gap)) for gap in (0.0, 0.5, 1.0, 3.0)]
    assert scores == sorted(scores)
    assert 0 < scores[0] < scores[-1] <= 1


def test_offset_and_rotation_leave_it(tall):
    features, labels = tall
    assert sfda(features + 1e5, labels) == pytest.approx(sfda(features, labels))


def test_classes_of_points_have_no_discriminant():
    assert np.isnan(sfda([[0.0], [0.0], [1.0], [1.0]], [0, 0, 1, 1]))
