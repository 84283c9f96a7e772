"""Charts of a family draw exactly their rows, escaped, with intervals around values."""

import numpy as np
import pandas as pd
import pytest

from core.charts.family_layers import layer_bars
from core.charts.family_popularity import (
    downloads_by_pattern,
    models_over_time,
    reported_values,
)
from core.charts.family_shares import depth_bars, share_bars
from core.charts.theme import GREY

EVIL = "<b>evil</b>"


@pytest.fixture
def shares():
    return pd.DataFrame(
        {
            "kind": ["full", EVIL], "models": [3, 1], "total": 4,
            "share": [0.75, 0.25], "low": [0.3, 0.05], "high": [0.95, 0.7],
            "downloads": pd.array([10, None], "Int64"),
            "downloads_share": pd.array([1.0, None], "Float64"),
            "downloads_low": [0.2, np.nan], "downloads_high": [1.0, np.nan],
        }
    )  # fmt: skip


@pytest.fixture
def layers():
    return pd.DataFrame(
        {
            "block": ["stem", EVIL, "head"], "order": [0, 1, 2], "models": [0, 2, 4],
            "total": 4, "share": [0, 0.5, 1], "low": [0, 0.2, 0.5],
            "high": [0.5, 0.8, 1], "measured": [0, 2, 0],
            "mean_relative_l2": [np.nan, 0.1, np.nan],
        }
    )  # fmt: skip


@pytest.fixture
def counts():
    return pd.DataFrame(
        {
            "kind": ["a", "b", "b"], "models": [1, 2, 3], "depth": [0, 2, 0],
            "up_to": ["nothing", "block 1", "nothing"],
            "period": pd.to_datetime(["2024-01-01", "2024-01-01", "2024-02-01"]),
        }
    )  # fmt: skip


def test_shares_stand_in_order_with_their_intervals(shares):
    bars, diamonds = share_bars(shares, "kind").data
    assert list(bars.x) == [0.75, 0.25]
    assert list(bars.x + bars.error_x.array) == pytest.approx([0.95, 0.7])
    assert list(bars.x - bars.error_x.arrayminus) == pytest.approx([0.3, 0.05])
    assert list(diamonds.x) == [1.0]


def test_foreign_words_are_shown_as_text(shares, layers):
    for figure in (share_bars(shares, "kind"), layer_bars(layers)):
        assert "<b>evil" not in figure.to_json().replace("\\u003c", "<")


def test_without_downloads_there_are_bars_alone(shares):
    assert len(share_bars(shares.drop(columns="downloads_share"), "kind").data) == 1
    assert len(share_bars(shares[:0], "kind").data) == 1


def test_layers_draw_their_distance_only_where_it_was_measured(layers):
    bars, line = layer_bars(layers).data
    assert list(bars.y) == [0, 0.5, 1]
    assert np.isnan(line.y[0]) and line.y[1] == 0.1
    assert len(layer_bars(layers.assign(mean_relative_l2=np.nan)).data) == 1


@pytest.mark.parametrize("draw", [depth_bars, models_over_time])
def test_stacks_hold_every_model_the_commonest_first(counts, draw):
    figure = draw(counts)
    assert [bar.name for bar in figure.data] == ["b", "a"]
    assert sum(sum(bar.y) for bar in figure.data) == 6
    assert not draw(counts[:0]).data


def test_depths_are_named_in_forward_order(counts):
    assert depth_bars(counts).layout.xaxis.categoryarray == ("nothing", "block 1")


def test_every_model_with_downloads_is_a_point_and_zero_is_drawn():
    models = pd.DataFrame(
        {"id": list("abc"), "status": "ok", "kind": "full",
         "downloads": pd.array([0, 100, None], "Int64")}
    )  # fmt: skip
    medians = pd.DataFrame(
        {"kind": ["full"], "models": 2, "median": 50.0, "low": np.nan, "high": np.nan}
    )
    points, middle = downloads_by_pattern(models, medians).data
    assert list(points.x) == [1, 100]
    assert list(middle.error_x.array) == [0]


def test_only_the_first_rank_is_in_color():
    ranked = pd.DataFrame(
        {"id": ["a", "b", EVIL, "d"], "rank": pd.array([1, 1, 3, None], "Int64"),
         "value": pd.array([0.9, 0.9, 0.5, None], "Float64"), "downloads": 1}
    )  # fmt: skip
    figure = reported_values(ranked, "accuracy", is_share=True)
    assert [color == GREY for color in figure.data[0].marker.color] == [
        True,
        False,
        False,
    ]
    assert figure.layout.yaxis.ticktext[0] == "&lt;b&gt;evil&lt;/b&gt;"
