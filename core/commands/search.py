"""`search`: rank the snapshots of a store or a folder on a dataset."""

import argparse
import logging
import math
from pathlib import Path

from core.commands.answer import Answer, progress_line, table
from core.settings import Settings, local_path

log = logging.getLogger("pedigree")

COLUMNS = ("rank", "id", "score", "images", "base", "retrain_index")
WARNINGS_TOLD = 5


def add(verbs: argparse._SubParsersAction) -> None:
    """Add the verb to the parser."""
    verb = verbs.add_parser("search", help="rank snapshots on a dataset")
    verb.add_argument(
        "--store", type=Path, required=True, metavar="DIR",
        help="a model store, or a folder of snapshot folders",
    )  # fmt: skip
    verb.add_argument(
        "--dataset", required=True, metavar="DIR",
        help="a folder with a folder a class; digits or synthetic: their test images",
    )  # fmt: skip
    verb.add_argument(
        "--metric", default="logme",
        help="the proxy: any score of `score`, or linear_probe (default: logme)",
    )  # fmt: skip
    verb.add_argument(
        "--halving", action="store_true",
        help="start with few images, drop half of the snapshots as they double",
    )  # fmt: skip
    verb.add_argument(
        "--alone", action="store_true", help="share no forward pass, to check"
    )
    verb.add_argument(
        "--budget-bytes", type=int, default=2 * 2**30, metavar="N",
        help="bound of the activations kept between blocks (default: 2 GiB)",
    )  # fmt: skip
    verb.add_argument("--device", default="cpu", help="cuda, cuda:N, mps or cpu")
    verb.add_argument("--json", action="store_true", help="print one JSON document")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Rank, keep the ranking, and tell what sharing saved."""
    from core.device import detect_device
    from core.snapshots.candidates import find_candidates
    from core.snapshots.datasets import BUILT_IN, load_dataset
    from core.snapshots.kept_rankings import keep_ranking
    from core.snapshots.search import search
    from core.transfer.images import image_folder

    name = arguments.dataset
    is_built_in = name in BUILT_IN
    images = load_dataset(name).test if is_built_in else image_folder(Path(name))
    found = search(
        find_candidates(arguments.store), images, settings, metric=arguments.metric,
        halving=arguments.halving, share=not arguments.alone,
        budget_bytes=arguments.budget_bytes, progress=progress_line,
        device=detect_device(arguments.device).address,
    )  # fmt: skip
    dataset = name if is_built_in else str(local_path(name).absolute())
    keep_ranking(arguments.store, dataset, found, settings)
    for line in [*found.failures.values(), *found.warnings[:WARNINGS_TOLD]]:
        log.warning(line)
    document = vars(found) | {"rows": found.rows.to_dict("records")}
    rows = ([_shown(row[column]) for column in COLUMNS] for row in document["rows"])
    saved = f"{found.ran:,} passes of an image through a block"
    head = f"{found.metric} on {found.images:,} images in {len(found.classes)} classes"
    text = f"{head}: {saved}, {found.alone:,} without sharing, {found.seconds:.1f} s"
    return Answer(document, f"{text}\n\n{table(COLUMNS, rows)}")


def _shown(value: object) -> object:
    if not isinstance(value, float) or math.isnan(value):
        return value
    return f"{value:.5g}"
