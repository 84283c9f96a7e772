"""`report`: what is known of a base's family, without asking anybody."""

import argparse
from collections import Counter
from pathlib import Path

from core.commands.answer import Answer, table
from core.commands.derived import base_of
from core.settings import Settings


def add(verbs: argparse._SubParsersAction) -> None:
    """Add the verb to the parser."""
    verb = verbs.add_parser("report", help="sum up the family of a base")
    verb.add_argument("base", help="owner/name on the Hub, or a base's folder")
    verb.add_argument("--csv", type=Path, metavar="FILE", help="write a row a model")
    verb.add_argument("--json", action="store_true", help="print one JSON document")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Sum up what the last run of `derived` found."""
    from core.derived.family import family

    found = family(base_of(arguments.base), settings, limit=0)
    models = found.models
    if arguments.csv:
        _write(models.to_csv(index=False), arguments.csv)
    status = models["status"].value_counts()
    document = {
        "base": found.base,
        "listed": len(models),
        "ok": int(status.get("ok", 0)),
        "failed": int(status.get("failed", 0)),
        "skipped": int(status.get("skipped", 0)),
        "kinds": _counts(models["kind"]),
        "failures": _counts(models.loc[models["status"] == "failed", "reason"]),
        "frozen_blocks": {
            str(blocks): count
            for blocks, count in sorted(_counts(models["frozen_blocks"]).items())
        },
        "statistics_drift": int(models["statistics_drift"].fillna(False).sum()),
        "cast_dtypes": _counts(models["cast_dtype"]),
        "bytes_read": int(models["bytes_read"].sum()),
    }
    return Answer(document, _text(document))


def _counts(values) -> dict:
    """Count values, the commonest first; missing ones do not count."""
    return dict(Counter(values.dropna()).most_common())


def _write(text: str, path: Path) -> None:
    from core.cache import write_bytes

    write_bytes(path, text.encode())


def _text(document: dict) -> str:
    head = (
        f"{document['listed']} models derived from {document['base']}: "
        f"{document['ok']} compared, {document['failed']} failed, "
        f"{document['skipped']} not compared yet"
    )
    kinds = table(["pattern", "models"], document["kinds"].items())
    if not document["failures"]:
        return f"{head}\n\n{kinds}"
    failures = table(["failure", "models"], document["failures"].items())
    return f"{head}\n\n{kinds}\n\n{failures}"
