"""Layer profiles and family summaries count what the frame holds."""

import numpy as np
import pandas as pd
import pytest

from core.charts.patterns import frozen_depth, pattern_counts
from core.charts.profile import delta_histogram, layer_profile, log_histogram


@pytest.fixture
def tensors():
    verdicts = ["equal", "changed", "added"] * 4
    return pd.DataFrame(
        {
            "block": ["head", "stem", "<b>block</b>", "block 1"] * 3,
            "name": [f"t{number}" for number in range(12)],
            "order": [3, 0, 1, 2] * 3,
            "verdict": verdicts,
            "is_parameter": [True] * 11 + [False],
            "relative_l2": np.where(np.array(verdicts) == "changed", 0.1, 0.0),
        }
    )


def test_blocks_stand_in_forward_order_and_escaped(tensors):
    axis = layer_profile(tensors).layout.xaxis
    assert axis.categoryarray == ("stem", "&lt;b&gt;block&lt;/b&gt;", "block 1", "head")


def test_profile_without_metrics_counts_verdicts(tensors):
    figure = layer_profile(tensors.assign(relative_l2=np.nan))
    assert sum(sum(bar.y) for bar in figure.data) == len(tensors)
    assert [bar.name for bar in figure.data] == ["equal", "changed", "added"]


def test_profile_with_metrics_draws_every_tensor(tensors):
    dots = [trace for trace in layer_profile(tensors).data if trace.mode == "markers"]
    assert sum(len(trace.x) for trace in dots) == len(tensors)


def test_histogram_counts_each_value_once():
    values = np.array([0.0, 1e-4, 1e-3, 1e-3, 1.0])
    counts, edges = log_histogram(values, 4)
    assert counts.sum() == 4
    assert edges[[0, -1]].tolist() == [-4, 0]


def test_delta_histogram_sets_zeros_apart(tensors):
    changed, equal = delta_histogram(tensors).data
    assert sum(changed.y) == 4
    assert sum(equal.y) == 8


def test_a_cosine_of_one_counts_as_unmoved(tensors):
    cosine = tensors["verdict"].map({"equal": 1.0, "changed": 0.5})
    figure = delta_histogram(tensors.assign(cosine=cosine), metric="cosine")
    changed, equal = figure.data
    assert (sum(changed.y), sum(equal.y)) == (4, 4)
    assert figure.layout.xaxis.title.text == "1 − cosine of base and child"


def test_delta_histogram_without_the_metric_is_empty(tensors):
    figure = delta_histogram(tensors.drop(columns="relative_l2"))
    assert sum(sum(bar.y) for bar in figure.data) == 0


def test_pattern_counts_reconcile_with_the_rows():
    models = pd.DataFrame({"kind": ["full", "full", "head-only", None]})
    (bars,) = pattern_counts(models).data
    assert dict(zip(bars.y, bars.x, strict=True)) == {
        "full": 2, "head-only": 1, "failed": 1,
    }  # fmt: skip


def test_frozen_depth_skips_models_without_one():
    models = pd.DataFrame(
        {
            "kind": ["frozen-prefix", "frozen-prefix", "full"],
            "frozen_blocks": [3, 3, None],
        }
    )
    (bars,) = frozen_depth(models).data
    assert (list(bars.x), list(bars.y)) == ([3], [2])


@pytest.mark.parametrize("draw", [pattern_counts, frozen_depth])
def test_an_empty_family_draws_axes(draw):
    figure = draw(pd.DataFrame({"kind": [], "frozen_blocks": []}))
    assert figure.layout.xaxis.title.text
