"""`snapshots`: make snapshots with a known lineage, drawn or trained."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.commands.answer import Answer, progress_line, table
from core.commands.snapshots_options import (
    add_blocks,
    add_generate,
    add_list,
    add_train,
)
from core.errors import UsageError
from core.numerals import percent
from core.settings import Settings, local_path

ROOT = "snapshots"
PREPARING = 0.05
"""The share of the bar that reading the images takes."""


def add(verbs: argparse._SubParsersAction) -> None:
    """Add the verb and its actions to the parser."""
    verb = verbs.add_parser("snapshots", help="make snapshots with a known lineage")
    actions = verb.add_subparsers(dest="action", required=True, metavar="ACTION")
    add_generate(actions, generate)
    add_train(actions, train)
    add_list(actions, list_all)
    add_blocks(actions, show_blocks)


def generate(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Draw snapshots; what is there is not drawn again."""
    from core.snapshots.generate import generate_snapshots

    root, base, _ = _base(arguments, settings)
    made = generate_snapshots(
        root, base, count=arguments.count, distribution=_distribution(arguments),
        same_base=arguments.same_base, seed=arguments.seed, progress=progress_line,
    )  # fmt: skip
    return _answer(root, base, made)


def train(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Train snapshots; a killed run goes on where it was."""
    from core.snapshots.datasets import Caps, check_images, load_dataset
    from core.snapshots.presets import plan_recipes

    caps = Caps(arguments.max_classes, train=arguments.max_images or Caps.train)
    first = _within(0.0, PREPARING)
    dataset = load_dataset(arguments.dataset, arguments.data, caps=caps, progress=first)
    if not arguments.unchecked:
        check_images(dataset, first)
    root, base, points = _base(arguments, settings)
    recipes = plan_recipes(
        base, dataset.name, points, arguments.count, _distribution(arguments),
        like=_like(arguments, base), seed=arguments.seed,
    )  # fmt: skip
    return _answer(root, base, _trained(arguments, settings, root, recipes, dataset))


def list_all(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """List the snapshots of a folder."""
    from core.snapshots.lineage import list_snapshots

    root = _root(arguments, settings)
    return _answer(root, None, list_snapshots(root))


def show_blocks(arguments: argparse.Namespace, settings: Settings) -> Answer:
    """Measure each block of a network with random weights on this machine."""
    import torch

    from core.snapshots.architecture import build_network, find_architecture
    from core.snapshots.block_costs import block_costs
    from core.snapshots.blocks import model_blocks, split_points

    found = find_architecture(arguments.architecture)
    network = build_network(found, 1000)
    x = torch.zeros(arguments.batch, found.channels, *found.preprocess.crop)
    rows = block_costs(network, x)
    points = split_points(model_blocks(network))
    document = {"split_points": points, "blocks": rows.to_dict("records")}
    shown = rows[["block", "params", "output"]].assign(
        milliseconds=[f"{1000 * value:.2f}" for value in rows["seconds"]]
    )
    lines = table(list(shown), shown.itertuples(index=False))
    return Answer(document, f"{points} split points\n\n{lines}")


def _base(arguments: argparse.Namespace, settings: Settings) -> tuple[Path, str, int]:
    """Make the base where it is missing; return the folder, its name and its splits."""
    from core.snapshots.architecture import find_architecture
    from core.snapshots.blocks import find_blocks, split_points
    from core.snapshots.generate import make_base
    from core.snapshots.presets import PRESETS
    from core.weights.checkpoint import open_checkpoint

    asked = arguments.architecture
    name = PRESETS[asked].architecture if asked in PRESETS else asked
    options = arguments.options
    if clash := {"name", "side", "channels"} & options.keys():
        happened, remedy = "is not a setting of its shape", "use --side for pixels"
        raise UsageError(f"Option {min(clash)}", happened, remedy)
    found = find_architecture(name, side=arguments.side, **options)
    root = _root(arguments, settings)
    features_only = getattr(arguments, "features_only", False)
    base = arguments.base or found.name + ("-features" if features_only else "")
    is_word = arguments.weights in ("published", "random")
    make_base(
        root, base, found,
        weights=arguments.weights if is_word else Path(arguments.weights),
        features_only=features_only, seed=arguments.seed, settings=settings,
        progress=progress_line,
    )  # fmt: skip
    with open_checkpoint(root / base) as checkpoint:
        blocks = find_blocks(entry.name for entry in checkpoint.entries)
    return root, base, split_points(blocks)


def _like(arguments: argparse.Namespace, base: str) -> Any:
    from core.snapshots.presets import PRESETS
    from core.snapshots.recipe import Recipe

    preset = PRESETS.get(arguments.architecture)
    usual = preset.batch_size if preset else Recipe.batch_size
    return Recipe(
        base, base, 0, epochs=arguments.epochs,
        batch_size=arguments.batch_size or usual,
        learning_rate=arguments.learning_rate, augment=arguments.augment,
        statistics=arguments.statistics, patience=arguments.patience or None,
    )  # fmt: skip


def _trained(
    arguments: argparse.Namespace, settings: Settings, root: Path, recipes: list,
    dataset: Any,
) -> list:  # fmt: skip
    report = _within(PREPARING, 1.0)
    if settings.scheduler:
        from core.snapshots.on_dask import DatasetName, train_on_dask

        named = DatasetName(
            arguments.dataset, arguments.data and arguments.data.absolute(),
            dataset.caps, dataset.seed, dataset.key,
        )  # fmt: skip
        return train_on_dask(root, recipes, named, settings, progress=report)
    from core.device import detect_device
    from core.snapshots.train import train_snapshots

    device = detect_device(arguments.device)
    return train_snapshots(root, recipes, dataset, device=device, progress=report)


def _within(low: float, high: float) -> Callable[[float, str], None]:
    """Return a progress line for one part of the work."""
    return lambda part, text: progress_line(low + part * (high - low), text)


def _root(arguments: argparse.Namespace, settings: Settings) -> Path:
    return local_path(arguments.root or settings.cache_root / ROOT).absolute()


def _distribution(arguments: argparse.Namespace) -> str | list[int]:
    text = arguments.distribution
    if not text.replace(",", "").strip().isdigit():
        return text.upper().replace("-", "_")
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise UsageError(f"Indices {text!a}", "are not like 1,2,2") from error


def _answer(root: Path, base: str | None, snapshots: list) -> Answer:
    document = {
        "root": str(root), "base": base, "snapshots": [vars(s) for s in snapshots],
    }  # fmt: skip
    rows = [
        (s.id, s.parent, s.retrain_index, s.seed, _share(s.metrics)) for s in snapshots
    ]
    lines = table(("snapshot", "parent", "index", "seed", "test accuracy"), rows)
    return Answer(document, f"{len(rows)} snapshots in {root}\n\n{lines}")


def _share(metrics: Any) -> str | None:
    return percent(metrics["test"]["top1"], 1) if metrics else None
