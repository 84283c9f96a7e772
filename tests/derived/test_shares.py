"""Intervals against scipy and against the definition, and where nothing is known."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, binomtest

from core.derived.shares import effective_size, median_interval, wilson, with_shares


@pytest.mark.parametrize(("count", "total"), [(0, 5), (5, 5), (353, 420), (1, 2)])
def test_wilson_is_scipys(count, total):
    expected = binomtest(count, total).proportion_ci(method="wilson")
    assert wilson(count, total) == pytest.approx(tuple(expected), abs=1e-12)


def test_wilson_holds_the_share_and_narrows_with_n():
    widths = []
    for total in (1, 10, 100, 1000):
        low, high = wilson(0.3 * total, total)
        assert 0 <= low <= 0.3 <= high <= 1
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize("n", [6, 7, 20, 101])
def test_the_median_interval_covers_as_promised_and_no_more(n):
    low, high = median_interval(np.arange(1, n + 1))
    below = binom.cdf(low - 1, n, 0.5)
    assert 1 - 2 * below >= 0.95
    assert 1 - 2 * binom.cdf(low, n, 0.5) < 0.95
    assert low + high == n + 1


@pytest.mark.parametrize("n", range(6))
def test_a_median_of_few_has_no_interval(n):
    assert all(math.isnan(end) for end in median_interval(range(n)))


def test_effective_size_lies_between_one_and_n():
    weights = np.random.default_rng(0).pareto(1, 50)
    assert 1 <= effective_size(weights) <= 50
    assert effective_size([0, 0]) == effective_size([]) == 0


def test_rows_may_have_totals_of_their_own():
    rows = with_shares(pd.DataFrame({"models": [1, 0]}), pd.Series([4, 0]))
    assert rows["share"].iloc[0] == 0.25
    assert math.isnan(rows["share"].iloc[1])
    assert rows[["low", "high"]].iloc[1].tolist() == [0, 1]
