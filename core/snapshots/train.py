"""Fine-tuned snapshots: from a parent, a recipe and a dataset to a folder with weights
and lineage. Several are one job, on Dask workers where there is a scheduler.
"""

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from core.cache import read_json, write_json
from core.device import Device, detect_device
from core.errors import CorruptCheckpoint, UsageError
from core.progress import Cancelled, Progress, part_of, stoppable
from core.snapshots.architecture import build_network
from core.snapshots.blocks import find_blocks, retrain_index, retrained_blocks
from core.snapshots.checkpoint import Standing
from core.snapshots.datasets import Dataset
from core.snapshots.freeze import freeze
from core.snapshots.lineage import (
    RECORD,
    UNFINISHED,
    WEIGHTS,
    Snapshot,
    check_name,
    list_snapshots,
    read_snapshot,
    write_snapshot,
)
from core.snapshots.measure import measure_snapshot, rounded
from core.snapshots.recipe import Recipe, recipe_key
from core.snapshots.training import Setting, Training
from core.transfer.state import digest_of, read_state

if TYPE_CHECKING:
    import torch


CHECKPOINT, EPOCHS = "checkpoint.safetensors", "epochs.json"


def train_snapshot(
    root: Path,
    recipe: Recipe,
    dataset: Dataset,
    *,
    device: Device | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Snapshot:
    """Train one snapshot of `root/PARENT` by its recipe, or return what is there.

    The same recipe, data and parent give the same weights, bit for bit, on one machine
    with one version of torch and count of threads, however often training was killed.
    The head is fresh unless the parent answers with the same classes. Raises UsageError
    and CheckpointError, and JobCancelled when `cancelled` says so.
    """
    check_name(recipe.name)
    parent = _parent(root, recipe)
    key = recipe_key(recipe, dataset.key, parent.weights_digest)
    unfinished = root / UNFINISHED / recipe.name
    unfinished.mkdir(parents=True, exist_ok=True)
    with FileLock(root / UNFINISHED / f"{recipe.name}.lock"):
        there = _made_by(root / recipe.name, key)
        if there is None:
            there = _train(
                root, recipe, parent, dataset, key, device or detect_device(),
                stoppable("Training", progress, cancelled),
            )  # fmt: skip
        shutil.rmtree(unfinished, ignore_errors=True)
    return there


def train_snapshots(
    root: Path,
    recipes: Sequence[Recipe],
    dataset: Dataset,
    *,
    device: Device | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> list[Snapshot]:
    """Train several snapshots as one job; one that is there is not trained again.

    A recipe whose parent is another's result waits for it.
    """
    ordered, found = in_order(root, recipes), []
    for place, recipe in enumerate(ordered):
        part = part_of(progress, place, len(ordered))
        found.append(
            train_snapshot(
                root, recipe, dataset, device=device, progress=part, cancelled=cancelled
            )
        )
    return found


def in_order(root: Path, recipes: Sequence[Recipe]) -> list[Recipe]:
    """Sort recipes so that parents come first.

    Raises UsageError for a parent that is neither there nor to be made, and for two
    recipes of one name.
    """
    names = [recipe.name for recipe in recipes]
    if len(set(names)) < len(names):
        raise UsageError("The recipes", "name a snapshot twice", "rename one")
    made = {snapshot.id for snapshot in list_snapshots(root)} - set(names)
    waiting, ordered = list(recipes), []
    while waiting:
        ready = [recipe for recipe in waiting if recipe.parent in made]
        if not ready:
            happened = f"has a parent that is not there: {waiting[0].parent}"
            raise UsageError(waiting[0].name, happened, "make the base first")
        ordered += ready
        made |= {recipe.name for recipe in ready}
        waiting = [recipe for recipe in waiting if recipe not in ready]
    return ordered


def read_epochs(root: Path, name: str) -> list[dict]:
    """Return what each epoch measured so far, also while a snapshot is in training."""
    if (root / name / RECORD).is_file():
        metrics = read_snapshot(root / name).metrics or {}
        return list(metrics.get("epochs", ()))
    path = root / UNFINISHED / name / EPOCHS
    return list(read_json(path)) if path.is_file() else []


def _train(
    root: Path, recipe: Recipe, parent: Snapshot, dataset: Dataset, key: str,
    device: Device, report: Progress,
) -> Snapshot:  # fmt: skip
    import torch

    network = _start(root, recipe, parent, dataset)
    blocks = find_blocks(network.state_dict())
    chosen = recipe.blocks or retrained_blocks(blocks, recipe.retrain_index)
    frozen = freeze(network, blocks, chosen, statistics=recipe.statistics)
    unfinished = root / UNFINISHED / recipe.name
    low = "bfloat16" if device.kind == "cuda" else "float32"
    setting = Setting(
        recipe, frozen, torch.device(device.address), recipe.precision or low,
        unfinished / CHECKPOINT, key,
    )  # fmt: skip
    training = Training(network, dataset, parent.built.preprocess, setting)
    standing = training.run(
        report, lambda history: write_json(unfinished / EPOCHS, history)
    )
    state = {name: t.detach().cpu() for name, t in network.state_dict().items()}
    used = {
        "key": key, "device": device.name, "precision": setting.precision,
        "torch": torch.__version__, "threads": torch.get_num_threads(),
        "features_kept": training.kept is not None,
    }  # fmt: skip
    snapshot = Snapshot(
        recipe.name, parent.base, parent.id, "trained", parent.architecture,
        recipe.seed, digest_of(state), retrain_index(blocks, chosen), frozen.blocks,
        dataset.classes, dataset.document(), asdict(recipe) | used,
    )  # fmt: skip
    return _measured(root, snapshot, state, standing, dataset, device)


def _measured(
    root: Path, snapshot: Snapshot, state: "dict[str, torch.Tensor]",
    standing: Standing, dataset: Dataset, device: Device,
) -> Snapshot:  # fmt: skip
    """Write the snapshot, with the test accuracy of exactly the weights it stores."""
    stage = root / UNFINISHED / snapshot.id
    write_snapshot(stage, snapshot, state, listed=False)
    found = measure_snapshot(stage / snapshot.id, dataset.test, device=device)
    best = standing.history[standing.best_epoch]
    metrics = {
        "test": rounded(found), "best_epoch": standing.best_epoch,
        "validation_top1": best["validation_top1"], "epochs": standing.history,
    }  # fmt: skip
    complete = Snapshot(**vars(snapshot) | {"metrics": metrics})
    return read_snapshot(write_snapshot(root, complete, state))


def _start(
    root: Path, recipe: Recipe, parent: Snapshot, dataset: Dataset
) -> "torch.nn.Module":
    """Build the network with the parent's weights and a head for the dataset."""
    state, _ = read_state(root / parent.id)
    network = build_network(parent.built, len(dataset.classes), seed=recipe.seed)
    head = {
        name
        for block in find_blocks(network.state_dict())
        if block.part == "head"
        for name in block.tensors
    }
    if parent.classes != dataset.classes:
        state = {name: tensor for name, tensor in state.items() if name not in head}
    told = network.load_state_dict(state, strict=False)
    if set(told.missing_keys) - head or told.unexpected_keys:
        wrong = [*told.missing_keys, *told.unexpected_keys][0]
        happened = f"does not fit its architecture ({wrong})"
        raise CorruptCheckpoint(parent.id, happened, "make it again")
    return network


def _parent(root: Path, recipe: Recipe) -> Snapshot:
    folder = root / check_name(recipe.parent)
    if not (folder / RECORD).is_file():
        happened = f"has a parent that is not there: {recipe.parent}"
        raise UsageError(recipe.name, happened, "make the base first")
    return read_snapshot(folder)


def _made_by(folder: Path, key: str) -> Snapshot | None:
    """Return the snapshot of a folder if this very recipe made it."""
    if not ((folder / RECORD).is_file() and (folder / WEIGHTS).is_file()):
        return None
    there = read_snapshot(folder)
    return there if (there.recipe or {}).get("key") == key else None
