"""`derived`: every model derived from a base, each with its freeze pattern."""

import argparse
from pathlib import Path

from core.commands.answer import Answer, progress_line, table
from core.settings import Settings


def add(verbs: argparse._SubParsersAction) -> None:
    """Add the verb to the parser."""
    verb = verbs.add_parser("derived", help="compare all models derived from a base")
    verb.add_argument("base", help="the base's folder; siblings that name it are read")
    verb.add_argument("--limit", type=_count, metavar="N", help="at most N models")
    verb.add_argument("--workers", type=_count, default=2, metavar="N")
    verb.add_argument(
        "--retry", metavar="REASON", help="try failed models again: a reason, or all"
    )
    verb.add_argument("--json", action="store_true", help="print one JSON document")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Compare the family of the base that the arguments name."""
    from core.derived.family import family

    found = family(
        Path(arguments.base), settings, limit=arguments.limit,
        workers=arguments.workers, retry=arguments.retry, progress=progress_line,
    )  # fmt: skip
    document = found.document()
    return Answer(document, _text(document))


def _text(document: dict) -> str:
    models = document["models"]
    failed = sum(model["status"] == "failed" for model in models)
    lines = [
        f"{document['listed']} models derived from {document['base']}: "
        f"{len(models) - failed} compared, {failed} failed",
        "",
    ]
    rows = [
        [
            model["id"],
            model["kind"] or f"failed: {model['reason']}",
            model["frozen_blocks"],
            *((model["counts"] or {}).get(key) for key in ("equal", "changed")),
        ]
        for model in models
    ]
    header = ["model", "pattern", "frozen blocks", "equal", "changed"]
    return "\n".join(lines) + table(header, rows)


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)
