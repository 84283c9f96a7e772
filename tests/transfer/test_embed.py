"""Vectors of models and tasks: lengths, unknown words and numbers, an encoder."""

import numpy as np
import pandas as pd

from core.transfer.embed import embed, normalized, word_vectors


def test_groups_have_a_row_each_and_words_length_one(make_records):
    found = embed(make_records())
    assert found.models.shape == (6, 6 + 3 + 3) and found.tasks.shape == (
        24,
        3 + 12 + 2,
    )
    np.testing.assert_allclose(np.linalg.norm(found.labels, axis=1), 1)
    np.testing.assert_allclose(found.model_numbers.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(found.model_numbers.std(axis=0), 1)


def test_what_never_differs_or_is_unknown_is_zero():
    table = pd.DataFrame({"params": [5, 5, 5], "gmacs": [np.nan, -1, 0]})
    assert (normalized(table, ["params", "gmacs"]) == 0).all()
    assert word_vectors([[], []]).shape == (2, 0)


def test_an_encoder_makes_alike_words_alike():
    places = {"cat": [1.0, 0], "kitten": [0.9, 0.1], "clock": [0, 1.0]}
    vectors = word_vectors(
        [["cat"], ["kitten"], ["clock"]], lambda words: [places[word] for word in words]
    )
    assert vectors[0] @ vectors[1] > 0.9 > 0 > vectors[0] @ vectors[2]
