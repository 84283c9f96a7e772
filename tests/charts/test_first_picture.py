"""The first picture of a figure: what it shows, and where."""

import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from core.charts.accuracy import accuracy_vs_cost
from core.charts.cells import VERDICTS
from core.charts.first_picture import as_address, first_picture
from core.charts.freeze_map import freeze_map

SVG = "{http://www.w3.org/2000/svg}"


def parsed(figure: go.Figure, height: int = 450) -> ElementTree.Element:
    return ElementTree.fromstring(first_picture(figure, height, legend_rows=2))


@pytest.fixture
def models() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    count = 200
    return pd.DataFrame(
        {
            "id": [f"m{i}" for i in range(count)],
            "name": [f"model {i}" for i in range(count)],
            "family": rng.choice(["ResNet", "ViT", "Swin & <b>co</b>"], count),
            "params": 10 ** rng.uniform(6, 9, count),
            "accuracy": rng.uniform(0.4, 0.9, count),
            "metric": "acc@1",
            "dataset": "ImageNet & more",
            "pretraining": rng.choice(["", "LAION-2B"], count),
        }
    )


def test_every_point_lies_where_its_axes_say(models):
    figure = accuracy_vs_cost(models, front=models.index[:3])
    points = list(parsed(figure).iter(f"{SVG}use"))
    assert len(points) == len(models)
    x_low, x_high = figure.layout.xaxis.range
    y_low, y_high = figure.layout.yaxis.range
    found = np.array([[float(p.get(axis)[:-1]) for axis in "xy"] for p in points])
    across = (np.log10(models["params"]) - x_low) / (x_high - x_low)
    down = (y_high - models["accuracy"]) / (y_high - y_low)
    expected = 100 * np.column_stack([across, down])
    gaps = np.abs(found[:, None] - expected[None]).max(axis=2)
    assert gaps.min(axis=0).max() < 0.006 and gaps.min(axis=1).max() < 0.006


def test_every_copy_has_its_shape(models):
    tree = parsed(accuracy_vs_cost(models, picked=["m3"], front=models.index[:3]))
    shapes = {path.get("id") for path in tree.iter(f"{SVG}path")}
    assert {use.get("href")[1:] for use in tree.iter(f"{SVG}use")} <= shapes


def test_axes_are_written_in_round_numbers(models):
    texts = [text.text for text in parsed(accuracy_vs_cost(models)).iter(f"{SVG}text")]
    assert {"1M", "10M", "100M", "50%", "80%"} <= set(texts)
    assert "Top-1 accuracy on ImageNet & more" in texts


def test_a_front_goes_in_steps():
    line = {"shape": "hv", "color": "#123456"}
    figure = go.Figure(
        go.Scatter(x=[0, 10], y=[0, 10], mode="lines", line=line),
        {"xaxis": {"range": [0, 10]}, "yaxis": {"range": [0, 10]}},
    )
    (path,) = parsed(figure).iter(f"{SVG}path")
    assert path.get("d") == "M0.00 100.00L100.00 100.00L100.00 0.00"
    assert path.get("stroke") == "#123456"


def test_the_cells_of_a_map_cover_what_they_count():
    rng = np.random.default_rng(0)
    codes = rng.choice([0, 1, 4], (30, 12)).astype(np.int8)
    names = [f"user/model-{i}" for i in range(30)], [f"layer.{i}" for i in range(12)]
    matrix = pd.DataFrame(codes, index=names[0], columns=names[1])
    tree = parsed(freeze_map(matrix), 900)
    covered = {}
    for path in tree.iter(f"{SVG}path"):
        boxes = re.findall(r"M\d+ \d+h(\d+)v(\d+)h", path.get("d"))
        covered[path.get("fill")] = sum(int(w) * int(h) for w, h in boxes)
    assert covered == {
        VERDICTS[code].on_screen: int((codes == code).sum()) for code in (0, 1, 4)
    }


@pytest.mark.parametrize("figure", [go.Figure(), freeze_map(pd.DataFrame())])
def test_nothing_to_draw_is_no_picture(figure):
    assert first_picture(figure, 450, legend_rows=1) == ""


def test_more_than_a_browser_draws_at_once_is_no_picture():
    noise = np.random.default_rng(0).integers(0, 2, (400, 200)).astype(np.int8)
    figure = freeze_map(pd.DataFrame(noise).rename(str, axis=0).rename(str, axis=1))
    assert first_picture(figure, 900, legend_rows=1) == ""
    many = np.arange(20_000)
    ranges = {"xaxis": {"range": [0, 1]}, "yaxis": {"range": [0, 1]}}
    points = go.Figure(go.Scatter(x=many, y=many, mode="markers"), ranges)
    assert first_picture(points, 450, legend_rows=1) == ""


def test_an_address_holds_the_picture_and_no_quote():
    assert re.fullmatch(
        r"data:image/svg\+xml;base64,[\w+/=]+", as_address("<svg a='\"'/>")
    )
