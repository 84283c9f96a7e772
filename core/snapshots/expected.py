"""Whether a file's tensors are those of an architecture, told from their shapes before
anything is allocated.
"""

from collections.abc import Mapping

from core.errors import CorruptCheckpoint
from core.snapshots.architecture import Architecture, build_network
from core.snapshots.blocks import model_blocks

Shape = tuple[int, ...]

UNCHANGING = "num_batches_tracked"
"""The end of the name of a counter, which no answer depends on."""


def expected_shapes(architecture: Architecture) -> dict[str, Shape | None]:
    """Return the shape of every tensor of an architecture; None where it is free, as in
    a head and for a counter. Nothing is allocated.

    Raises UsageError for what cannot be built.
    """
    import torch

    with torch.device("meta"):
        network = build_network(architecture, 2)
    heads = (block for block in model_blocks(network) if block.part == "head")
    free = {name for block in heads for name in block.tensors}
    return {
        name: None if name in free or name.endswith(UNCHANGING) else tuple(tensor.shape)
        for name, tensor in network.state_dict().items()
    }


def check_weights(
    expected: Mapping[str, Shape | None], found: Mapping[str, Shape], name: str
) -> None:
    """Raise CorruptCheckpoint for the first tensor that is missing, unknown, or of
    another shape.

    >>> check_weights({"conv1.weight": (8, 3, 7, 7)}, {}, "a")
    Traceback (most recent call last):
    core.errors.CorruptCheckpoint: a lacks 'conv1.weight'; check which model it is.
    """
    wrong = {
        tensor: f"has {tuple(found[tensor])} as" if tensor in found else "lacks"
        for tensor, shape in expected.items()
        if shape is not None and tuple(found.get(tensor, ())) != shape
    }
    wrong |= {t: "has the unknown tensor" for t in found if t not in expected}
    for tensor, happened in wrong.items():
        remedy = "check which model it is"
        raise CorruptCheckpoint(name, f"{happened} {tensor!a}", remedy)
