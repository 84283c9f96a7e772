"""Labels of any kind as codes."""

import numpy as np
import pandas as pd
import pytest
import torch

from core.errors import UsageError
from core.transfer.scores.labels import encode, stratified


@pytest.mark.parametrize(
    "labels",
    [
        [5, -2, 900, 5],
        ["dog", "cat", "eel", "dog"],
        np.array([b"dog", b"cat", b"eel", b"dog"]),
        np.array([0.5, -1.0, 7.0, 0.5], dtype=np.float32),
        np.array([5, 2, 9, 5], dtype=np.uint8),
        torch.tensor([5, 2, 9, 5]),
        pd.Series(["dog", "cat", "eel", "dog"], dtype="category"),
    ],
)
def test_codes_are_the_rank_of_the_class(labels):
    assert encode(labels).codes.tolist() == [1, 0, 2, 1]


def test_truth_values_are_two_classes():
    found = encode([True, False, True])
    assert found.codes.tolist() == [1, 0, 1]
    assert found.counts.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        ([1.0, np.nan], "hold 1 missing values"),
        (np.array(["a", None], dtype=object), "hold 1 missing"),
        ([[0, 1], [1, 0]], r"have the shape \(2, 2\)"),
        (np.array([{}, 1], dtype=object), "mix kinds"),
    ],
)
def test_what_is_no_list_of_labels_is_a_named_error(labels, problem):
    with pytest.raises(UsageError, match=problem):
        encode(labels)


def test_a_sample_keeps_every_class_and_its_share():
    labels = encode(np.repeat([0, 1, 2], [800, 199, 1]))
    kept = stratified(labels, 100, seed=3)
    assert np.bincount(labels.codes[kept]).tolist() == [80, 19, 1]
    assert (np.diff(kept) > 0).all()
    assert kept.tolist() == stratified(labels, 100, seed=3).tolist()
