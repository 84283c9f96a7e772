"""The linear probe against scikit-learn's ridge, fold by fold."""

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV

from core.errors import UsageError
from core.transfer.scores.labels import encode
from core.transfer.scores.linear_probe import STRENGTHS, linear_probe, stratified_folds


def by_scikit_learn(features, labels, folds):
    """Ridge on one-hot labels, its strength by GCV written out with the hat matrix."""
    dealt = stratified_folds(encode(labels), folds, seed=0)
    targets = (labels[:, None] == np.unique(labels)).astype(float)
    right = 0
    for fold in range(folds):
        kept = dealt != fold
        rows, aims = features[kept], targets[kept]
        center = rows.mean(axis=0)
        z, t = rows - center, aims - aims.mean(axis=0)
        eigenvalues = np.linalg.eigvalsh(z.T @ z)
        rank = min(len(z) - 1, np.linalg.matrix_rank(z))
        scale = eigenvalues[-rank:].mean()
        costs = []
        for strength in STRENGTHS * scale:
            hat = z @ np.linalg.solve(z.T @ z + strength * np.eye(z.shape[1]), z.T)
            left = ((t - hat @ t) ** 2).sum()
            costs.append(left / (len(z) - 1 - np.trace(hat)) ** 2)
        model = RidgeCV([STRENGTHS[np.argmin(costs)] * scale]).fit(rows, aims)
        guesses = model.predict(features[~kept]).argmax(axis=1)
        right += (np.unique(labels)[guesses] == labels[~kept]).sum()
    return right / len(labels)


def test_it_is_the_held_out_accuracy_of_ridge(case):
    assert linear_probe(*case, folds=3) == by_scikit_learn(*case, folds=3)


def test_folds_are_stratified_and_complete():
    labels = encode(np.repeat([0, 1, 2], [50, 13, 2]))
    dealt = stratified_folds(labels, 5, seed=1)
    by_class = [np.bincount(dealt[labels.codes == c], minlength=5) for c in range(3)]
    assert all(np.ptp(counts) <= 1 for counts in by_class)


def test_noise_is_chance_and_separable_is_sure(make):
    assert linear_probe(*make(300, 5, 3, seed=0, gap=0.0)) == pytest.approx(
        1 / 3, abs=0.1
    )
    assert linear_probe(*make(300, 5, 3, seed=0, gap=9.0)) == 1


def test_more_folds_than_samples_are_a_named_error():
    with pytest.raises(UsageError, match="5 for 4 samples"):
        linear_probe(np.eye(4), [0, 0, 1, 1])
