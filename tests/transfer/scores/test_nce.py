"""NCE against scikit-learn's and scipy's entropies."""

import numpy as np
import pytest
from scipy.stats import entropy
from sklearn.metrics import mutual_info_score

from core.errors import UsageError
from core.transfer.scores.labels import encode
from core.transfer.scores.nce import nce, nce_of


def test_it_is_the_information_less_the_entropy(source):
    hard, labels = source[0].argmax(axis=1), source[1]
    expected = mutual_info_score(labels, hard) - entropy(np.bincount(labels))
    assert nce(hard, labels) == pytest.approx(expected, rel=1e-10)
    assert -np.log(4) <= nce(hard, labels) <= 0


def test_probabilities_count_by_their_largest(source):
    hard, labels = source[0].argmax(axis=1), source[1]
    assert nce_of(source[0], encode(labels)) == nce(hard, labels)


def test_a_source_that_knows_the_labels_scores_zero():
    assert nce([3, 3, 9, 10], ["a", "a", "b", "b"]) == 0
    assert nce([1, 1, 1, 1], ["a", "a", "b", "b"]) == pytest.approx(-np.log(2))


def test_lists_of_two_lengths_are_a_named_error():
    with pytest.raises(UsageError, match="are 1 for 2 labels"):
        nce([1], [0, 1])
