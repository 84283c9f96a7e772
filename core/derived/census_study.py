"""The published study of derived models as facts: what it found for 33 bases, and which
of its findings are known to mean something else. Knows nothing of our own.

Source: hpides/alsatian, main @ a5749c9, 2025-08-21, `hf_model_analysis`: its README and
its lists of ids. The facts are in `census.json`, in our words.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import UsageError

STUDY = Path(__file__).with_name("census.json")


@dataclass(frozen=True, slots=True)
class Finding:
    """What the study says of some models made from a base.

    `models` is its own count (None: it states none), `expected` the count that remains
    when the known error told by `correction` is mended. A pattern is a kind, alone or
    as in "frozen-prefix 6" (blocks) and "head-only with drift" (of statistics).
    """

    says: str
    models: int | None = None
    expected: int | None = None
    patterns: tuple[str, ...] = ()
    correction: str = ""


@dataclass(frozen=True, slots=True)
class StudiedBase:
    """One base: the study lists `listed` ids, and read `worked` of `crawled` models."""

    base: str
    task: str
    listed: int
    crawled: int
    worked: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Study:
    """All findings, and where they are from."""

    source: str
    revision: str
    date: str
    url: str
    bases: tuple[StudiedBase, ...]

    @property
    def citation(self) -> str:
        """The source in one line."""
        return f"{self.source} @ {self.revision}, {self.date}"


def published_study() -> Study:
    """Return the study's facts.

    >>> study = published_study()
    >>> len(study.bases), sum(base.listed for base in study.bases)
    (33, 2853)
    """
    document = json.loads(STUDY.read_text(encoding="utf-8"))
    corrections = document["corrections"]
    bases = tuple(_base(entry, corrections) for entry in document["bases"])
    facts = (document[name] for name in ("source", "revision", "date", "url"))
    return Study(*facts, bases)


def chosen_bases(study: Study, names: Sequence[str]) -> Study:
    """Return the study of some of its bases only, of all where none is named.

    Raises UsageError for a base that the study does not know.

    >>> len(chosen_bases(published_study(), ["microsoft/resnet-18"]).bases)
    1
    """
    known = {base.base: base for base in study.bases}
    unknown = [name for name in names if name not in known]
    if unknown:
        happened = "is no base of the published study"
        remedy = "`report --census` lists its bases; compare others with `derived`"
        raise UsageError(unknown[0], happened, remedy)
    chosen = tuple(known[name] for name in dict.fromkeys(names))
    return replace(study, bases=chosen) if names else study


def _base(entry: Mapping, corrections: Mapping[str, str]) -> StudiedBase:
    counts = [f.get("models") for f in entry["findings"]]
    rest = entry["listed"] - sum(count or 0 for count in counts)
    return StudiedBase(
        entry["base"], entry["task"], entry["listed"], entry["crawled"],
        entry["worked"],
        tuple(_finding(each, rest, corrections) for each in entry["findings"]),
    )  # fmt: skip


def _finding(entry: Mapping, rest: int, corrections: Mapping[str, str]) -> Finding:
    models = rest if entry.get("rest") else entry.get("models")
    return Finding(
        entry["says"], models, entry.get("holds", models),
        tuple(entry.get("patterns", ())), corrections.get(entry.get("correction"), ""),
    )  # fmt: skip
