"""`report`: what is known of a base's family, without asking anybody; the published
study of derived models next to it; and that study's files, read and written.
"""

import argparse
from collections import Counter
from pathlib import Path

import pandas as pd

from core.commands.answer import Answer, table
from core.commands.census import census_answer
from core.commands.derived import base_of
from core.settings import Settings


def add(verbs: argparse._SubParsersAction) -> None:
    """Add the verb to the parser."""
    verb = verbs.add_parser("report", help="sum up the family of a base")
    verb.add_argument(
        "bases", nargs="*", metavar="BASE",
        help="owner/name on the Hub, or a base's folder; several with --census",
    )  # fmt: skip
    verb.add_argument("--csv", type=Path, metavar="FILE", help="write a row a model")
    verb.add_argument("--json", action="store_true", help="print one JSON document")
    files = verb.add_argument_group("files of the published study (hpides/alsatian)")
    files.add_argument(
        "--legacy", type=Path, metavar="DIR",
        help="write its comparison files and similarity reports",
    )  # fmt: skip
    files.add_argument(
        "--legacy-import", type=Path, metavar="DIR",
        help="sum up its files instead of our comparisons",
    )  # fmt: skip
    study = verb.add_argument_group("the published study's findings")
    study.add_argument(
        "--census", action="store_true",
        help="for its 33 bases: what it found, next to what is found here",
    )  # fmt: skip
    study.add_argument(
        "--compare", action="store_true",
        help="first compare the families of these bases (of all 33), as `derived` does",
    )  # fmt: skip
    study.add_argument(
        "--retry", metavar="REASON", help="try failed models again: a reason, or all"
    )
    verb.set_defaults(run=run, wrong_usage=verb.error)


def run(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Sum up what the last run of `derived` found."""
    _check(arguments)
    if arguments.census:
        return census_answer(
            settings, arguments.bases, compare=arguments.compare,
            retry=arguments.retry, csv=arguments.csv,
        )  # fmt: skip
    found = _family(arguments, settings)
    models = found.models
    if arguments.csv:
        _write(models, arguments.csv)
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
    if arguments.legacy:
        document["legacy"] = _export(found, arguments.legacy)
    return Answer(document, _text(document))


def _check(arguments: argparse.Namespace) -> None:
    """Refuse options that do not go together, as argparse does: exit 2."""
    one, several = arguments.legacy or arguments.legacy_import, arguments.census
    if several and one:
        arguments.wrong_usage("--census goes with neither --legacy nor --legacy-import")
    if not several and (arguments.compare or arguments.retry):
        arguments.wrong_usage("--compare and --retry need --census")
    if arguments.retry and not arguments.compare:
        arguments.wrong_usage("--retry needs --compare")
    if not several and len(arguments.bases) > 1:
        arguments.wrong_usage("several bases need --census")
    if not several and not arguments.bases and not arguments.legacy_import:
        arguments.wrong_usage("name a BASE, or ask for --census")


def _family(arguments: argparse.Namespace, settings: Settings):
    from core.derived.family import family
    from core.derived.legacy import read_legacy

    base = next(iter(arguments.bases), None)
    if arguments.legacy_import:
        return read_legacy(arguments.legacy_import, base)
    return family(base_of(base), settings, limit=0)


def _export(found, folder: Path) -> dict[str, object]:
    from core.derived.legacy_export import write_legacy

    export = write_legacy(found, folder)
    return {"files": len(export.files), "left_out": list(export.left_out)}


def _counts(values) -> dict:
    """Count values, the commonest first; missing ones do not count."""
    return dict(Counter(values.dropna()).most_common())


def _write(models: pd.DataFrame, path: Path) -> None:
    from core.cache import write_bytes
    from core.charts.export import table_bytes

    write_bytes(path, table_bytes(models, "csv"))


def _text(document: dict) -> str:
    head = (
        f"{document['listed']} models derived from {document['base']}: "
        f"{document['ok']} compared, {document['failed']} failed, "
        f"{document['skipped']} not compared yet"
    )
    parts = [head, table(["pattern", "models"], document["kinds"].items())]
    if document["failures"]:
        parts.append(table(["failure", "models"], document["failures"].items()))
    if "legacy" in document:
        parts.append(_exported(document["legacy"]))
    return "\n\n".join(parts)


def _exported(legacy: dict) -> str:
    text = f"{legacy['files']} files of the study's format written"
    if legacy["left_out"]:
        names = table(["left out: not compared, or another has its file name"],
                      [[id] for id in legacy["left_out"]])  # fmt: skip
        return f"{text}\n\n{names}"
    return text
