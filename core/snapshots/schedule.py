"""What a recipe means step by step: its optimizer, the batches of an epoch and their
random state. A function of the recipe alone, so that a restart does the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from core.snapshots.recipe import Recipe

if TYPE_CHECKING:
    import torch


def new_optimizer(
    recipe: Recipe, learned: "list[torch.nn.Parameter]"
) -> "torch.optim.Optimizer":
    """Build the recipe's optimizer of the parameters that are trained."""
    import torch

    rate, decay = recipe.learning_rate, recipe.weight_decay
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(learned, rate, momentum=0.9, weight_decay=decay)
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    return kinds[recipe.optimizer](learned, rate, weight_decay=decay)


def epoch_batches(recipe: Recipe, count: int, epoch: int) -> list[np.ndarray]:
    """Cut the shuffled rows of an epoch into batches; a last batch of one image is left
    out, which BatchNorm cannot learn from.

    >>> recipe = Recipe("a", "base", retrain_index=1, batch_size=2)
    >>> [len(rows) for rows in epoch_batches(recipe, 5, 0)]
    [2, 2]
    """
    order = np.random.default_rng([recipe.seed, epoch]).permutation(count)
    starts = range(0, count, recipe.batch_size)
    batches = [order[start : start + recipe.batch_size] for start in starts]
    return [rows for rows in batches if len(rows) > 1 or len(batches) == 1]


def epoch_seed(seed: int, epoch: int) -> int:
    """Return torch's seed for one epoch.

    >>> epoch_seed(0, 1) != epoch_seed(0, 2) == epoch_seed(0, 2)
    True
    """
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])


@contextmanager
def steady(device: "torch.device") -> Iterator[None]:
    """Ask for the same sums every time, and give the random state back after."""
    import torch

    cudnn = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.benchmark
    cudnn.deterministic, cudnn.benchmark = True, False
    devices = [device] if device.type == "cuda" else []
    try:
        with torch.random.fork_rng(devices=devices):
            yield
    finally:
        cudnn.deterministic, cudnn.benchmark = before
