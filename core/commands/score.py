"""`score`: how well a model's features will transfer to a labeled set."""

import argparse
import logging
from pathlib import Path

from core.commands.answer import Answer, progress_line, table
from core.errors import UsageError
from core.settings import Settings

EXAMPLE = "numpy.savez(FILE, features=features, labels=labels)"

log = logging.getLogger("pedigree")


def add(verbs: argparse._SubParsersAction) -> None:
    """Add the verb to the parser."""
    verb = verbs.add_parser("score", help="score features for labels")
    verb.add_argument(
        "file",
        type=Path,
        help=".npz with features (N, D), labels (N,), source_probabilities (N, Cs)",
    )
    verb.add_argument(
        "--metric",
        nargs="+",
        action="extend",
        metavar="NAME",
        help="these scores alone",
    )
    verb.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    verb.add_argument("--json", action="store_true", help="print one JSON document")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Score the arrays of a file; what they hide is said on stderr."""
    from core.transfer.scores.score_all import score_all
    from core.transfer.scores.stored import open_arrays

    with open_arrays(arguments.file) as arrays:
        if missing := {"features", "labels"} - set(arrays):
            happened = f"holds no array named {sorted(missing)[0]}"
            raise UsageError(arguments.file.name, happened, f"write it with {EXAMPLE}")
        scores = score_all(
            arrays["features"],
            arrays["labels"][:],
            arrays.get("source_probabilities"),
            arguments.metric,
            device=arguments.device,
            progress=progress_line,
        )
    for warning in scores.warnings:
        log.warning(warning)
    rows = [(name, _shown(value)) for name, value in scores.values.items()]
    head = (
        f"{scores.samples:,} samples of {scores.features:,} features "
        f"in {scores.classes:,} classes; larger is better"
    )
    return Answer(scores.values, f"{head}\n\n{table(['metric', 'score'], rows)}")


def _shown(value: float | None) -> str | None:
    return None if value is None else f"{value:.6g}"
