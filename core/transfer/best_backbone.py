"""Which backbone is best on a person's own images, by the heads trained on them, and
which others cannot be told from it. Knows the rows of `DatasetScores` alone.
"""

import pandas as pd

from core.numerals import percent

NAMED = 3


def ranked_backbones(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the backbones that have a trained head, the best first, with `is_tied`.

    One ties with the first where their 95 % intervals overlap. The rule is careful: the
    heads share their test images, and a paired test might tell more of them apart.

    >>> rows = pd.DataFrame({"backbone": ["a", "b"], "head_accuracy": [0.5, 0.9],
    ...                      "low": [0.4, 0.8], "high": [0.6, 0.95]})
    >>> ranked_backbones(rows)[["backbone", "is_tied"]].values.tolist()
    [['b', True], ['a', False]]
    """
    if "head_accuracy" not in rows:
        return rows.head(0).assign(is_tied=False)
    known = rows.dropna(subset=["head_accuracy"]).drop(columns="error", errors="ignore")
    known = known.sort_values("head_accuracy", ascending=False, kind="stable")
    least = known["low"].head(1).max()
    return known.assign(is_tied=known["high"] >= least).reset_index(drop=True)


def conclusion(rows: pd.DataFrame) -> str:
    """Say which backbone is best, what ties with it, and what the plain choices reach.

    `rows` are those of `ranked_backbones`; of none there is nothing to say: "".
    """
    if rows.empty:
        return ""
    best, others = rows.iloc[0], rows.iloc[1:]
    said = (
        f"{best['backbone']} comes first: a head trained on it names "
        f"{percent(best['head_accuracy'], 1)} of {best['test_images']:.0f} held-out "
        f"images right ({percent(best['low'], 1)} to {percent(best['high'], 1)}, 95 % "
        "interval)."
    )
    plain = f"Always naming the largest class: {percent(best['majority'], 1)}."
    return " ".join(filter(None, [said, _ties(others), _largest(rows, best), plain]))


def _ties(others: pd.DataFrame) -> str:
    if others.empty:
        return ""
    tied = others.loc[others["is_tied"], "backbone"].tolist()
    if not tied:
        return "No other interval reaches it."
    more = f" and {len(tied) - NAMED} more" if len(tied) > NAMED else ""
    return f"It ties with {', '.join(tied[:NAMED])}{more}: their intervals overlap."


def _largest(rows: pd.DataFrame, best: pd.Series) -> str:
    """Say what choosing by size would have reached, the list that asks no dataset."""
    sizes = rows["params"].dropna()
    if len(sizes) < 2:
        return ""
    largest = rows.loc[sizes.idxmax()]
    if largest["backbone"] == best["backbone"]:
        return "It is also the largest."
    reached = percent(largest["head_accuracy"], 1)
    return f"The largest, {largest['backbone']}, reaches {reached}."
