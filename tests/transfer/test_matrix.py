"""The records as a matrix: every order keeps every cell."""

from itertools import pairwise

import numpy as np
import pytest

from core.transfer.matrix import cell_table, ordered_matrix


@pytest.mark.parametrize("order", ["file", "name", "accuracy", "cluster"])
def test_every_order_keeps_every_cell(make_records, order):
    records = make_records()
    hidden = np.random.default_rng(0).random(records.is_known.shape) < 0.3
    less = records.without(hidden)
    found = ordered_matrix(less, models=order, tasks=order)
    back = found.loc[less.accuracy.index, less.accuracy.columns]
    assert back.equals(less.accuracy)


def test_best_models_and_easiest_tasks_come_first(make_records):
    found = ordered_matrix(make_records(), models="accuracy", tasks="accuracy")
    assert list(found.index) == [f"model{at}" for at in range(5, -1, -1)]
    assert found.mean(axis=0).is_monotonic_decreasing


def test_clusters_put_like_next_to_like(make_records):
    found = ordered_matrix(make_records(noise=0.0), tasks="cluster")
    easy = found.loc["model0"].round(6).tolist()
    assert sum(one != other for one, other in pairwise(easy)) == 3


def test_a_row_a_measured_cell_with_what_is_known_of_both(make_records):
    records = make_records()
    hidden = np.zeros(records.is_known.shape, dtype=bool)
    hidden[0, 0] = True
    cells = cell_table(records.without(hidden))
    assert len(cells) == records.accuracy.size - 1
    assert cells["residual"].mean() == pytest.approx(0, abs=1e-3)
    row = cells.set_index(["model", "task"]).loc[("model3", "task7")]
    assert row["accuracy"] == records.accuracy.loc["model3", "task7"]
    assert row["domain"] == "sketch" and row["family"] == "family0"


def test_one_model_or_task_is_a_matrix_too(make_records):
    assert ordered_matrix(make_records(1, 1), models="cluster").shape == (1, 1)
