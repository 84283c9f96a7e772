"""A whole family as tables and words for a paper: what was compared with what, when, on
what evidence, and how to cite it. Draws nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from core.derived.alike import alike
from core.derived.family import Family, results_folder
from core.derived.glossary import FLAGS, KINDS, METRICS, REASONS
from core.derived.hub_base import known_base
from core.derived.matrix import (
    DISTANCE_EDGES,
    EVIDENCE,
    NOT_MEASURED,
    VERDICT_CODES,
)
from core.derived.order import sort_rows
from core.derived.summary import (
    depth_counts,
    failure_shares,
    layer_shares,
    over_time,
    pattern_shares,
)
from core.hub.kept import last_listing
from core.settings import Settings

TENSORS = "tensors"
STATUS = {"ok": "compared", "failed": "failed", "skipped": "not compared"}
README = """# Models derived from {base}

{listed:,} models are listed: {told}.

## Provenance

{facts}

Weight files were compared tensor by tensor; no model's code was run. Licenses, tasks,
datasets and metrics are what model cards claim; nobody has checked them.

## Tables

Each as `data/NAME.parquet` with exact types and, but for `{tensors}`, as
`data/NAME.csv`.

{rows}

Codes of `map-*-verdict` and `map-patterns`: {verdicts}. Of `map-*-evidence` (of several
tensors the weakest): {evidence}. Of `map-*-distance` (mean of ‖child − base‖ / ‖base‖
over a block's elements): 0 equal, then bins from above 0 and from {edges} on,
{unmeasured} not measured. -1 everywhere: neither the base nor the model has anything.

## Words

{words}

## Figures

`figures/` holds them as PDF, where a Chromium was there to print them. To redraw them
from the data: `pip install -r requirements.txt`, then `python redraw.py` (`--kind
pdf|svg|png|html`, `--figure NAME`, `--column single|double`). The code under `core/` is
Pedigree's, under the Apache License 2.0 (LICENSE). How to cite: CITATION.bib.
"""
BIBTEX = """@misc{{{key},
  title        = {{Models derived from {base}: which layers were trained}},
  author       = {{{{Pedigree}}}},
  year         = {{{year}}},
  howpublished = {{{where}}},
  note         = {{{compared} models compared with Pedigree, {dates}{commit}}}
}}

@software{{pedigree,
  title  = {{Pedigree: choose, study and reuse pre-trained vision models}},
  author = {{{{The Pedigree founders}}}},
  year   = {{2026}}
}}
"""


@dataclass(frozen=True)
class Origin:
    """Where a family's data are from: for a local base the endpoint is empty."""

    base: str
    endpoint: str = ""
    commit: str = ""
    listed_at: str = ""


def origin(base: Path | str, settings: Settings) -> Origin:
    """Return where the stored family of a base is from, asking nobody."""
    if isinstance(base, Path):
        return Origin(base.name)
    record = known_base(results_folder(base, settings))
    listing = last_listing(base, settings)
    return Origin(
        base, settings.hub_endpoint, record.commit if record else "",
        listing.listed_at if listing else "",
    )  # fmt: skip


def family_tables(family: Family) -> dict[str, pd.DataFrame]:
    """Return every table of a family by its name; those without rows are left out."""
    models, tensors = family.models, family.tensors()
    verdicts = sort_rows(family.matrix("block"), models, "frozen depth")
    maps = {
        "map-block-verdict": verdicts,
        "map-tensor-verdict": family.matrix("tensor"),
        "map-block-evidence": family.matrix("block", shown="evidence"),
        "map-block-distance": family.matrix("block", shown="distance"),
    }
    maps = {name: matrix.loc[verdicts.index] for name, matrix in maps.items()}
    groups = alike(verdicts)
    found = {
        "models": models,
        TENSORS: tensors,
        **{name: matrix.reset_index() for name, matrix in maps.items()},
        "map-patterns": groups.rows.reset_index(),
        "pattern-members": groups.members,
        "patterns": pattern_shares(models),
        "frozen-depth": depth_counts(verdicts, models),
        "layers": layer_shares(tensors, models),
        "over-time": over_time(models),
        "failures": failure_shares(models),
    }
    return {name: table for name, table in found.items() if len(table)}


def readme(family: Family, source: Origin, tables: Mapping[str, pd.DataFrame]) -> str:
    """Say in Markdown what an archive holds: from where, when, on what evidence."""
    status = family.models["status"].value_counts()
    told = [f"{status.get(key, 0):,} {word}" for key, word in STATUS.items()]
    facts = [f"- {name}: {text}" for name, text in _provenance(family, source) if text]
    rows = [f"- `{name}`: {len(table):,} rows" for name, table in tables.items()]
    defined = (*KINDS, *FLAGS, *METRICS, *REASONS)
    words = [f"- **{one.word}**: {one.meaning}" for one in defined]
    return README.format(
        base=source.base, listed=len(family.models), told=", ".join(told),
        facts="\n".join(facts), rows="\n".join(rows), words="\n".join(words),
        tensors=TENSORS, verdicts=_codes(VERDICT_CODES),
        evidence=_codes({word: code for code, word in enumerate(EVIDENCE)}),
        edges=", ".join(map(str, DISTANCE_EDGES)), unmeasured=NOT_MEASURED,
    )  # fmt: skip


def bibtex(family: Family, source: Origin) -> str:
    """Return a BibTeX entry for the family, and the software's own."""
    models = family.models
    compared = models[models["status"] == "ok"]
    last = str(compared["compared_at"].max() or "") if len(compared) else ""
    where = rf"\url{{{source.endpoint}/{source.base}}}" if source.endpoint else "local"
    key = "".join(c if c.isalnum() else "-" for c in source.base.casefold()).strip("-")
    return BIBTEX.format(
        key=f"pedigree-{key}", base=_tex(source.base), where=where,
        year=last[:4] or "n.d.", compared=len(compared), dates=last[:10] or "no date",
        commit=f"; base at commit {source.commit[:12]}" if source.commit else "",
    )  # fmt: skip


def _provenance(family: Family, source: Origin) -> list[tuple[str, str]]:
    models = family.models
    compared = models.loc[models["status"] == "ok", "compared_at"]
    dates = f"{compared.min()} to {compared.max()}" if len(compared) else "nothing"
    evidence = family.tensors()["evidence"].value_counts()
    counts = ", ".join(f"{n:,} {word}" for word, n in evidence.items() if n)
    return [
        ("Base", source.base),
        ("Commit of the base", source.commit),
        ("Listed by", source.endpoint or "the folders beside the base"),
        ("Listed at", source.listed_at),
        ("Compared", dates),
        ("Evidence, by tensors", counts),
    ]


def _codes(codes: Mapping[str, int]) -> str:
    return ", ".join(f"{code} {word}" for word, code in codes.items())


def _tex(text: str) -> str:
    """Keep what BibTeX would take for markup.

    >>> _tex("a_b & c")
    'a\\\\_b \\\\& c'
    """
    return "".join(f"\\{letter}" if letter in "_&%#$" else letter for letter in text)
