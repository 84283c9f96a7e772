"""Trends against scipy's regression."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from core.tables.trend import trend


@pytest.fixture
def models():
    noise = np.random.default_rng(0).normal(0, 0.02, 30)
    params = np.logspace(6, 9, 30)
    accuracy = 0.1 * np.log10(params) - 0.1 + noise
    return pd.DataFrame({"family": "A", "params": params, "accuracy": accuracy})


def test_line_agrees_with_scipy(models):
    expected = stats.linregress(np.log10(models["params"]), models["accuracy"])
    line = trend(models, "params", "accuracy")
    assert line["slope"].iloc[0] == pytest.approx(expected.slope)
    assert line["r_squared"].iloc[0] == pytest.approx(expected.rvalue**2)
    at = expected.intercept + expected.slope * np.log10(line["x"])
    assert line["y"].to_numpy() == pytest.approx(at.to_numpy())


def test_band_agrees_with_the_textbook(models):
    """The band at the mean of x is t * s / sqrt(n), Student's t with n - 2 degrees."""
    line = trend(models, "params", "accuracy", points=3, confidence=0.9)
    fit = stats.linregress(np.log10(models["params"]), models["accuracy"])
    predicted = fit.intercept + fit.slope * np.log10(models["params"])
    deviation = np.sqrt(((models["accuracy"] - predicted) ** 2).sum() / 28)
    half = stats.t.ppf(0.95, 28) * deviation / np.sqrt(30)
    middle = line.iloc[1]
    assert middle["high"] - middle["y"] == pytest.approx(half)


def test_band_covers_the_line_and_widens_at_the_ends(models):
    line = trend(models, "params", "accuracy")
    width = (line["high"] - line["low"]).to_numpy()
    assert (width > 0).all() and width[0] > width[20] and width[-1] > width[20]


def test_scaling_x_moves_the_line_and_keeps_its_slope(models):
    plain = trend(models, "params", "accuracy")
    scaled = trend(models.assign(params=models["params"] * 1000), "params", "accuracy")
    assert scaled["y"].to_numpy() == pytest.approx(plain["y"].to_numpy())
    assert scaled["x"].to_numpy() == pytest.approx(1000 * plain["x"].to_numpy())


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(1, 0.1), (2, 0.2)],
        [(1, 0.1)] * 5,
        [(0, 0.1), (-1, 0.2), (np.nan, 0.3), (1, np.nan), (np.inf, 0.1)],
    ],
)
def test_too_little_for_a_line_gives_none(rows):
    frame = pd.DataFrame(rows, columns=["x", "y"], dtype=float).assign(family="A")
    assert trend(frame, "x", "y").empty


def test_each_group_has_its_line(models):
    both = pd.concat([models, models.assign(family="B", accuracy=0.5)])
    line = trend(both, "params", "accuracy", points=5)
    assert line["group"].value_counts().to_dict() == {"A": 5, "B": 5}
    flat = line[line["group"] == "B"]
    assert flat["slope"].abs().max() < 1e-12 and flat["r_squared"].isna().all()


def test_a_linear_axis():
    frame = pd.DataFrame({"family": "A", "x": [-1.0, 0.0, 1.0], "y": [0.0, 1.0, 2.0]})
    line = trend(frame, "x", "y", log_x=False, points=2)
    assert line[["x", "y"]].to_numpy() == pytest.approx(np.array([[-1, 0], [1, 2]]))
