"""Small labeled feature sets of every shape that scores meet."""

from collections.abc import Callable

import numpy as np
import pytest

Case = tuple[np.ndarray, np.ndarray]


def clusters(count: int, width: int, classes: int, seed: int, gap: float = 1.0) -> Case:
    """Gaussian classes around random means; every class occurs."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(count) % classes)
    means = gap * random.standard_normal((classes, width))
    return means[labels] + random.standard_normal((count, width)), labels


def deficient(seed: int) -> Case:
    features, labels = clusters(60, 5, 3, seed)
    mixing = np.random.default_rng(seed + 1).standard_normal((5, 12))
    return features @ mixing, labels


def imbalanced(seed: int) -> Case:
    features, labels = clusters(90, 6, 4, seed)
    labels = np.repeat([0, 1, 2, 3], [60, 25, 4, 1])
    features[labels == 1] += 1.5
    return features, labels


def rectified(seed: int) -> Case:
    features, labels = clusters(100, 15, 5, seed)
    features = np.maximum(features + 0.5, 0)
    features[:, 3] = 0
    return features, labels


CASES = {
    "tall": lambda seed: clusters(120, 7, 4, seed),
    "wide": lambda seed: clusters(20, 35, 3, seed),
    "deficient": deficient,
    "imbalanced": imbalanced,
    "rectified": rectified,
}


@pytest.fixture(params=[(name, seed) for name in CASES for seed in (0, 1)], ids=str)
def case(request) -> Case:
    """Ten seeded sets: N > D, N < D, rank-deficient, imbalanced, and ReLU-like."""
    name, seed = request.param
    return CASES[name](seed)


@pytest.fixture
def tall() -> Case:
    return CASES["tall"](0)


@pytest.fixture
def make() -> Callable[..., Case]:
    return clusters


@pytest.fixture(params=range(5))
def source(request) -> Case:
    """Source probabilities (60, 8), one class never predicted, and labels."""
    random = np.random.default_rng(request.param)
    logits = 2 * random.standard_normal((60, 8))
    powers = np.exp(logits) * (np.arange(8) != 5)
    return powers / powers.sum(axis=1, keepdims=True), random.integers(0, 4, 60)
