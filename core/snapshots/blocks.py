"""Any vision model as an ordered list of blocks: stem, stages or blocks, norm, head.

Blocks are found from tensor names by `core.weights.blocks`; the network is never
rewritten. The counts of blocks are those of the study of derived models by Strassenburg
and others (https://github.com/hpides/alsatian), which listed by hand where each network
may be split; its lists for ResNet-34 and ResNet-50 skip one block (16 points instead of
17), ours do not.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.errors import UsageError
from core.weights.blocks import Place, Position, positions

if TYPE_CHECKING:
    import torch

Part = Literal["stem", "block", "norm", "head"]


@dataclass(frozen=True)
class Block:
    """One block: the names of its tensors, parameters and buffers, as the model orders
    them. A norm behind the last block is a part of its own.
    """

    name: str
    part: Part
    tensors: tuple[str, ...]


def model_blocks(network: "torch.nn.Module") -> tuple[Block, ...]:
    """Return the blocks of a network; one on the meta device will do."""
    return find_blocks(network.state_dict())


def find_blocks(names: Iterable[str]) -> tuple[Block, ...]:
    """Group the tensors of one model, in its order, into blocks in forward order.

    Layers of a stage are blocks of their own; what a stage holds beside its layers
    joins the layer next to it, and a single convolution with its norm is one block.

    >>> names = ["conv1.weight", "layer1.0.bn1.bias", "layer1.1.bn1.bias", "fc.weight"]
    >>> [(block.name, block.part) for block in find_blocks(names)]
    [('stem', 'stem'), ('stage 1.0', 'block'), ('stage 1.1', 'block'), ('head', 'head')]
    """
    where = positions(names)
    stages: dict[tuple, dict[str, Position]] = defaultdict(dict)
    for name, position in where.items():
        stages[position.forward][name] = position
    return tuple(block for key in sorted(stages) for block in _of_stage(stages[key]))


def split_points(blocks: Sequence[Block]) -> int:
    """Count where a network may be split: before its head and before each block.

    The stem is never retrained by an index, so nothing splits before it.

    >>> split_points(find_blocks(["conv1.weight", "layer1.0.bn1.bias", "fc.weight"]))
    2
    """
    return 1 + sum(block.part == "block" for block in blocks)


def retrained_blocks(blocks: Sequence[Block], index: int) -> tuple[str, ...]:
    """Name what retrain index `index` trains: the head and the last `index` blocks.

    A norm behind the last block is trained with it. Raises UsageError for an index that
    the network does not have.

    >>> vit = find_blocks(["blocks.0.attn.qkv.bias", "norm.bias", "head.bias"])
    >>> retrained_blocks(vit, 0), retrained_blocks(vit, 1)
    (('head',), ('block 0', 'norm', 'head'))
    """
    numbered = [place for place, block in enumerate(blocks) if block.part == "block"]
    if not 0 <= index <= len(numbered):
        happened = f"is not between 0 and {len(numbered)}"
        raise UsageError(f"Retrain index {index}", happened, "choose one of these")
    first = numbered[-index] if index else len(blocks)
    chosen = (b.name for i, b in enumerate(blocks) if i >= first or b.part == "head")
    return tuple(chosen)


def retrain_index(blocks: Sequence[Block], trained: Collection[str]) -> int | None:
    """Return the index that trains exactly these blocks, or None when no index does.

    A head or a norm that a features-only model lacks, or that did not move, decides
    nothing.

    >>> blocks = find_blocks(["layer1.0.bn1.bias", "layer1.1.bn1.bias", "fc.weight"])
    >>> retrain_index(blocks, ["stage 1.1"]), retrain_index(blocks, ["stage 1.0"])
    (1, None)
    """
    moved = [block.name in trained for block in blocks if block.part == "block"]
    index = sum(moved)
    is_suffix = all(moved[len(moved) - index :])
    stems = any(b.name in trained for b in blocks if b.part == "stem")
    return index if is_suffix and not stems else None


def module_roots(
    network: "torch.nn.Module", blocks: Sequence[Block]
) -> dict[str, list[str]]:
    """Return the largest modules that hold tensors of one block alone, by block.

    Parameters that a mixed module holds itself (a class token) have none.
    """
    owner = {name: block.name for block in blocks for name in block.tensors}
    roots: dict[str, list[str]] = {block.name: [] for block in blocks}

    def visit(module: "torch.nn.Module", path: str) -> None:
        prefix = f"{path}." if path else ""
        found = {owner[f"{prefix}{name}"] for name in module.state_dict()}
        if len(found) == 1 and path:
            roots[found.pop()].append(path)
        elif found:
            for name, child in module.named_children():
                visit(child, f"{prefix}{name}")

    visit(network, "")
    return roots


def _of_stage(members: dict[str, Position]) -> list[Block]:
    """Cut one numbered part of a network into its layers."""
    position = next(iter(members.values()))
    layers = {at.layer for at in members.values()} - {None}
    if len(layers) < 2 or _is_one_layer(members):
        return [_block(position, position.block, list(members))]
    groups: dict[int, list[str]] = {layer: [] for layer in sorted(layers)}
    met: set[int] = set()
    for name, at in members.items():
        layer = at.layer
        if layer is None:
            layer = max(layers) if met == layers else min(layers - met)
        else:
            met.add(layer)
        groups[layer].append(name)
    return [_block(position, f"{position.block}.{n}", g) for n, g in groups.items()]


def _is_one_layer(members: dict[str, Position]) -> bool:
    """Whether the layers are single modules: a convolution and its norm."""
    return all(
        at.layer is not None and name.split(".")[-2] == str(at.layer)
        for name, at in members.items()
    )


def _block(position: Position, name: str, tensors: list[str]) -> Block:
    return Block(name, _part(position), tuple(tensors))


def _part(position: Position) -> Part:
    if position.component == "head":
        return "head"
    if position.place is Place.STEM:
        return "stem"
    return "norm" if position.place is Place.NORM else "block"
