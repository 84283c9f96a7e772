"""Build the demo family: each model folder whole or not at all, none made twice."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from core.cache import flush, read_json, write_bytes, write_json
from core.demo.card import model_card
from core.demo.digits import TASKS, load_split
from core.demo.recipes import BASES, CHILDREN, Recipe, recipe_key, truth
from core.errors import CacheError
from core.progress import Cancelled, Progress, stop_if, stoppable
from core.settings import Settings

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


THE_DEMO = "The demo"
RECORD = "training.json"
WEIGHTS = "model.safetensors"
UNFINISHED = ".unfinished"


def demo_root(settings: Settings) -> Path:
    """Return the folder that holds the demo family."""
    return settings.cache_root / "demo" / "digits"


def demo_bases(settings: Settings) -> list[Path]:
    """Return the folders of the demo's bases that are on disk."""
    folders = [demo_root(settings) / recipe.name for recipe in BASES]
    return [folder for folder in folders if (folder / RECORD).is_file()]


def is_built(settings: Settings, *, seed: int = 0) -> bool:
    """Whether every model of the demo is on disk, made by the present recipes."""
    root = demo_root(settings)
    return all(is_whole(root, r, seed) for r in BASES + CHILDREN)


def build_demo(
    settings: Settings,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    seed: int = 0,
) -> Path:
    """Train what is missing of the demo family and return its folder.

    The same seed gives the same weights, bit for bit, on one machine and one version
    of torch. Raises JobCancelled when `cancelled` says so (finished models stay) and
    CacheError when the disk refuses.
    """
    root = demo_root(settings)
    build_recipes(
        root, BASES + CHILDREN, seed=seed, progress=progress, cancelled=cancelled
    )
    return root


def build_recipes(
    root: Path,
    recipes: Sequence[Recipe],
    *,
    seed: int = 0,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> None:
    """Make every model of `recipes` that `root` does not hold yet, bases first.

    `root/truth.json` tells what was done to each child. Two builds of one folder wait
    for each other.
    """
    report = stoppable(THE_DEMO, progress, cancelled)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _only_build(root, cancelled):
            shutil.rmtree(root / UNFINISHED, ignore_errors=True)
            _build_missing(root, tuple(recipes), seed, report)
            write_json(root / "truth.json", truth(tuple(recipes)))
    except OSError as error:
        reason = error.strerror or str(error)
        remedy = "free space or change PEDIGREE_CACHE"
        raise CacheError(root, f"cannot hold the demo ({reason})", remedy) from error
    if progress:
        progress(1.0, "The demo family is ready")


def is_whole(root: Path, recipe: Recipe, seed: int) -> bool:
    """Whether the folder of `recipe` is on disk and made by exactly this recipe."""
    folder = root / recipe.name
    if not (folder / WEIGHTS).is_file():
        return False
    with suppress(CacheError):
        record = read_json(folder / RECORD)
        return isinstance(record, dict) and record.get("recipe") == _key(recipe, seed)
    return False


def _only_build(root: Path, cancelled: Cancelled | None) -> FileLock:
    lock = FileLock(root / ".lock")
    while True:
        stop_if(cancelled, THE_DEMO)
        with suppress(Timeout):
            lock.acquire(timeout=0.5)
            return lock


def _build_missing(
    root: Path, recipes: tuple[Recipe, ...], seed: int, report: Progress
) -> None:
    missing = [recipe for recipe in recipes if not is_whole(root, recipe, seed)]
    if not missing:
        return
    from core.demo.networks import steady_torch

    total = sum(_cost(recipe) for recipe in missing)
    with steady_torch():
        for index, recipe in enumerate(missing):
            done = sum(_cost(made) for made in missing[:index])

            def on_epoch(epoch: int, recipe: Recipe = recipe, done: float = done):
                message = f"Training {recipe.name}, pass {epoch + 1}/{recipe.epochs}"
                report((done + epoch * _pass_cost(recipe)) / total, message)

            report(done / total, f"Making {recipe.name}")
            _make(root, recipe, seed, on_epoch)


def _make(
    root: Path, recipe: Recipe, seed: int, on_epoch: Callable[[int], None]
) -> None:
    """Train one model in an unfinished folder, then give the folder its name."""
    import torch

    from core.demo.training import accuracy, train

    task = TASKS[recipe.task]
    split = load_split(task, seed)
    generator = torch.Generator().manual_seed(_own_seed(recipe, seed))
    network = _start(root, recipe, task.labels, generator)
    train(network, recipe, split.train, generator, on_epoch)
    unfinished = root / UNFINISHED / recipe.name
    (network.half() if recipe.half else network).save_pretrained(unfinished)
    score = accuracy(network, recipe, split.test)
    images = len(split.test[1])
    card = model_card(recipe, task, accuracy=score, images=images, seed=seed)
    write_bytes(unfinished / "README.md", card.encode())
    record = {"recipe": _key(recipe, seed), "accuracy": score, "test_images": images}
    write_json(unfinished / RECORD, record)
    flush(unfinished / WEIGHTS)
    _replace_folder(unfinished, root / recipe.name)


def _start(
    root: Path, recipe: Recipe, labels: tuple[str, ...], generator: "torch.Generator"
) -> "PreTrainedModel":
    from core.demo.networks import derive_network, load_network, new_network

    if recipe.base is None:
        return new_network(recipe.architecture, labels, generator)
    base = load_network(root / recipe.base, recipe.architecture)
    return derive_network(base, recipe.architecture, labels, generator)


def _replace_folder(new: Path, old: Path) -> None:
    if old.exists():
        old.rename(new.with_name(f"{new.name}.old"))
    new.rename(old)
    shutil.rmtree(new.with_name(f"{new.name}.old"), ignore_errors=True)


def _key(recipe: Recipe, seed: int) -> str:
    base = next((base for base in BASES if base.name == recipe.base), None)
    return recipe_key(recipe, base, seed)


def _own_seed(recipe: Recipe, seed: int) -> int:
    return int.from_bytes(sha256(f"{seed}/{recipe.name}".encode()).digest()[:4])


def _cost(recipe: Recipe) -> float:
    """Estimate the share of the work; only the progress bar depends on it."""
    return 0.2 + recipe.epochs * _pass_cost(recipe)


def _pass_cost(recipe: Recipe) -> float:
    return 1.0 if recipe.trains == "everything" else 0.7
