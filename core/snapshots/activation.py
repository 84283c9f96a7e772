"""What enters a module of a network while it runs. Knows no networks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.transfer.backbones import flat

if TYPE_CHECKING:
    import torch

TOLERANCE = 1e-4
"""How far a network run in parts may be from the whole, as a share of its largest
value; on a CPU they are equal.
"""


@dataclass(frozen=True)
class Activation:
    """What enters a module: the arguments of its call."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    @property
    def tensors(self) -> "list[torch.Tensor]":
        """The tensors among the arguments."""
        return [v for v in (*self.args, *self.kwargs.values()) if _is_tensor(v)]

    @property
    def features(self) -> "torch.Tensor":
        """The first tensor as features (B, D): maps and tokens are averaged."""
        return flat(self.tensors[0])

    @property
    def size_bytes(self) -> int:
        """How much memory it takes."""
        return sum(tensor.nbytes for tensor in self.tensors)

    def copied(self) -> "Activation":
        """Return it with tensors of its own: a block may work in place."""
        args = tuple(v.clone() if _is_tensor(v) else v for v in self.args)
        kwargs = {k: v.clone() if _is_tensor(v) else v for k, v in self.kwargs.items()}
        return Activation(args, kwargs)


def are_near(found: Activation, expected: Activation) -> bool:
    """Whether two activations are equal but for rounding (TOLERANCE)."""
    import torch

    def is_near(one: "torch.Tensor", other: "torch.Tensor") -> bool:
        if one.shape != other.shape:
            return False
        near = TOLERANCE * float(other.abs().max()) if other.numel() else 0.0
        return torch.allclose(one, other, rtol=0, atol=near)

    pairs = list(zip(found.tensors, expected.tensors, strict=False))
    return len(found.tensors) == len(expected.tensors) and all(
        is_near(one.float(), other.float()) for one, other in pairs
    )


def _is_tensor(value: object) -> bool:
    import torch

    return isinstance(value, torch.Tensor)
