"""Consensus and agreement against a slow loop and against scipy."""

from statistics import mean

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from core.zero_shot.consensus import agreement, consensus, side_by_side


def ranking(title: str, source: str, order: str) -> pd.DataFrame:
    models = list(order)
    return pd.DataFrame(
        {
            "ranking": title, "title": title, "source": source, "model": models,
            "name": models, "rank": range(1, len(models) + 1), "of": len(models),
        }
    )  # fmt: skip


@pytest.fixture
def ranked():
    lists = [("one", "a", "xyz"), ("two", "a", "yxz"), ("three", "b", "zx")]
    return pd.concat([ranking(*each) for each in lists], ignore_index=True)


def slow_score(ranked: pd.DataFrame, model: str, absent: float | None) -> float:
    """Average reciprocal ranks in each source, then over sources, by loops."""
    sources = []
    for _, lists in ranked.groupby("source"):
        found = []
        for _, rows in lists.groupby("ranking"):
            rank = rows.loc[rows["model"] == model, "rank"]
            if len(rank) or absent is not None:
                found.append(1 / rank.iloc[0] if len(rank) else absent)
        if found:
            sources.append(mean(found))
    return mean(sources)


def test_consensus_is_the_mean_over_sources_of_means_over_lists(ranked):
    for row in consensus(ranked).itertuples():
        assert row.score == pytest.approx(slow_score(ranked, row.model, None))
        assert row.at_least == pytest.approx(slow_score(ranked, row.model, 0.0))
        assert row.at_least <= row.score <= 1


def test_a_source_with_many_lists_counts_once(ranked):
    again = pd.concat([ranked, *(ranking(f"n{i}", "a", "xyz") for i in range(50))])
    scores = consensus(again).set_index("model")
    assert scores.loc["z", "score"] == pytest.approx((1 / 3 + 1) / 2)
    assert scores.loc["z", ["sources", "rankings"]].tolist() == [2, 53]


def test_equal_scores_share_a_place():
    rows = pd.concat([ranking("one", "a", "xy"), ranking("two", "b", "yx")])
    assert consensus(rows)["place"].tolist() == [1, 1]


def test_a_list_of_one_model_orders_nobody(ranked):
    alone = pd.concat([ranked, ranking("alone", "c", "w")])
    assert "w" not in set(consensus(alone)["model"])
    assert consensus(ranking("alone", "c", "w")).empty


def test_agreement_is_kendalls_tau(ranked):
    wide = side_by_side(ranked, pd.Series(list("xyz")))
    for row in agreement(ranked).itertuples():
        both = wide[[row.one, row.other]].dropna()
        tau = kendalltau(both[row.one], both[row.other]).statistic
        assert 2 * row.share - 1 == pytest.approx(tau)


def test_a_list_reversed_agrees_with_nothing_and_ties_do_not_count():
    rows = pd.concat([ranking("one", "a", "wxyz"), ranking("two", "b", "zyxw")])
    assert agreement(rows)["share"].tolist() == [0.0]
    tied = rows.assign(rank=np.where(rows["title"] == "two", 1, rows["rank"]))
    assert agreement(tied).empty


def test_nothing_ranked_is_nothing_found(ranked):
    assert consensus(ranked[:0]).empty and agreement(ranked[:0]).empty
