"""The accuracy chart: right points, right front, and no surprise on ugly frames."""

import json

import numpy as np
import pandas as pd
import pytest

from core.charts.accuracy import accuracy_vs_cost
from core.charts.axes import metric_of
from core.charts.labels import Canvas, place_labels


def points(figure):
    return [t for t in figure.data if t.mode == "markers" and t.hovertemplate]


def front_of(models):
    ordered = models.dropna().sort_values(["params", "accuracy"])
    best = ordered["accuracy"].cummax()
    return ordered.index[(ordered["accuracy"] == best) & ~best.duplicated()]


def test_every_measured_model_is_one_point_with_its_raw_id(models):
    figure = accuracy_vs_cost(models)
    ids = [row[0] for trace in points(figure) for row in trace.customdata]
    assert sorted(ids) == sorted(models.dropna()["id"])


def test_seven_families_have_colors_and_the_rest_is_grey(models):
    names = [trace.name for trace in accuracy_vs_cost(models).data if trace.legendgroup]
    assert len(set(names) - {"Other families", "Extra pre-training data"}) <= 7


def test_foreign_names_are_text_and_never_part_of_a_template(models):
    figure = accuracy_vs_cost(models, front=front_of(models))
    written = [cell for t in points(figure) for row in t.customdata for cell in row[1:]]
    assert (
        "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;bold&lt;/b&gt;" in written
    )
    assert all("script" not in trace.hovertemplate for trace in points(figure))


def test_front_is_a_step_line_through_its_points(models):
    front = front_of(models)
    figure = accuracy_vs_cost(models, front=front)
    (line,) = [trace for trace in figure.data if trace.name == "Pareto front"]
    assert line.line.shape == "hv"
    assert list(line.x) == sorted(models.loc[front, "params"])


def test_front_of_a_throughput_starts_at_the_fastest(models):
    figure = accuracy_vs_cost(models, front=front_of(models), higher_x_is_better=True)
    (line,) = [trace for trace in figure.data if trace.name == "Pareto front"]
    assert list(line.x) == sorted(line.x, reverse=True)


def test_picked_models_are_ringed_and_named(models):
    figure = accuracy_vs_cost(models, picked=["torchvision/M7"])
    (ring,) = [trace for trace in figure.data if trace.name == "picked"]
    (labels,) = [trace for trace in figure.data if trace.name == "labels"]
    assert ring.customdata.tolist() == [["torchvision/M7"]]
    assert labels.meta == ("M7",)


def test_extra_pretraining_is_hollow(models):
    figure = accuracy_vs_cost(models)
    hollow = sum("open" in s for trace in points(figure) for s in trace.marker.symbol)
    assert hollow == (models.dropna()["pretraining"] == "SWAG").sum()


@pytest.mark.parametrize("rows", [0, 1])
def test_an_empty_or_single_row_still_has_titled_axes(models, rows):
    figure = accuracy_vs_cost(models.iloc[2 : 2 + rows], front=pd.Index([2][:rows]))
    assert figure.layout.yaxis.title.text.startswith("Top-1 accuracy") or not rows
    assert np.isfinite(figure.layout.xaxis.range).all()
    json.loads(figure.to_json())


def test_an_error_metric_is_lower_is_better_and_in_pixels(models):
    metric = metric_of(models.assign(dataset="Sintel"), "epe")
    assert metric.lower_is_better
    assert not metric.is_fraction
    assert metric.title == "End-point error (px) on Sintel"


def test_labels_never_overlap_and_stay_inside():
    spots = np.random.default_rng(0).uniform(0, 300, (40, 2))
    canvas = Canvas(300, 300, 10)
    sides = place_labels(spots, ["a name"] * 40, spots, canvas, limit=40)
    placed = spots[[side is not None for side in sides]]
    assert 0 < len(placed) < 40


def test_a_wanted_label_is_placed_in_a_crowd():
    spot, canvas = np.array([[150.0, 150.0]]), Canvas(300, 300, 10)
    crowd = np.random.default_rng(0).uniform(100, 200, (400, 2))
    assert place_labels(spot, ["a name"], crowd, canvas) == [None]
    assert place_labels(spot, ["a name"], crowd, canvas, wanted=[True]) != [None]
    assert place_labels(spot, ["long" * 40], crowd, canvas, wanted=[True]) == [None]


def test_size_column_makes_area_proportional(models):
    figure = accuracy_vs_cost(models, size="params")
    sizes = np.concatenate([trace.marker.size for trace in points(figure)])
    params = np.concatenate([trace.x for trace in points(figure)])
    assert np.corrcoef((sizes - 5) ** 2, params)[0, 1] == pytest.approx(1)
