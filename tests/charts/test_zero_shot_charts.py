"""Ranks, consensus and fronts draw what their frames hold, foreign text escaped."""

import pandas as pd
import pytest

from core.charts.zero_shot_front import COSTS, score_vs_cost
from core.charts.zero_shot_ranks import consensus_range, rank_matrix


@pytest.fixture
def ranked():
    rows = [("<b>one</b>", "x", 1), ("<b>one</b>", "y", 2), ("two", "y", 1)]
    frame = pd.DataFrame(rows, columns=["title", "model", "rank"])
    return frame.assign(name=frame["model"], label="as", of=2)


@pytest.fixture
def found():
    return pd.DataFrame(
        {
            "model": ["y", "x"], "name": ["Y", "<i>X</i>"], "score": [0.75, 0.5],
            "at_least": [0.7, 0.2], "sources": 1, "rankings": 2, "best": 1, "worst": 2,
        }
    )  # fmt: skip


def test_a_square_holds_its_rank_at_its_models_row(ranked, found):
    (squares,) = rank_matrix(ranked, found).data
    assert list(zip(squares.y, squares.text, strict=True)) == [
        (1, "1"), (0, "2"), (0, "1"),
    ]  # fmt: skip
    assert squares.marker.color[0] == squares.marker.color[2] != squares.marker.color[1]


def test_names_of_rows_and_columns_are_escaped(ranked, found):
    layout = rank_matrix(ranked, found).layout
    assert layout.yaxis.ticktext == ("Y", "&lt;i&gt;X&lt;/i&gt;")
    assert "&lt;b&gt;one&lt;/b&gt;" in layout.xaxis.ticktext


def test_the_range_spans_from_what_is_certain_to_the_score(found):
    lines, dots = consensus_range(found).data
    assert list(lines.x) == [0.7, 0.75, None, 0.2, 0.5, None]
    assert list(dots.x) == [0.75, 0.5]


def test_nothing_to_rank_draws_axes(ranked, found):
    assert rank_matrix(ranked[:0], found[:0]).layout.xaxis.range
    assert consensus_range(found[:0]).layout.xaxis.title.text


@pytest.mark.parametrize("cost", COSTS)
def test_a_front_is_drawn_over_any_cost(cost):
    points = pd.DataFrame(
        {
            "id": ["a", "b", "c"], "name": ["A", "B", "C"], "family": ["F", "F", "G"],
            "accuracy": [0.5, 0.7, None], **{name: [1e8, 2e8, 3e8] for name in COSTS},
        }
    )  # fmt: skip
    figure = score_vs_cost(points, cost=cost, metric="mask AP, <LVIS>")
    assert figure.layout.yaxis.title.text == "Mask AP, &lt;LVIS&gt;"
    (front,) = [one for one in figure.data if one.name == "Pareto front"]
    assert list(front.y) == [0.5, 0.7]
    assert (figure.layout.xaxis.ticksuffix == "B") == (cost in ("weights", "peak"))
