"""The demo's two tiny architectures, as transformers builds them, and which of their
parameters a recipe trains. Loads only folders that the demo itself wrote.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.demo.recipes import Architecture, Recipe

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

UPSCALE: dict[Architecture, int] = {"vit": 1, "resnet": 3}
"""How often each pixel is repeated: a ResNet halves an 8 x 8 image away."""

STEM = -1
BEHIND_BLOCKS = 1_000


@contextmanager
def steady_torch() -> Iterator[None]:
    """Run torch on one thread and transformers without progress bars, then restore.

    Sums depend on how many threads share them; one thread gives the same bits for
    every core count. The setting is the process's: other torch work meanwhile gets one
    thread too.
    """
    import torch
    from transformers.utils import logging

    threads, bars = torch.get_num_threads(), logging.is_progress_bar_enabled()
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        if bars:
            logging.enable_progress_bar()


def new_network(
    architecture: Architecture, labels: tuple[str, ...], generator: "torch.Generator"
) -> "PreTrainedModel":
    """Build a model with random weights drawn from `generator` alone."""
    import torch

    with torch.random.fork_rng(devices=[]):
        network = _build(architecture, labels)
    return draw_weights(network, architecture, generator)


def draw_weights(
    network: "PreTrainedModel", architecture: Architecture, generator: "torch.Generator"
) -> "PreTrainedModel":
    """Draw all weights of a network from `generator`, in place."""
    import torch

    gain = 2 if architecture == "resnet" else 1
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.ndim > 1:
                deviation = (gain / parameter[0].numel()) ** 0.5
                parameter.normal_(0, deviation, generator=generator)
            else:
                parameter.fill_(0 if name.endswith("bias") else 1)
    return network


def load_network(folder: Path, architecture: Architecture) -> "PreTrainedModel":
    """Load a model that the demo wrote."""
    from transformers import ResNetForImageClassification, ViTForImageClassification

    classes = {"vit": ViTForImageClassification, "resnet": ResNetForImageClassification}
    return classes[architecture].from_pretrained(folder, local_files_only=True)


def derive_network(
    base: "PreTrainedModel",
    architecture: Architecture,
    labels: tuple[str, ...],
    generator: "torch.Generator",
) -> "PreTrainedModel":
    """Build a model with the weights of `base` and, for other labels, a fresh head."""
    network = new_network(architecture, labels, generator)
    weights = base.state_dict()
    if base.config.num_labels != network.config.num_labels:
        weights = {k: v for k, v in weights.items() if not is_head(k)}
    network.load_state_dict(weights, strict=False)
    return network


def pixels(images: np.ndarray, architecture: Architecture) -> "torch.Tensor":
    """Turn images (N, 8, 8) in 0-1 into what the model sees: (N, 1, H, W), -1 to 1."""
    import torch

    factor = UPSCALE[architecture]
    enlarged = images.repeat(factor, axis=1).repeat(factor, axis=2)
    return torch.from_numpy(enlarged[:, None] * 2 - 1)


def block_of(name: str) -> int:
    """Return the index of the block that a parameter belongs to.

    >>> block_of("vit.encoder.layer.3.output.dense.bias")
    3
    >>> block_of("resnet.encoder.stages.1.layers.0.layer.0.convolution.weight")
    1
    >>> block_of("vit.embeddings.cls_token")
    -1
    """
    found = re.search(r"(?:stages|layers?)\.(\d+)\.", name)
    if found:
        return int(found[1])
    return STEM if "embed" in name else BEHIND_BLOCKS


def is_head(name: str) -> bool:
    """Whether a parameter belongs to the classifier."""
    return name.startswith("classifier.")


def is_trained(name: str, recipe: Recipe) -> bool:
    """Whether the recipe trains the parameter `name` itself."""
    if recipe.trains in ("statistics", "nothing"):
        return False
    if is_head(name):
        return True
    if recipe.trains == "everything":
        frozen = STEM if recipe.frozen_blocks is None else recipe.frozen_blocks
        return block_of(name) >= frozen
    is_norm = "norm" in name
    if recipe.trains == "norms-and-biases":
        return is_norm or name.endswith("bias")
    return recipe.trains == "norms" and is_norm


def _build(architecture: Architecture, labels: tuple[str, ...]) -> "PreTrainedModel":
    from transformers import (
        ResNetConfig,
        ResNetForImageClassification,
        ViTConfig,
        ViTForImageClassification,
    )

    names = {
        "id2label": dict(enumerate(labels)),
        "label2id": {label: index for index, label in enumerate(labels)},
    }
    if architecture == "vit":
        config = ViTConfig(
            hidden_size=48, num_hidden_layers=6, num_attention_heads=2,
            intermediate_size=96, image_size=8, patch_size=4, num_channels=1, **names,
        )  # fmt: skip
        return ViTForImageClassification(config)
    config = ResNetConfig(
        embedding_size=16, hidden_sizes=[16, 32, 48, 64], depths=[1, 1, 1, 1],
        layer_type="basic", num_channels=1, **names,
    )  # fmt: skip
    return ResNetForImageClassification(config)
