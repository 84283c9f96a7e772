"""Two models over the layers of their base."""

import pandas as pd

from core.charts.pair import pair_profile


def sides(**changes):
    rows = pd.DataFrame(
        {
            "block": ["stem", "stem", "<b>1</b>"], "order": [0, 0, 1],
            "tensor": ["a", "mean", "b"], "is_parameter": [True, False, True],
            "relative_l2_first": [0.0, 0.9, 0.2],
            "relative_l2_second": [0.1, 0.9, None],
        }
    )  # fmt: skip
    return rows.assign(**changes)


def test_each_model_has_its_color_and_only_parameters_are_drawn():
    first, _, second, _ = pair_profile(sides(), ("ann/a", "<i>b</i>")).data
    assert list(first.y) == [0.0, 0.2]
    assert list(second.y) == [0.1]
    assert (first.name, second.name) == ("ann/a", "&lt;i&gt;b&lt;/i&gt;")
    assert first.marker.color != second.marker.color
    assert first.marker.symbol != second.marker.symbol


def test_layers_stand_in_forward_order_and_are_escaped():
    axis = pair_profile(sides(), ("a", "b")).layout.xaxis
    assert list(axis.categoryarray) == ["stem", "&lt;b&gt;1&lt;/b&gt;"]


def test_a_model_that_was_not_measured_is_left_out():
    figure = pair_profile(sides(relative_l2_second=None), ("a", "b"))
    assert {trace.legendgroup for trace in figure.data} == {"0"}
    nobody = sides(relative_l2_first=None, relative_l2_second=None)
    assert not pair_profile(nobody, ("a", "b")).data
