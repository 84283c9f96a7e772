"""The four networks of the study of derived models, with its training
(https://github.com/hpides/alsatian): 35 snapshots each, seven of each dataset.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.snapshots.recipe import Recipe
from core.snapshots.retrain_index import draw_indices


@dataclass(frozen=True)
class Preset:
    """An architecture, and a batch that a GPU of 16 GB should hold (an estimate)."""

    architecture: str
    batch_size: int = 128


PRESETS: Mapping[str, Preset] = {
    "resnet-18": Preset("torchvision/resnet18"),
    "resnet-152": Preset("torchvision/resnet152"),
    "efficientnet-v2-l": Preset("torchvision/efficientnet_v2_l", 64),
    "vit-l-32": Preset("torchvision/vit_l_32"),
}
"""Every preset, by name."""


def plan_recipes(
    base: str,
    dataset: str,
    points: int,
    count: int,
    distribution: str | Sequence[int] = "TWENTY_FIVE_PERCENT",
    *,
    like: Recipe | None = None,
    seed: int = 42,
) -> list[Recipe]:
    """Plan `count` snapshots of one base on one dataset, each with its own index.

    `like` gives everything but the name, parent, index and seed.

    >>> [recipe.retrain_index for recipe in plan_recipes("b", "digits", 9, 3)]
    [2, 4, 3]
    >>> plan_recipes("b", "digits", 9, 2)[1].name
    'b-digits-s42-001'
    """
    start = like or Recipe(base, base, 0)
    indices = draw_indices(distribution, points, count, seed=seed)
    return [
        replace(
            start, name=f"{base}-{dataset}-s{seed}-{place:03}", parent=base,
            retrain_index=index, blocks=(), seed=seed + place,
        )
        for place, index in enumerate(indices)
    ]  # fmt: skip
