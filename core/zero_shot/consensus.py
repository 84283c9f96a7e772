"""Where rankings agree on a model and where they do not. Supervised and zero-shot
models never meet: the caller passes one task and one protocol.
"""

from itertools import combinations

import numpy as np
import pandas as pd

CONSENSUS = (
    "place", "model", "name", "score", "at_least", "sources", "rankings", "best",
    "worst",
)  # fmt: skip
AGREEMENT = ("one", "other", "models", "pairs", "alike", "share")


def consensus(ranked: pd.DataFrame) -> pd.DataFrame:
    """Return one row a model, the best first.

    `score` is the mean reciprocal rank (Voorhees 1999): of a model's ranks within each
    source, then over the sources that rank it, so that a source with many lists counts
    once. `at_least` is the same with nothing for every list that leaves the model out.
    Models of one score share their `place`. Lists of one model order nobody and are
    left out.

    >>> rows = pd.DataFrame({"source": ["a", "a", "b"], "ranking": ["1", "1", "2"],
    ...     "model": ["x", "y", "y"], "name": ["X", "Y", "Y"], "rank": [1, 2, 1],
    ...     "of": [2, 2, 2]})
    >>> consensus(rows)[["place", "name", "score", "at_least"]].values.tolist()
    [[1, 'X', 1.0, 0.5], [2, 'Y', 0.75, 0.75]]
    """
    ranked = ranked[ranked["of"] > 1]
    if ranked.empty:
        return pd.DataFrame(columns=list(CONSENSUS))
    reciprocal = ranked.assign(reciprocal=1 / ranked["rank"])
    lists = ranked.groupby("source")["ranking"].nunique()
    by_source = reciprocal.groupby(["model", "source"])["reciprocal"]
    where_listed = by_source.mean().groupby("model").mean()
    weighted = by_source.sum().div(lists, level="source") / len(lists)
    groups = ranked.groupby("model")
    found = pd.DataFrame(
        {
            "name": groups["name"].first(),
            "score": where_listed.round(9),
            "at_least": weighted.groupby("model").sum().round(9),
            "sources": groups["source"].nunique(),
            "rankings": groups["ranking"].nunique(),
            "best": groups["rank"].min(),
            "worst": groups["rank"].max(),
        }
    ).reset_index()
    found["place"] = found["score"].rank(method="min", ascending=False).astype(int)
    order = ["place", "at_least", "name"]
    found = found.sort_values(order, ascending=[True, False, True], ignore_index=True)
    return found[list(CONSENSUS)]


def side_by_side(ranked: pd.DataFrame, order: pd.Series) -> pd.DataFrame:
    """Return ranks with a row a model, in `order`, and a column a ranking.

    A model that a ranking leaves out is missing there.
    """
    wide = ranked.pivot(index="model", columns="title", values="rank")
    counts = wide.notna().sum().sort_values(ascending=False, kind="stable")
    return wide.reindex(index=order, columns=counts.index)


def agreement(ranked: pd.DataFrame) -> pd.DataFrame:
    """Compare every two rankings on the models that both have.

    Of the `pairs` of models that neither ranking ties, `alike` stand in the same order;
    `share` is alike / pairs. Kendall's tau is 2 share - 1.

    >>> rows = pd.DataFrame({"title": ["a", "a", "b", "b"],
    ...     "model": ["x", "y", "x", "y"], "rank": [1, 2, 2, 1]})
    >>> agreement(rows)[["one", "other", "pairs", "alike"]].values.tolist()
    [['a', 'b', 1, 0]]
    """
    ranks = {
        title: rows.set_index("model")["rank"]
        for title, rows in ranked.groupby("title")
    }
    rows = []
    for one, other in combinations(ranks, 2):
        shared = ranks[one].index.intersection(ranks[other].index)
        alike, pairs = _alike(ranks[one][shared], ranks[other][shared])
        if pairs:
            rows.append((one, other, len(shared), pairs, alike, alike / pairs))
    return pd.DataFrame(rows, columns=list(AGREEMENT)).sort_values(
        ["share", "pairs"], ascending=[True, False], ignore_index=True
    )


def _alike(one: pd.Series, other: pd.Series) -> tuple[int, int]:
    """Count the pairs in the same order, and the pairs that are not tied."""
    signs = np.sign(
        np.subtract.outer(one.to_numpy(float), one.to_numpy(float))
        * np.subtract.outer(other.to_numpy(float), other.to_numpy(float))
    )
    above = signs[np.triu_indices(len(one), k=1)]
    return int((above > 0).sum()), int((above != 0).sum())
