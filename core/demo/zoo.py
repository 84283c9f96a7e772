"""Eight small backbones for the demo's records: two architectures, two sizes, two first
questions, each trained on half of the digits. Needs no network.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.cache import read_json, write_json
from core.demo.digits import TASKS, Labeled
from core.demo.networks import UPSCALE, draw_weights, is_head
from core.demo.recipes import Architecture, Recipe
from core.demo.training import accuracy, train
from core.errors import CacheError
from core.tables.schema import FLOPS_PER_MAC

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

RECORD = "training.json"
PIXELS = 8


@dataclass(frozen=True)
class Small:
    """How one backbone is made: its widths, and the question that it learned first.

    `widths` are those of the stages of a ResNet, or the width and depth of a ViT.
    """

    name: str
    architecture: Architecture
    widths: tuple[int, ...]
    source: str
    epochs: int
    learning_rate: float
    seed: int = 0
    version: int = 1


def _four(source: str) -> tuple[Small, ...]:
    return (
        Small(f"resnet-small-{source}", "resnet", (8, 16), source, 5, 1e-2),
        Small(f"resnet-large-{source}", "resnet", (16, 32, 48), source, 5, 1e-2),
        Small(f"vit-small-{source}", "vit", (24, 2), source, 10, 5e-3),
        Small(f"vit-large-{source}", "vit", (48, 4), source, 10, 4e-3),
    )


ZOO = (*_four("digits"), *_four("quarter-turns"))
"""The backbones of the records."""


def make_backbone(
    folder: Path, small: Small, source: Labeled, held: Labeled,
    on_epoch: Callable[[int], None],
) -> None:  # fmt: skip
    """Train one backbone on images (N, 8, 8) and write its folder.

    The folder holds a configuration, preprocessing, weights, and last a record with
    the accuracy on `held`, parameters and multiply-adds an image.
    """
    import torch

    generator = torch.Generator().manual_seed(small.seed)
    network = _network(small, generator)
    recipe = Recipe(
        small.name, small.architecture, small.source, None, epochs=small.epochs,
        learning_rate=small.learning_rate,
    )  # fmt: skip
    train(network, recipe, source, generator, on_epoch)
    score = accuracy(network, recipe, held)
    network.save_pretrained(folder)
    side = PIXELS * UPSCALE[small.architecture]
    write_json(
        folder / "preprocessor_config.json",
        {"size": {"height": side, "width": side}, "resample": 0,
         "image_mean": [0.5], "image_std": [0.5]},
    )  # fmt: skip
    body = [p for n, p in network.named_parameters() if not is_head(n)]
    write_json(
        folder / RECORD,
        {"recipe": asdict(small) | {"widths": list(small.widths)}, "accuracy": score,
         "params": sum(p.numel() for p in body), "macs": _macs(network, side)},
    )  # fmt: skip


def read_record(folder: Path, small: Small) -> dict[str, float] | None:
    """Return what is known of a backbone, or None when it is not made by `small`."""
    if not (folder / RECORD).is_file():
        return None
    try:
        record = read_json(folder / RECORD)
    except CacheError:
        return None
    recipe = asdict(small) | {"widths": list(small.widths)}
    fits = isinstance(record, dict) and record.get("recipe") == recipe
    return record if fits else None


def _network(small: Small, generator: "torch.Generator") -> "PreTrainedModel":
    import torch
    from transformers import (
        ResNetConfig,
        ResNetForImageClassification,
        ViTConfig,
        ViTForImageClassification,
    )

    count = len(TASKS[small.source].labels)
    if small.architecture == "resnet":
        config = ResNetConfig(
            embedding_size=small.widths[0], hidden_sizes=list(small.widths),
            depths=[1] * len(small.widths), layer_type="basic", num_channels=1,
            num_labels=count,
        )  # fmt: skip
        kind = ResNetForImageClassification
    else:
        width, depth = small.widths
        config = ViTConfig(
            hidden_size=width, num_hidden_layers=depth, num_attention_heads=2,
            intermediate_size=2 * width, image_size=PIXELS, patch_size=4,
            num_channels=1, num_labels=count,
        )  # fmt: skip
        kind = ViTForImageClassification
    with torch.random.fork_rng(devices=[]):
        return draw_weights(kind(config), small.architecture, generator)


def _macs(network: "PreTrainedModel", side: int) -> float:
    """Count the multiply-adds of one image as torch counts them."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, 1, side, side))
    return counter.get_total_flops() / FLOPS_PER_MAC


def halves(images: np.ndarray, digits: np.ndarray, seed: int) -> list[Labeled]:
    """Split images into one half for the first questions and one for the tasks.

    Stratified by digit; no image is in both.
    """
    from sklearn.model_selection import train_test_split

    one, other = train_test_split(
        np.arange(len(digits)), test_size=0.5, stratify=digits, random_state=seed
    )
    return [(images[one], digits[one]), (images[other], digits[other])]
