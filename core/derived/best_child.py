"""Which child of a family to take for a task: by what its card reports, how often it is
downloaded, its license, and how it was trained; each with the reasons in words.

Values are compared within one metric and one set of data alone, and are what authors
report of themselves: nobody has checked them. Knows frames only.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.derived.reported import (
    Comparable,
    comparable_values,
    is_higher_better,
    is_share,
    of_task,
    permits_commerce,
)

Row = Mapping[str, Any]

COPIES = frozenset({"identical", "cast", "statistics-only"})
MARGIN = 0.005
"""Half a percentage point: the 95 % half-width of an accuracy of 0.95 over some 7,300
images. Cards do not say how many images a value rests on.
"""


def rank_children(
    models: pd.DataFrame,
    comparable: Comparable | None,
    *,
    task: str | None = None,
    commercial_only: bool = False,
    margin: float = MARGIN,
) -> pd.DataFrame:
    """Rank the children for a task, with the reasons of each in words.

    Those of `comparable` come first, by their value; who lies within `margin` of the
    first of a rank ties with it and shares the rank (a margin of shares; other metrics
    tie only when equal). All others have no rank: they follow by downloads, then
    likes. Columns: id, rank, ties, value, metric,
    dataset, downloads, likes, license, kind, sentence, reasons.
    """
    rows = of_task(models, task).copy()
    if commercial_only:
        permitted = [permits_commerce(name) is True for name in rows["license"]]
        rows = rows[pd.Series(permitted, rows.index, dtype=bool)]
    rows["value"] = pd.array([pd.NA] * len(rows), "Float64")
    if comparable is not None:
        rows["value"] = comparable_values(rows, comparable)
    rows["rank"] = _ranks(rows["value"], comparable, margin)
    shared = rows["rank"].map(rows["rank"].value_counts())
    rows["ties"] = (shared - 1).astype("Int64")
    keys = {
        "rank": rows["rank"],
        "downloads": -rows["downloads"].astype("Float64"),
        "likes": -rows["likes"].astype("Float64"),
        "id": rows["id"],
    }
    order = pd.DataFrame(keys).sort_values(list(keys), na_position="last").index
    rows = rows.loc[order].reset_index(drop=True)
    rows["reasons"] = _reasons(rows, comparable)
    columns = [
        "id", "rank", "ties", "value", "metric", "dataset", "downloads", "likes",
        "license", "kind", "sentence", "reasons",
    ]  # fmt: skip
    return rows[columns]


def conclusion(ranked: pd.DataFrame, comparable: Comparable | None) -> str:
    """Say in a sentence what the ranking tells: a winner, a tie, or nothing."""
    if ranked.empty:
        return "No model is left."
    first = ranked[ranked["rank"] == 1]
    if (comparable is None or first.empty) and ranked["downloads"].isna().all():
        return "Nothing reported compares, and downloads are not known: they tie."
    if comparable is None or first.empty:
        return (
            "No reported values can be compared here, so the order is by downloads "
            "alone: what is used most, not what is best."
        )
    behind = int(ranked["value"].count()) - len(first)
    what = f"{comparable.metric} on {comparable.dataset}"
    if len(first) > 1:
        return f"The best {len(first)} tie in {what}; {behind} more report worse."
    return f"{first['id'].iloc[0]} reports the best {what}, ahead of {behind} more."


def _ranks(
    values: pd.Series, comparable: Comparable | None, margin: float
) -> pd.Series:
    """Rank from the best; a rank's first value carries those within the margin."""
    ranks = pd.Series(pd.NA, index=values.index, dtype="Int64")
    known = values.dropna().astype(float)
    if comparable is None or known.empty:
        return ranks
    sign = 1 if is_higher_better(comparable.metric) else -1
    reach = margin if is_share(comparable.metric) else 0.0
    leader, rank = None, 0
    ordered = (sign * known).sort_values(ascending=False, kind="stable")
    for place, (index, value) in enumerate(ordered.items(), start=1):
        if leader is None or value < leader - reach - 1e-12:
            leader, rank = value, place
        ranks[index] = rank
    return ranks


def _reasons(rows: pd.DataFrame, comparable: Comparable | None) -> list[str]:
    values, known = int(rows["value"].count()), int(rows["downloads"].count())
    places = rows["downloads"].rank(method="min", ascending=False)
    return [
        " ".join(
            [
                _reported(row, comparable, values),
                _used(row["downloads"], place, known),
                _licensed(row["license"]),
                _trained(row),
            ]
        )
        for row, place in zip(rows.to_dict("records"), places, strict=True)
    ]


def _reported(row: Row, comparable: Comparable | None, values: int) -> str:
    if comparable is None or pd.isna(row["value"]):
        if pd.isna(row["metric_value"]):
            return "Reports no value."
        where = row["dataset"] if pd.notna(row["dataset"]) else "data not stated"
        name = row["metric"] if pd.notna(row["metric"]) else "a value"
        return f"Reports {name} {row['metric_value']:.4g} ({where}), not comparable."
    said = f"{comparable.metric} {row['value']:.4g} on {comparable.dataset}"
    place = f"place {row['rank']} of {values}"
    ties = f", tied with {row['ties']} more" if row["ties"] else ""
    return f"Reports {said}: {place}{ties}."


def _used(downloads: int, place: float, known: int) -> str:
    if pd.isna(downloads):
        return "Downloads not known."
    return f"{downloads:,} downloads, place {place:.0f} of {known}."


def _licensed(license: str | None) -> str:
    if not isinstance(license, str) or not license:
        return "License not stated."
    words = {
        True: "commercial use permitted",
        False: "no commercial use",
        None: "read its terms",
    }
    return f"License {license}: {words[permits_commerce(license)]}."


def _trained(row: Row) -> str:
    if row["status"] == "failed":
        return f"How it was trained is unknown: it could not be read ({row['reason']})."
    if row["status"] != "ok":
        return "How it was trained is unknown: it is not compared yet."
    said = str(row["sentence"])
    return f"{said} It is the base itself." if row["kind"] in COPIES else said
