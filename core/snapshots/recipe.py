"""How one snapshot is trained: plain values, the same in a record and on a worker."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from typing import Any, Literal, get_args

from core.errors import UsageError
from core.snapshots.freeze import Statistics

Augment = Literal["none", "flip", "crop-flip"]
Optimizer = Literal["adam", "adamw", "sgd"]
Precision = Literal["float32", "bfloat16"]

VERSION = 1
"""Raised when training changes, so that older snapshots are told apart."""


@dataclass(frozen=True)
class Recipe:
    """What is trained, from which parent, and how; the defaults are the study's
    (https://github.com/hpides/alsatian): Adam at 0.001, batches of 128, 20 epochs.

    `retrain_index` trains the head and that many last blocks; `blocks` names any others
    instead. `statistics` "kept" leaves frozen BatchNorm as it is. `augment` "flip"
    mirrors half of the images, "crop-flip" also crops at random, which forbids keeping
    the features of what is frozen. `precision` None is bfloat16 on CUDA, else float32.
    Training stops after `patience` epochs without a better validation accuracy, and
    the best epoch is kept. A checkpoint is written every `checkpoint_steps` and after
    each epoch.
    """

    name: str
    parent: str
    retrain_index: int | None = None
    blocks: tuple[str, ...] = ()
    epochs: int = 20
    batch_size: int = 128
    optimizer: Optimizer = "adam"
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    seed: int = 0
    augment: Augment = "flip"
    statistics: Statistics = "kept"
    precision: Precision | None = None
    patience: int | None = 5
    checkpoint_steps: int | None = 200
    cache_features: bool = True

    def __post_init__(self) -> None:
        if (self.retrain_index is None) == (not self.blocks):
            happened = "needs either a retrain index or a list of blocks"
            raise UsageError(f"Recipe {self.name}", happened)
        for value, closed in (
            (self.augment, Augment), (self.optimizer, Optimizer),
            (self.statistics, Statistics),
        ):  # fmt: skip
            if value not in get_args(closed):
                remedy = f"use {', '.join(get_args(closed))}"
                raise UsageError(f"Recipe {self.name}", f"says {value!a}", remedy)
        if self.epochs < 1 or self.batch_size < 2 or not self.learning_rate > 0:
            happened = "needs an epoch, batches of two and a learning rate over 0"
            raise UsageError(f"Recipe {self.name}", happened)


def recipe_of(document: Mapping[str, Any]) -> Recipe:
    """Read what a record says of a recipe; what it does not know is left out."""
    known = {field.name for field in fields(Recipe)}
    values = {key: value for key, value in document.items() if key in known}
    return Recipe(**values | {"blocks": tuple(values.get("blocks") or ())})


def recipe_key(recipe: Recipe, dataset_key: str, parent_digest: str) -> str:
    """Return what a snapshot was made by: equal keys, equal weights on one machine."""
    parts = [VERSION, asdict(recipe), dataset_key, parent_digest]
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
