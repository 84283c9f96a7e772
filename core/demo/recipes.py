"""Which models the demo trains: architecture, question, and what was left frozen. The
comparison never reads this; only tests hold it against what was recovered.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Literal

Architecture = Literal["vit", "resnet"]
Trains = Literal[
    "everything", "head", "norms", "norms-and-biases", "low-rank", "statistics",
    "nothing",
]  # fmt: skip

VERSION = 1
"""Raised when training changes, so that folders of an older demo are made again."""

KINDS: Mapping[Trains, str] = {
    "everything": "full",
    "head": "head-only",
    "norms": "norm-only",
    "norms-and-biases": "bias-and-norm",
    "low-rank": "low-rank",
    "statistics": "statistics-only",
    "nothing": "identical",
}


@dataclass(frozen=True)
class Recipe:
    """How one model is made. `base` is None for a base, trained from random weights.

    `frozen_blocks` freezes the stem and that many blocks. The running statistics of a
    frozen BatchNorm layer stay as they are unless `drifts`. `epochs` counts passes
    over the training images.
    """

    name: str
    architecture: Architecture
    task: str
    base: str | None
    trains: Trains = "everything"
    frozen_blocks: int | None = None
    drifts: bool = False
    half: bool = False
    epochs: int = 0
    learning_rate: float = 2e-3

    @property
    def kind(self) -> str:
        """The freeze pattern that a comparison should recover."""
        if self.half:
            return "cast"
        if self.frozen_blocks is not None:
            return "frozen-prefix"
        return KINDS[self.trains]

    @property
    def statistics_drift(self) -> bool:
        """Whether running statistics differ from the base's."""
        moves = self.trains in ("everything", "norms", "norms-and-biases", "statistics")
        return self.architecture == "resnet" and (self.drifts or moves)


def recipe_key(recipe: Recipe, base: Recipe | None, seed: int) -> str:
    """Return what a model folder was made by: equal keys, equal weights."""
    parts = [VERSION, seed, asdict(recipe), asdict(base) if base else None]
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def truth(recipes: tuple[Recipe, ...]) -> dict[str, dict[str, object]]:
    """Return what was done to every child, by name."""
    return {
        recipe.name: {
            "base": recipe.base,
            "kind": recipe.kind,
            "frozen_blocks": recipe.frozen_blocks,
            "statistics_drift": recipe.statistics_drift,
            "cast_dtype": "float16" if recipe.half else None,
        }
        for recipe in recipes
        if recipe.base
    }


def _vit(name: str, task: str, **options: object) -> Recipe:
    return Recipe(f"digits-vit-{name}", "vit", task, "digits-vit", **options)


def _resnet(name: str, task: str, **options: object) -> Recipe:
    return Recipe(f"digits-resnet-{name}", "resnet", task, "digits-resnet", **options)


BASES = (
    Recipe("digits-vit", "vit", "digits", None, epochs=12, learning_rate=4e-3),
    Recipe("digits-resnet", "resnet", "digits", None, epochs=6, learning_rate=1e-2),
)

CHILDREN = (
    _vit("parity", "parity", trains="head", epochs=3, learning_rate=2e-2),
    _vit("above-four", "above-four", frozen_blocks=5, epochs=3),
    _vit("loops", "loops", frozen_blocks=3, epochs=3),
    _vit("zero-to-four", "zero-to-four", frozen_blocks=1, epochs=3),
    _vit("quarter-turns", "quarter-turns", epochs=4, learning_rate=3e-3),
    _vit("inverted", "inverted", epochs=4, learning_rate=3e-3),
    _vit("threes", "threes", trains="norms", epochs=3, learning_rate=1e-2),
    _vit("noisy", "noisy", trains="norms-and-biases", epochs=3, learning_rate=5e-3),
    _vit("mirrored", "mirrored", trains="low-rank", epochs=4, learning_rate=1e-2),
    _vit("half", "digits", trains="nothing", half=True),
    _vit("copy", "digits", trains="nothing"),
    _resnet("parity", "parity", trains="head", epochs=3, learning_rate=2e-2),
    _resnet(
        "above-four", "above-four", trains="head", drifts=True, epochs=3,
        learning_rate=2e-2,
    ),
    _resnet("loops", "loops", frozen_blocks=3, epochs=3),
    _resnet("primes", "primes", frozen_blocks=2, epochs=3),
    _resnet("zero-to-four", "zero-to-four", frozen_blocks=1, epochs=3),
    _resnet("quarter-turns", "quarter-turns", epochs=4, learning_rate=5e-3),
    _resnet("inverted", "inverted", trains="norms", epochs=4, learning_rate=1e-2),
    _resnet("noisy", "noisy", trains="statistics", drifts=True, epochs=2),
    _resnet("half", "digits", trains="nothing", half=True),
)  # fmt: skip
"""Every child of the demo; names tell the question, never what was frozen."""
