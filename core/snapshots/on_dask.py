"""The same trainings on the workers of a Dask cluster that shares the folder, one a GPU
where workers declare them. Knows tasks and lost workers; training is `train`'s.

Source: worker resources of distributed
(https://distributed.dask.org/en/stable/resources.html).
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from socket import gethostname

from filelock import FileLock

from core.errors import PedigreeError
from core.progress import Cancelled, Progress, silent, stop_if
from core.scheduler import connected, ended
from core.settings import Settings
from core.snapshots.datasets import Caps, load_dataset
from core.snapshots.lineage import UNFINISHED, Snapshot
from core.snapshots.recipe import Recipe
from core.snapshots.train import in_order, train_snapshot

RESOURCE = "GPU"


@dataclass(frozen=True)
class DatasetName:
    """What a worker needs to prepare the same dataset; `key` proves that it is."""

    name: str
    root: Path | None
    caps: Caps
    seed: int
    key: str


def train_on_dask(
    root: Path,
    recipes: Sequence[Recipe],
    dataset: DatasetName,
    settings: Settings,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> list[Snapshot]:
    """Train snapshots on the workers of the scheduler in `settings`.

    Workers that declare the resource GPU train one each at a time; a task whose worker
    is lost goes on elsewhere from its checkpoint. A child waits for its parent. Raises
    HubError when the scheduler cannot be reached, and the first error of a task.
    """
    ordered = in_order(root, recipes)
    with connected(settings) as client, client.as_current():
        resources = {RESOURCE: 1} if _has_gpus(client) else None
        futures = {}
        for recipe in ordered:
            after = futures.get(recipe.parent)
            futures[recipe.name] = client.submit(
                train_task, root, recipe, dataset, after, pure=False,
                resources=resources,
            )  # fmt: skip
        try:
            _follow(futures, progress, cancelled)
            return [future.result() for future in futures.values()]
        except BaseException:
            client.cancel(list(futures.values()), force=True)
            raise


def train_task(
    root: Path, recipe: Recipe, dataset: DatasetName, _: Snapshot | None
) -> Snapshot:
    """Train one snapshot; runs on a worker. Raises PedigreeError for other data.

    The threads of one worker take turns: they share torch's random generator.
    """
    name = dataset.name
    found = load_dataset(name, dataset.root, caps=dataset.caps, seed=dataset.seed)
    if found.key != dataset.key:
        remedy = "give workers the same files"
        raise PedigreeError(f"Dataset {name}", "is another on this worker", remedy)
    turn = root / UNFINISHED / f"worker-{gethostname()}-{os.getpid()}.lock"
    turn.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(turn):
        return train_snapshot(root, recipe, found)


def _follow(
    futures: dict, progress: Progress | None, cancelled: Cancelled | None
) -> None:
    """Wait for all tasks; the first error ends the waiting."""
    report, waiting = progress or silent, set(futures.values())
    while waiting:
        stop_if(cancelled, "Training")
        for future in (now := ended(waiting)):
            future.result()
        waiting -= now
        done = len(futures) - len(waiting)
        report(done / len(futures), f"{done} of {len(futures)} trained")


def _has_gpus(client) -> bool:
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    return any(worker.get("resources", {}).get(RESOURCE) for worker in workers)
