"""`features`: a folder of images through backbones: features, scores, trained heads."""

import argparse
import logging
from pathlib import Path

from core.commands.answer import Answer, progress_line, table
from core.settings import Settings

log = logging.getLogger("pedigree")

DEMO = "demo"


def add(verbs: argparse._SubParsersAction) -> None:
    """Add the verb to the parser."""
    verb = verbs.add_parser("features", help="score backbones on a folder of images")
    verb.add_argument("folder", type=Path, help="with a folder a class")
    verb.add_argument(
        "--backbone", action="append", required=True, metavar="NAME",
        help="torchvision/resnet18, owner/name on the Hub, a model folder, or demo for "
        "the demo's eight; give it again for more",
    )  # fmt: skip
    verb.add_argument("--device", help="cuda, cuda:N, mps or cpu (default: the best)")
    verb.add_argument("--no-heads", action="store_true", help="train no heads")
    verb.add_argument("--json", action="store_true", help="print one JSON document")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Score the backbones on the folder; what is kept is not computed again."""
    from core.demo.records import demo_backbones
    from core.device import detect_device
    from core.transfer.best_backbone import conclusion, ranked_backbones
    from core.transfer.dataset_scores import score_dataset
    from core.transfer.images import image_folder

    demo = [str(folder) for folder in demo_backbones(settings)]
    names = [
        name
        for asked in arguments.backbone
        for name in (demo if asked == DEMO and demo else [asked])
    ]
    images = image_folder(arguments.folder)
    found = score_dataset(
        images, arguments.folder, list(dict.fromkeys(names)), settings,
        with_heads=not arguments.no_heads, device=detect_device(arguments.device),
        progress=progress_line,
    )  # fmt: skip
    for line in (*found.warnings, *found.failures):
        log.warning(line)
    document = vars(found) | {"rows": found.rows.to_dict("records")}
    columns = [name for name in found.rows if name not in ("low", "high", "majority")]
    rows = ([_shown(row[name]) for name in columns] for row in document["rows"])
    head = f"{found.images:,} images in {len(found.classes):,} classes"
    said = conclusion(ranked_backbones(found.rows))
    text = f"{head}\n\n{table(columns, rows)}\n\n{said}".rstrip()
    return Answer(document, text)


def _shown(value: object) -> object:
    return f"{value:.4g}" if isinstance(value, float) else value
