"""What a figure shows, told in numbers."""

import numpy as np
import plotly.graph_objects as go
import pytest

from core.charts.in_numbers import in_numbers


def scatter(x, y, **layout) -> go.Figure:
    return go.Figure(go.Scatter(x=x, y=y), layout)


def test_ends_are_those_of_the_numbers():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(1e6, 9e8, 50), rng.uniform(0, 1, 50)
    told = in_numbers(
        scatter(x, y, xaxis={"title": {"text": "Parameters"}},
                yaxis={"title": {"text": "<b>Accuracy</b>"}, "tickformat": "~%"})
    )  # fmt: skip
    assert told.startswith("1 series, 50 points; Parameters from ")
    assert f"to {x.max() / 1e6:.3g} M" in told
    assert f"Accuracy from {100 * y.min():.3g} % to {100 * y.max():.3g} %" in told


def test_what_is_missing_or_named_is_no_number():
    told = in_numbers(scatter(["a", "b", None], [1.0, np.nan, None],
                              xaxis={"title": {"text": "Family"}},
                              yaxis={"title": {"text": "Models"}}))  # fmt: skip
    assert told == "1 series, 3 points; Models from 1 to 1"


def test_a_second_axis_is_told_apart():
    figure = scatter([1, 2], [3, 4], xaxis={"title": {"text": "One"}})
    figure.add_scatter(x=[7, 8], y=[3, 4], xaxis="x2")
    figure.update_layout(xaxis2={"title": {"text": "Two"}})
    assert "One from 1 to 2" in in_numbers(figure)
    assert "Two from 7 to 8" in in_numbers(figure)


@pytest.mark.parametrize("z", [np.zeros((0, 3)), np.full((2, 3), np.nan)])
def test_cells_without_numbers_have_a_size_alone(z):
    told = in_numbers(go.Figure(go.Heatmap(z=z)))
    assert told.endswith("of cells") and told.startswith(str(len(z)))
