"""Train a demo network by its recipe, and measure it. Knows no files."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.demo.digits import Labeled
from core.demo.networks import is_trained, pixels
from core.demo.recipes import Recipe

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

BATCH = 128
LOW_RANK = 2


def train(
    network: "PreTrainedModel",
    recipe: Recipe,
    labeled: Labeled,
    generator: "torch.Generator",
    on_epoch: Callable[[int], None],
) -> None:
    """Train in place; `on_epoch(n)` runs before each pass and may raise to stop."""
    import torch

    images = pixels(labeled[0], recipe.architecture)
    labels = torch.from_numpy(labeled[1])
    _freeze(network, recipe, generator)
    step = _stepper(network, recipe, steps=recipe.epochs * -(-len(labels) // BATCH))
    for epoch in range(recipe.epochs):
        on_epoch(epoch)
        _set_mode(network, recipe)
        for batch in torch.randperm(len(labels), generator=generator).split(BATCH):
            step(images[batch], labels[batch])
    _merge_low_rank(network)


def accuracy(network: "PreTrainedModel", recipe: Recipe, labeled: Labeled) -> float:
    """Return the share of images answered rightly, computed in float32."""
    import torch

    network.float().eval()
    with torch.no_grad():
        logits = network(pixels(labeled[0], recipe.architecture)).logits
    return float((logits.argmax(1).numpy() == labeled[1]).mean())


def _stepper(
    network: "PreTrainedModel", recipe: Recipe, steps: int
) -> "Callable[[torch.Tensor, torch.Tensor], None]":
    """Return what learns from one batch; statistics alone move in a forward pass."""
    import torch

    trained = [p for p in network.parameters() if p.requires_grad]
    if not trained:

        def look(images: "torch.Tensor", labels: "torch.Tensor") -> None:
            with torch.no_grad():
                network(images)

        return look

    # fused: the loop over a hundred small tensors costs more than their gradients
    optimizer = torch.optim.AdamW(trained, recipe.learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=steps
    )

    def learn(images: "torch.Tensor", labels: "torch.Tensor") -> None:
        logits = network(images).logits
        loss = torch.nn.functional.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()

    return learn


def _freeze(
    network: "PreTrainedModel", recipe: Recipe, generator: "torch.Generator"
) -> None:
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(is_trained(name, recipe))
    if recipe.trains == "low-rank":
        _add_low_rank(network, generator)


def _set_mode(network: "PreTrainedModel", recipe: Recipe) -> None:
    """Train mode, but BatchNorm layers that are frozen keep their statistics."""
    import torch

    network.train()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.train(module.weight.requires_grad or recipe.drifts)


def _add_low_rank(network: "PreTrainedModel", generator: "torch.Generator") -> None:
    """Add a trainable low-rank delta to every query and value matrix.

    LoRA, Hu et al. 2021 (arXiv:2106.09685), at rank 2; one factor starts at zero.
    """
    import torch
    from torch.nn.utils import parametrize

    class LowRankDelta(torch.nn.Module):
        def __init__(self, rows: int, columns: int) -> None:
            super().__init__()
            down = torch.empty(LOW_RANK, columns)
            self.down = torch.nn.Parameter(
                down.normal_(0, columns**-0.5, generator=generator)
            )
            self.up = torch.nn.Parameter(torch.zeros(rows, LOW_RANK))

        def forward(self, weight: "torch.Tensor") -> "torch.Tensor":
            return weight + self.up @ self.down

    for name, module in list(network.named_modules()):
        if name.rsplit(".", 1)[-1] in ("query", "value", "q_proj", "v_proj"):
            delta = LowRankDelta(*module.weight.shape)
            parametrize.register_parametrization(module, "weight", delta)


def _merge_low_rank(network: "PreTrainedModel") -> None:
    from torch.nn.utils import parametrize

    for module in list(network.modules()):
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight")
