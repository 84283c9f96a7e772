"""Charts of the Transfer page: points, cells and intervals are those of the frame."""

import numpy as np
import pandas as pd

from core.charts.transfer_intervals import intervals
from core.charts.transfer_matrix import records_matrix
from core.charts.transfer_scatter import correlation_text, predicted_against_true

EVIL = "<b>bold</b> & co"


def points(count=20):
    rng = np.random.default_rng(0)
    predicted = rng.uniform(0.2, 0.9, count)
    names = [EVIL, *(f"m{i}" for i in range(1, count))]
    return pd.DataFrame(
        {"model": names, "family": np.where(np.arange(count) % 2, "resnet", "vit"),
         "predicted": predicted, "accuracy": predicted + rng.normal(0, 0.1, count)}
    )  # fmt: skip


def test_every_point_is_drawn_with_its_correlation():
    rows = points()
    figure = predicted_against_true(rows, predicted_title="LogME", same_scale=True)
    markers = [trace for trace in figure.data if trace.mode == "markers"]
    drawn = sorted(x for trace in markers for x in trace.x)
    np.testing.assert_array_equal(drawn, np.sort(rows["predicted"]))
    r = rows[["predicted", "accuracy"]].corr().iloc[0, 1]
    assert figure.layout.annotations[0].text == f"r = {r:.2f}, n = 20"
    assert figure.data[-1].name == "exact"


def test_nothing_correlates_with_a_constant():
    rows = points().assign(predicted=0.5)
    assert correlation_text(rows) == "no correlation, n = 20"
    empty = predicted_against_true(rows[:0], predicted_title="x", same_scale=True)
    assert empty.layout.annotations[0].text == "no correlation, n = 0"


def test_foreign_names_are_text():
    texts = str(predicted_against_true(points(), predicted_title="x").to_dict())
    texts += str(records_matrix(pd.DataFrame([[0.5]], [EVIL], [EVIL])).to_dict())
    rows = pd.DataFrame([[EVIL, EVIL, 0.5, 0.4, 0.6]],
                        columns=["name", "kind", "value", "low", "high"])  # fmt: skip
    texts += str(intervals(rows, title="x").to_dict())
    assert "<b>" not in texts and "&lt;b&gt;" in texts


def test_the_matrix_keeps_order_and_gaps():
    matrix = pd.DataFrame([[0.5, np.nan], [0.1, 1.0]], ["b", "a"], ["y", "x"])
    figure = records_matrix(matrix)
    np.testing.assert_array_equal(figure.data[0].z, matrix.to_numpy("f4"))
    assert list(figure.layout.yaxis.ticktext) == ["b", "a"]
    assert not records_matrix(matrix.iloc[:0]).data


def test_many_names_are_thinned():
    matrix = pd.DataFrame(np.zeros((3, 270)), columns=[f"t{i}" for i in range(270)])
    assert len(records_matrix(matrix).layout.xaxis.ticktext) <= 40


def test_intervals_reach_from_low_to_high():
    rows = pd.DataFrame(
        [["a", "score", 0.5, 0.4, 0.7], ["b", "static", 0.3, 0.1, 0.35]],
        columns=["name", "kind", "value", "low", "high"],
    )
    figure = intervals(rows, title="Kendall")
    for trace, row in zip(figure.data, rows.itertuples(), strict=True):
        np.testing.assert_allclose(trace.x[0] + trace.error_x.array[0], row.high)
        np.testing.assert_allclose(trace.x[0] - trace.error_x.arrayminus[0], row.low)
    assert list(figure.layout.yaxis.categoryarray) == ["a", "b"]
