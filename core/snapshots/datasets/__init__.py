"""Datasets to train on: published ones as their archives are, any folder of images,
and two that need no files. Splits are fixed, images stay where they are.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from core.errors import UsageError
from core.progress import Progress
from core.settings import local_path
from core.snapshots.datasets import builtin, folders, published
from core.snapshots.datasets.dataset import (
    Caps,
    Dataset,
    Source,
    check_images,
    make_dataset,
)

__all__ = ["BUILT_IN", "PUBLISHED", "Caps", "Dataset", "check_images", "load_dataset"]

PUBLISHED: Mapping[str, Callable[[Path], Source]] = {
    "cub-200": published.cub_200,
    "food-101": published.food_101,
    "imagewoof": published.imagewoof,
    "stanford-cars": published.stanford_cars,
    "stanford-dogs": published.stanford_dogs,
}
"""What reads each published dataset from the folder that holds its files."""

BUILT_IN: Mapping[str, Callable[[], Source]] = {
    "digits": builtin.digits,
    "synthetic": builtin.synthetic,
}
"""Datasets that need no files."""


def load_dataset(
    name: str,
    root: Path | None = None,
    *,
    caps: Caps | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Dataset:
    """Prepare a dataset: `digits`, `synthetic`, one of PUBLISHED with the folder of
    its files or archives, or a folder of images, whose name is then free.

    The split depends on the seed and the files' names alone. Raises UsageError, naming
    the file, for lists and images that are not as published.

    >>> digits = load_dataset("digits", caps=Caps(train=100, validation=40, test=60))
    >>> len(digits.train), len(digits.validation), len(digits.test), digits.classes[:2]
    (100, 40, 60, ('0', '1'))
    """
    if name in BUILT_IN and root is None:
        source = BUILT_IN[name]()
    elif root is None:
        known = ", ".join([*BUILT_IN, *PUBLISHED])
        remedy = f"name a folder, or use one of {known}"
        raise UsageError(f"Dataset {name}", "has no folder", remedy)
    else:
        read = PUBLISHED.get(name) or (lambda path: folders.folder_source(name, path))
        source = read(local_path(root).absolute())
    return make_dataset(source, caps=caps or Caps(), seed=seed, progress=progress)
