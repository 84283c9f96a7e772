"""The answer of `report --census`: the published study's findings next to ours."""

from collections.abc import Sequence
from pathlib import Path

from core.commands.answer import Answer, progress_line, table
from core.settings import Settings

SHOWN = ("published", "expected", "of", "found", "compared")


def census_answer(
    settings: Settings,
    bases: Sequence[str] = (),
    *,
    compare: bool = False,
    retry: str | None = None,
    csv: Path | None = None,
) -> Answer:
    """Return the census of some bases (of all by default), compared first if asked.

    `csv` gets a row a finding. Raises UsageError for a base the study does not know.
    """
    from core.cache import write_bytes
    from core.charts.export import table_bytes
    from core.derived.census_run import compare_census, stored_census
    from core.derived.census_study import chosen_bases, published_study

    study = chosen_bases(published_study(), bases)
    failures = {}
    if compare:
        run = compare_census(settings, bases, retry=retry, progress=progress_line)
        failures = dict(run.failures)
    found = stored_census(settings, study)
    if csv:
        write_bytes(csv, table_bytes(found.findings, "csv"))
    document = {
        "study": {"source": study.citation, "url": study.url},
        "standings": found.standings,
        "bases": _records(found.bases),
        "findings": _records(found.findings),
        "failures": failures,
    }
    return Answer(document, _text(document))


def _records(frame) -> list[dict[str, object]]:
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def _text(document: dict) -> str:
    findings = document["findings"]
    rows = [
        [row["base"], row["patterns"] or None, *(row[name] for name in SHOWN),
         row["standing"], row["finding"]]
        for row in findings
    ]  # fmt: skip
    header = ["base", "pattern", "published", "mended", "of", "found", "compared",
              "standing", "finding"]  # fmt: skip
    counts = ", ".join(f"{name} {n}" for name, n in document["standings"].items() if n)
    parts = [
        f"{len(findings)} findings of {document['study']['source']}: {counts}",
        table(header, rows),
        *_told(findings, "correction"),
        *_told([r for r in findings if r["found"] is not None], "why"),
        *document["failures"].values(),
    ]
    return "\n\n".join(parts)


def _told(findings: Sequence[dict], column: str) -> list[str]:
    """Say each sentence of a column once, with the bases it is about."""
    told: dict[str, list[str]] = {}
    for row in findings:
        if row[column]:
            told.setdefault(row[column], []).append(row["base"])
    return [
        f"{', '.join(dict.fromkeys(bases))}: {text}" for text, bases in told.items()
    ]
