"""The whole survey as flat lists, for scripts: what `zero-shot list --json` prints."""

from collections.abc import Sequence

import pandas as pd

from core.zero_shot.audits import audit_table, history
from core.zero_shot.catalog import Catalog
from core.zero_shot.links import distinct

Document = dict[str, object]


def document(catalog: Catalog) -> Document:
    """Return every list of the survey; missing values are None, lists are lists.

    `links` has one entry a distinct address; `models` are the survey's own,
    `later_models` and `results` what came after.
    """
    sources = catalog.rankings.set_index("id")["source"]
    placed = catalog.placements
    return {
        "survey": {name: _plain(value) for name, value in catalog.origin.items()},
        "criteria": _flat(catalog.criteria),
        "sources": _flat(catalog.sources),
        "rankings": _flat(catalog.rankings),
        "placements": _flat(placed.assign(source=placed["ranking"].map(sources))),
        "audits": _audits(catalog),
        "models": _flat(catalog.models),
        "links": _flat(distinct(catalog.links)),
        "corrections": _flat(catalog.corrections),
        "later_models": _flat(catalog.later),
        "benchmarks": _flat(catalog.benchmarks),
        "results": _flat(catalog.results),
        "costs": _flat(catalog.costs),
    }


def _audits(catalog: Catalog) -> list[Document]:
    """Lay out each audit: `verdict` is the survey's, `verdict_now` the last one."""
    table = audit_table(catalog).set_index("id")
    return [
        {
            **entry,
            "verdict": table.loc[entry["id"], "then"],
            "reasons": list(table.loc[entry["id"], "then_reasons"]),
            "verdict_now": table.loc[entry["id"], "now"],
            "verdict_now_date": table.loc[entry["id"], "now_date"],
            "reasons_now": list(table.loc[entry["id"], "now_reasons"]),
            "history": _flat(history(catalog, entry["id"]).drop(columns="audit")),
        }
        for entry in _flat(catalog.audits)
    ]


def _flat(rows: pd.DataFrame) -> list[Document]:
    """Turn rows into plain values.

    >>> _flat(pd.DataFrame({"a": [1.0, float("nan")], "b": ["", "x"], "c": [(), "y"]}))
    [{'a': 1, 'b': None, 'c': []}, {'a': None, 'b': 'x', 'c': 'y'}]
    """
    return [
        {name: _plain(value) for name, value in row.items()}
        for row in rows.to_dict("records")
    ]


def _plain(value: object) -> object:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(value)
    if isinstance(value, float):
        whole = int(value) if value == value and value.is_integer() else value
        return None if value != value else whole
    return None if value == "" else value
