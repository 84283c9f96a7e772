"""Draws of the retrain index against the study's own and against rejection sampling."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UsageError
from core.snapshots.retrain_index import DISTRIBUTIONS, draw_indices

NORMALS = [name for name, normal in DISTRIBUTIONS.items() if normal]


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("TOP_LAYERS", [1, 2, 1, 1]),
        ("TWENTY_FIVE_PERCENT", [2, 4, 3, 3]),
        ("FIFTY_PERCENT", [4, 6, 5, 5]),
        ("LAST_ONE_LAYER", [1, 1, 1, 1]),
    ],
)
def test_the_first_draws_for_resnet_18_are_the_studys(name, first):
    assert draw_indices(name, 9, 4, seed=42) == first


@pytest.mark.parametrize("name", NORMALS)
def test_draws_follow_the_truncated_normal(name):
    points, normal = 40, DISTRIBUTIONS[name]
    drawn = np.array(draw_indices(name, points, 4000, seed=1))
    draw = np.random.default_rng(0)
    plain = draw.normal(normal.mean * points, normal.deviation * points, 40_000)
    kept = np.round(plain[(plain >= 0) & (plain <= points)]).clip(0, points - 1)
    error = 5 * kept.std() / len(drawn) ** 0.5
    assert abs(drawn.mean() - kept.mean()) < error
    assert abs(drawn.std() - kept.std()) < error


@given(
    st.sampled_from(list(DISTRIBUTIONS)), st.integers(1, 90), st.integers(0, 40),
    st.integers(0, 9),
)  # fmt: skip
def test_every_draw_is_an_index_that_the_network_has(name, points, count, seed):
    drawn = draw_indices(name, points, count, seed=seed)
    assert drawn == draw_indices(name, points, count, seed=seed)
    assert len(drawn) == count and all(0 <= index < points for index in drawn)


def test_uniform_draws_reach_every_index():
    assert set(draw_indices("UNIFORM", 9, 400)) == set(range(9))


@pytest.mark.parametrize("wrong", ["NORMAL", [9], [-1], []])
def test_what_is_no_distribution_is_refused(wrong):
    with pytest.raises(UsageError):
        draw_indices(wrong, 9, 3)
