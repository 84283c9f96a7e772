"""Install audits: what the survey found then, what holds now, and what happened in
between.
"""

import pandas as pd

from core.zero_shot.catalog import Catalog


def audit_table(catalog: Catalog) -> pd.DataFrame:
    """Return one row an audit: the first and the last verdict with date and reasons.

    `changed` says whether the last verdict differs from the first.
    """
    verdicts = catalog.verdicts.sort_values("date", kind="stable")
    then = verdicts.groupby("audit").first().reindex(catalog.audits["id"])
    now = verdicts.groupby("audit").last().reindex(catalog.audits["id"])
    table = catalog.audits[["id", "name", "task", "models", "install", "install_note"]]
    return table.assign(
        then=then["verdict"].to_numpy(),
        then_date=then["date"].to_numpy(),
        then_reasons=then["reasons"].to_numpy(),
        now=now["verdict"].to_numpy(),
        now_date=now["date"].to_numpy(),
        now_by=now["by"].to_numpy(),
        now_reasons=now["reasons"].to_numpy(),
        changed=(then["verdict"] != now["verdict"]).to_numpy(),
    )


def history(catalog: Catalog, audit: str) -> pd.DataFrame:
    """Return every verdict of one audit, the oldest first."""
    rows = catalog.verdicts[catalog.verdicts["audit"] == audit]
    return rows.sort_values("date", kind="stable", ignore_index=True)


def links_of(catalog: Catalog, owner: str) -> pd.DataFrame:
    """Return the links of one owner, such as "audit:owl", with their states."""
    rows = catalog.links[catalog.links["owner"] == owner]
    return rows.reset_index(drop=True)


def sentence(table: pd.DataFrame) -> str:
    """Sum up the audits of `audit_table` in one sentence.

    >>> rows = pd.DataFrame({"then": ["ok", "blocked"], "now": ["ok", "ok"],
    ...                      "changed": [False, True]})
    >>> sentence(rows)
    '1 of 2 installed then, 2 now; 1 verdict changed.'
    """
    changed = int(table["changed"].sum())
    verdicts = "verdict" if changed == 1 else "verdicts"
    return (
        f"{(table['then'] == 'ok').sum()} of {len(table)} installed then, "
        f"{(table['now'] == 'ok').sum()} now; {changed} {verdicts} changed."
    )
