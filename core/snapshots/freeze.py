"""Freeze parts of a network for good: no gradients, no dropout, and by default no
moving statistics. Knows no datasets.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.derived.verdict import Comparison
from core.errors import UsageError
from core.snapshots.blocks import Block, find_blocks, module_roots

if TYPE_CHECKING:
    import torch

Statistics = Literal["kept", "tracked"]


@dataclass(frozen=True)
class Freeze:
    """What of a network is trained: names of blocks, of tensors that may change, and of
    the modules that hold frozen and trained blocks alone.

    `statistics` says whether frozen BatchNorm layers keep their running statistics or
    go on tracking them, as a frozen network in training mode does by accident.
    """

    blocks: tuple[str, ...]
    tensors: frozenset[str]
    frozen_roots: tuple[str, ...]
    trained_roots: tuple[str, ...]
    statistics: Statistics = "kept"


def freeze(
    network: "torch.nn.Module",
    blocks: Sequence[Block],
    trained: Collection[str],
    *,
    statistics: Statistics = "kept",
) -> Freeze:
    """Leave gradients to the parameters of the blocks named `trained` alone, in place.

    Raises UsageError for a block that the network does not have, and where nothing is
    left to train.
    """
    names = [block.name for block in blocks]
    unknown = sorted(set(trained) - set(names))
    if unknown or not trained:
        happened = "is not in the network" if unknown else "is needed to train"
        subject = f"Block {unknown[0]}" if unknown else "A block"
        raise UsageError(subject, happened, f"choose of {', '.join(names)}")
    learned = {n for b in blocks if b.name in trained for n in b.tensors}
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name in learned)
    roots = module_roots(network, blocks)
    return Freeze(
        tuple(name for name in names if name in trained),
        frozenset(learned | _tracked(network, statistics)),
        tuple(path for name in names if name not in trained for path in roots[name]),
        tuple(path for name in names if name in trained for path in roots[name]),
        statistics,
    )


def set_mode(network: "torch.nn.Module", frozen: Freeze) -> None:
    """Put what is trained into training mode, and what is frozen into evaluation."""
    network.train()
    for path in frozen.frozen_roots:
        network.get_submodule(path).eval()
    if frozen.statistics == "tracked":
        for module in network.modules():
            module.train(module.training or has_statistics(module))


def has_statistics(module: "torch.nn.Module") -> bool:
    """Whether a module itself keeps running statistics, as BatchNorm does."""
    own = dict(module.named_buffers(recurse=False))
    return "running_mean" in own and "num_batches_tracked" in own


def recovered_blocks(comparison: Comparison) -> tuple[str, ...]:
    """Name the blocks of which a comparison found any parameter changed or new.

    Held against what a snapshot's record says, this closes the loop.
    """
    moved = {
        tensor.base_name or tensor.name
        for tensor in comparison.tensors
        if tensor.verdict != "equal" and tensor.role.is_parameter
    }
    names = [tensor.base_name or tensor.name for tensor in comparison.tensors]
    return tuple(
        block.name for block in find_blocks(names) if moved & set(block.tensors)
    )


def _tracked(network: "torch.nn.Module", statistics: Statistics) -> set[str]:
    if statistics == "kept":
        return set()
    return {
        f"{path}.{name}" if path else name
        for path, module in network.named_modules()
        if has_statistics(module)
        for name, _ in module.named_buffers(recurse=False)
    }
