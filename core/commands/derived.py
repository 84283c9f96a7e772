"""`derived`: every model derived from a base, each with its freeze pattern."""

import argparse
from pathlib import Path

from core.commands.answer import Answer, progress_line, table
from core.settings import Settings, local_path

RELATIONS = ("finetune", "adapter", "quantized", "merge")
LEVELS = ("none", "probable", "full")


def add(verbs: argparse._SubParsersAction) -> None:
    """Add the verb to the parser."""
    verb = verbs.add_parser("derived", help="compare all models derived from a base")
    verb.add_argument(
        "base",
        help="owner/name on the Hub; or a base's folder, whose siblings that name it "
        "are read",
    )
    listing = verb.add_argument_group("which models of the Hub")
    listing.add_argument(
        "--relation", action="append", choices=RELATIONS, help="default: all; repeats"
    )
    listing.add_argument(
        "--hops", type=_count, default=1, metavar="N", help="2: grandchildren too"
    )
    listing.add_argument(
        "--ids", type=Path, metavar="FILE", help="exactly these ids, one a line"
    )
    verb.add_argument("--limit", type=_count, metavar="N", help="at most N models")
    verb.add_argument(
        "--certify", choices=LEVELS, default="none",
        help="read in full: nothing, what is probably equal, or everything",
    )  # fmt: skip
    verb.add_argument(
        "--budget-bytes", type=_count, metavar="N", help="at most so much for that"
    )
    verb.add_argument("--workers", type=_count, metavar="N", help="models at once")
    verb.add_argument(
        "--retry", metavar="REASON", help="try failed models again: a reason, or all"
    )
    verb.add_argument("--json", action="store_true", help="print one JSON document")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Compare the family of the base that the arguments name."""
    from core.derived.family import family
    from core.hub.names import read_ids

    found = family(
        base_of(arguments.base), settings, limit=arguments.limit,
        workers=arguments.workers, retry=arguments.retry, progress=progress_line,
        relations=arguments.relation or RELATIONS, hops=arguments.hops,
        ids=read_ids(arguments.ids) if arguments.ids else None,
        certify=arguments.certify, budget_bytes=arguments.budget_bytes,
    )  # fmt: skip
    document = found.document()
    return Answer(document, _text(document))


def base_of(text: str) -> Path | str:
    """Return a base's folder where there is one, else the text as a name on the Hub.

    >>> base_of("google/vit-base-patch16-224-in21k")
    'google/vit-base-patch16-224-in21k'
    """
    path = local_path(text)
    return path if text.startswith((".", "/", "~")) or path.is_dir() else text


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
            model["kind"] or f"{model['status']}: {model['reason']}",
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
