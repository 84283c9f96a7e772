"""Filters and Pareto fronts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.settings import Settings
from core.tables.catalog import load_table
from core.tables.filters import among, pareto_front, search, within
from core.tables.torchvision.package import installed_version


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return Settings(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def classification(settings):
    return load_table("torchvision/classification", settings)


def dominance_front(points, *, cost_sign=1, value_sign=1):
    """Every point against every other: slow, and written from the definition."""
    on_front = []
    for i, (cost, value) in enumerate(points):
        if not (np.isfinite(cost) and np.isfinite(value)):
            continue
        beaten = any(
            cost_sign * (other - cost) <= 0
            and value_sign * (its - value) >= 0
            and ((other, its) != (cost, value) or j < i)
            for j, (other, its) in enumerate(points)
            if j != i
        )
        if not beaten:
            on_front.append(i)
    return on_front


NUMBERS = st.one_of(st.integers(0, 4).map(float), st.sampled_from([np.nan, np.inf]))


@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=12), st.booleans(), st.booleans())
def test_front_is_what_nothing_dominates(points, higher_cost, lower_value):
    finite = [p if np.isfinite(p).all() else (np.nan, np.nan) for p in points]
    frame = pd.DataFrame(points, columns=["cost", "value"], dtype=float)
    front = pareto_front(
        frame,
        "cost",
        "value",
        higher_cost_is_better=higher_cost,
        lower_value_is_better=lower_value,
    )
    signs = {
        "cost_sign": -1 if higher_cost else 1,
        "value_sign": -1 if lower_value else 1,
    }
    assert sorted(front) == dominance_front(finite, **signs)


@pytest.mark.skipif(
    not installed_version().startswith("0.29."), reason="golden for torchvision 0.29"
)
@pytest.mark.parametrize(
    ("table", "cost", "points"),
    [
        ("classification", "params", 20),
        ("classification", "gmacs", 20),
        ("detection", "params", 5),
        ("detection", "gmacs", 6),
        ("segmentation", "params", 5),
        ("segmentation", "gmacs", 5),
        ("video", "params", 4),
        ("video", "gmacs", 4),
        ("quantized", "params", 7),
        ("quantized", "gips", 6),
    ],
)
def test_published_fronts(settings, table, cost, points):
    frame = load_table(f"torchvision/{table}", settings)
    assert len(pareto_front(frame, cost, "accuracy")) == points


def test_front_without_swag_ends_with_efficientnet(classification):
    plain = classification[~classification["id"].str.contains("SWAG")]
    front = plain.loc[pareto_front(plain, "gmacs", "accuracy")]
    assert len(front) == 16 and front["name"].iloc[-1] == "EfficientNet V2 L"


def test_flow_ranks_lower_errors_higher(settings):
    flow = load_table("torchvision/optical-flow", settings)
    flow = flow[flow["dataset"] == "Sintel-Train-Cleanpass"]
    front = pareto_front(flow, "params", "epe", lower_value_is_better=True)
    assert flow.loc[front, "id"].tolist() == [
        "Raft_Small_Weights.C_T_V2",
        "Raft_Large_Weights.C_T_V2",
    ]


@pytest.mark.parametrize("rows", [[], [(np.nan, 0.5)], [(1.0, np.nan)]])
def test_a_front_of_nothing_is_empty(rows):
    frame = pd.DataFrame(rows, columns=["cost", "value"], dtype=float)
    assert pareto_front(frame, "cost", "value").empty


@pytest.mark.parametrize(
    ("text", "rows"),
    [("", 115), ("vit_b_16", 3), ("ViT-B/16", 3), ("regnet swag", 6), ("(.*", 0)],
)
def test_search_takes_words_in_any_order_and_case(classification, text, rows):
    if text == "(.*":
        text = "zz(.*"
    assert len(search(classification, text)) == rows
    assert len(search(classification, text.upper())) == rows


def test_search_of_nothing_is_nothing(classification):
    assert search(classification.iloc[:0], "vit").empty


def test_within_keeps_missing_numbers_only_without_bounds(classification):
    assert len(within(classification, "accuracy")) == 115
    assert len(within(classification, "accuracy", low=0)) == 114
    assert len(within(classification, "params", 1.2e6, 1.3e6)) == 2


def test_among_nothing_keeps_everything(classification):
    assert len(among(classification, "family", [])) == 115
    assert set(among(classification, "family", ["ViT"])["family"]) == {"ViT"}
