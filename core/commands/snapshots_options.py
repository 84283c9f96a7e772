"""What can be asked of `snapshots` on the command line."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from core.commands.answer import Answer
from core.settings import Settings

Run = Callable[[argparse.Namespace, Settings], Answer]


def add_generate(actions: argparse._SubParsersAction, run: Run) -> None:
    """Add `snapshots generate`."""
    verb = actions.add_parser("generate", help="draw the last blocks anew: no training")
    _add_root(verb, run)
    _add_base(verb)
    verb.add_argument(
        "--features-only", action="store_true", help="without a head, as the study does"
    )
    verb.add_argument(
        "--same-base", action="store_true",
        help="every snapshot from the base, not from one made before",
    )  # fmt: skip


def add_train(actions: argparse._SubParsersAction, run: Run) -> None:
    """Add `snapshots train`."""
    verb = actions.add_parser("train", help="fine-tune snapshots on a dataset")
    _add_root(verb, run)
    _add_base(verb)
    verb.add_argument(
        "--dataset", default="digits", metavar="NAME",
        help="digits, synthetic, cub-200, food-101, imagewoof, stanford-cars, "
        "stanford-dogs, or any name with --data",
    )  # fmt: skip
    verb.add_argument("--data", type=Path, help="the folder of the dataset's files")
    verb.add_argument("--epochs", type=int, default=20)
    verb.add_argument("--batch-size", type=int)
    verb.add_argument("--learning-rate", type=float, default=1e-3)
    verb.add_argument("--patience", type=int, default=5, help="epochs; 0: never stop")
    verb.add_argument(
        "--augment", choices=("none", "flip", "crop-flip"), default="flip"
    )
    verb.add_argument(
        "--statistics", choices=("kept", "tracked"), default="kept",
        help="of frozen BatchNorm layers",
    )  # fmt: skip
    verb.add_argument("--max-classes", type=int)
    verb.add_argument("--max-images", type=int, help="to train on")
    verb.add_argument("--unchecked", action="store_true", help="decode nothing first")
    verb.add_argument("--device", help="cuda, cuda:N, mps or cpu (default: the best)")


def add_list(actions: argparse._SubParsersAction, run: Run) -> None:
    """Add `snapshots list`."""
    _add_root(actions.add_parser("list", help="the snapshots of a folder"), run)


def add_blocks(actions: argparse._SubParsersAction, run: Run) -> None:
    """Add `snapshots blocks`."""
    verb = actions.add_parser("blocks", help="the blocks of a network, and their cost")
    verb.add_argument("architecture", help="torchvision/NAME, timm/NAME, ...")
    verb.add_argument("--batch", type=int, default=1, help="images a pass")
    verb.add_argument("--json", action="store_true", help="print one JSON document")
    verb.set_defaults(run=run)


def _add_root(verb: argparse.ArgumentParser, run: Run) -> None:
    verb.add_argument("--root", type=Path, help="folder (default: in the cache)")
    verb.add_argument("--json", action="store_true", help="print one JSON document")
    verb.set_defaults(run=run)


def _add_base(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "architecture", help="resnet-18, resnet-152, efficientnet-v2-l or vit-l-32; "
        "torchvision/NAME, timm/NAME or transformers/TYPE",
    )  # fmt: skip
    verb.add_argument("--base", help="name of the base's folder")
    verb.add_argument(
        "--weights", default="published",
        help="published, random, or a file or folder of weights",
    )  # fmt: skip
    verb.add_argument(
        "--options", type=_object, default={}, metavar="JSON",
        help="what shapes the network, as its library calls it",
    )  # fmt: skip
    verb.add_argument("--side", type=int, help="pixels, where not the library's own")
    verb.add_argument("--count", type=int, default=35)
    verb.add_argument(
        "--distribution", default="TWENTY_FIVE_PERCENT",
        help="FIFTY_PERCENT, TWENTY_FIVE_PERCENT, TOP_LAYERS, LAST_ONE_LAYER, UNIFORM, "
        "or indices: 1,2,2",
    )  # fmt: skip
    verb.add_argument("--seed", type=int, default=42)


def _object(text: str) -> dict[str, object]:
    """Read a JSON object.

    >>> _object('{"depth": 2}')
    {'depth': 2}
    """
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError(f"{text!a} is no object")
    return found
