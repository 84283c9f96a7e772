"""Charts of snapshots: what is drawn is what was given, foreign text as text."""

import pandas as pd
import pytest

from core.charts.snapshots_blocks import block_costs_chart
from core.charts.snapshots_datasets import class_counts
from core.charts.snapshots_indices import index_histogram
from core.charts.snapshots_ranking import MOST, snapshot_ranking
from core.charts.snapshots_training import training_curves

FOREIGN = "<b>x</b>"


def test_block_costs_are_three_rows_over_the_same_blocks():
    blocks = pd.DataFrame({
        "block": ["stem", FOREIGN], "part": ["stem", "block"], "params": [10, 2000],
        "output": ["8 x 4 x 4", "2"], "output_bytes": [512, 8],
        "seconds": [0.2, 0.1], "low": [0.1, 0.1], "high": [0.4, 0.1],
    })  # fmt: skip
    figure = block_costs_chart(blocks)
    assert [list(trace.y) for trace in figure.data] == [
        [10, 2000],
        [512, 8],
        [0.2, 0.1],
    ]
    assert figure.data[0].x[1] == "&lt;b&gt;x&lt;/b&gt;"
    assert list(figure.data[2].error_y.array) == pytest.approx([0.2, 0])


def test_the_histogram_has_every_index_and_shares_that_sum_to_one():
    rows = pd.DataFrame({"distribution": ["a", "a", "b"], "index": [0, 2, 1]})
    figure = index_histogram(rows, points=4)
    assert [list(trace.x) for trace in figure.data] == [[0, 1, 2, 3]] * 2
    assert [sum(trace.y) for trace in figure.data] == [1, 1]


def test_a_curve_counts_epochs_from_one():
    rows = pd.DataFrame({
        "snapshot": [FOREIGN, FOREIGN, "b"], "epoch": [0, 1, 0],
        "validation_top1": [0.1, 0.2, 0.3],
    })  # fmt: skip
    first, second = training_curves(rows).data
    assert (list(first.x), list(first.y)) == ([1, 2], [0.1, 0.2])
    assert first.name == "&lt;b&gt;x&lt;/b&gt;" and list(second.x) == [1]


def test_classes_are_stacked_by_part():
    rows = pd.DataFrame({
        "class": ["a", "a", "b", "b"], "part": ["train", "test"] * 2,
        "images": [5, 1, 6, 2],
    })  # fmt: skip
    figure = class_counts(rows)
    assert [list(trace.x) for trace in figure.data] == [[5, 6], [1, 2]]
    assert figure.layout.barmode == "stack"


def test_the_ranking_draws_the_best_and_tells_who_saw_fewer_images():
    count = MOST + 5
    rows = pd.DataFrame({
        "rank": range(1, count + 1), "id": [f"snapshot {i}" for i in range(count)],
        "score": [float(-i) for i in range(count)],
        "images": [512] * 3 + [256] * (count - 3),
        "retrain_index": [None, *range(count - 1)],
    })  # fmt: skip
    figure = snapshot_ranking(rows, title="LogME")
    assert sum(len(trace.x) for trace in figure.data) == MOST
    symbols = [s for trace in figure.data for s in trace.marker.symbol]
    assert symbols.count("circle") == 2 and symbols.count("diamond") == 1
    assert symbols.count("circle-open") == MOST - 3


def test_a_ranking_without_any_score_is_an_empty_figure():
    rows = pd.DataFrame({
        "rank": [1], "id": ["a"], "score": [float("nan")], "images": [3],
        "retrain_index": [None],
    })  # fmt: skip
    assert not snapshot_ranking(rows, title="LEEP").data
