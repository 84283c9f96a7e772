"""Models with the same row of a freeze map, gathered and put in words."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.derived.alike import alike, frozen_words


@settings(deadline=None, max_examples=40)
@given(arrays(np.int8, (9, 4), elements=st.integers(-1, 2)))
def test_every_model_is_in_one_pattern_whose_row_is_its_own(codes):
    matrix = pd.DataFrame(codes, [f"m{n}" for n in range(9)], list("abcd"))
    found = alike(matrix)
    assert sorted(found.members["model"]) == sorted(matrix.index)
    assert found.rows.index.is_unique
    for pattern, members in found.members.groupby("pattern"):
        assert (matrix.loc[members["model"]] == found.rows.loc[pattern]).all(axis=None)
        assert pattern.startswith(f"{len(members)} × ")


def test_the_most_frequent_pattern_is_first_and_ties_keep_their_order():
    matrix = pd.DataFrame([[1], [0], [0], [2]], list("abcd"), ["stem"])
    names = alike(matrix).rows.index.tolist()
    assert names == [
        "2 × everything frozen", "1 × nothing frozen", "1 × nothing frozen (2)"
    ]  # fmt: skip
    assert alike(matrix, frequent_first=False).rows["stem"].tolist() == [1, 0, 2]


def test_what_neither_side_has_is_not_spoken_of():
    assert frozen_words(np.array([-1, 0, -1, 0]), list("abcd")) == "everything frozen"
    assert frozen_words(np.array([-1, 0, 1, -1, 0]), list("abcde")) == "b, e frozen"


def test_no_models_make_no_patterns():
    assert alike(pd.DataFrame(np.zeros((0, 3), np.int8))).rows.empty
