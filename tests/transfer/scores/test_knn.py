"""Leave-one-out neighbors against scikit-learn and a plain loop."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from core.transfer.scores import blocks
from core.transfer.scores.knn import knn, nearest
from core.transfer.scores.samples import samples


def by_loop(features):
    """The first of the nearest, from exact differences."""
    found, features = [], np.asarray(features, float)
    for i, row in enumerate(features):
        squares = ((features - row) ** 2).sum(axis=1)
        squares[i] = np.inf
        found.append(squares.argmin())
    return np.array(found)


def test_it_is_leave_one_out_accuracy(case):
    features, labels = case
    model = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(features)
    others = model.kneighbors(return_distance=False)[:, 0]
    assert knn(features, labels) == (labels[others] == labels).mean()


@pytest.mark.parametrize("offset", [0, 1e7])
def test_ties_go_to_the_first_in_any_number_of_blocks(monkeypatch, offset):
    monkeypatch.setattr(blocks, "BLOCK_VALUES", 60)
    random = np.random.default_rng(0)
    features = random.integers(0, 3, (100, 4)) + offset
    found = nearest(samples(features, np.arange(100) % 2))
    assert found.tolist() == by_loop(features).tolist()


def test_rotation_and_scale_leave_it(tall):
    features, labels = tall
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((7, 7)))[0]
    assert knn(1e-9 * features @ turn, labels) == knn(features, labels)
