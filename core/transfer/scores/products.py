"""The few array operations that scores take on numpy or on a torch device alike.

Both compute in float64: what a graphics card tells equals what the CPU tells to
rounding. A device is "cpu" (numpy), "cuda" or "cpu-torch".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.errors import UsageError
from core.transfer.scores.blocks import LARGEST, as_float64
from core.transfer.scores.labels import Labels

if TYPE_CHECKING:
    import torch

    Array = np.ndarray | torch.Tensor


def as_block(values: object, device: str) -> Array:
    """Return rows (n, D) as finite float64 where the device computes.

    Raises UsageError for what is no finite number, and for a device that is absent or
    has no float64.
    """
    if device == "cpu":
        return as_float64(values)
    import torch

    target = _torch_device(device)
    if not hasattr(values, "detach"):
        return torch.tensor(as_float64(values), device=target)
    moved = values.detach().to(target, torch.float64)
    is_sound = moved.ndim == 2 and (moved.abs() <= LARGEST).all()
    return moved if is_sound else as_float64(moved)


def product(left: np.ndarray, right: np.ndarray, device: str) -> np.ndarray:
    """Multiply two matrices on the device, in the precision they have.

    >>> product(np.eye(2), np.ones((2, 1)), "cpu").tolist()
    [[1.0], [1.0]]
    """
    if device == "cpu":
        return left @ right
    import torch

    target = _torch_device(device)
    sent = [torch.from_numpy(np.ascontiguousarray(m)).to(target) for m in (left, right)]
    return (sent[0] @ sent[1]).cpu().numpy()


def class_totals(rows: Array, labels: Labels) -> Array:
    """Sum the rows (n, D) of each class, (C, D)."""
    shape = len(labels.classes), len(rows)
    if isinstance(rows, np.ndarray):
        from scipy.sparse import csr_array

        places = labels.codes, np.arange(len(rows))
        return csr_array((np.ones(len(rows)), places), shape=shape) @ rows
    import torch

    codes = torch.from_numpy(labels.codes).to(rows.device)
    totals = zeros(rows, shape[0], rows.shape[1])
    return totals.index_add_(0, codes, rows)


def zeros(like: Array, *shape: int) -> Array:
    """Return float64 zeros beside another array."""
    return np.zeros(shape) if isinstance(like, np.ndarray) else like.new_zeros(shape)


def below(upper: Array, lower: Array) -> Array:
    """Put rows below others."""
    if isinstance(upper, np.ndarray):
        return np.concatenate([upper, lower])
    import torch

    return torch.cat([upper, lower])


def home(values: Array) -> np.ndarray:
    """Bring an array to numpy."""
    return values if isinstance(values, np.ndarray) else values.cpu().numpy()


def _torch_device(name: str) -> torch.device:
    from core.weights.measure_cuda import find_device

    found = find_device(name)
    if found.type == "mps":
        raise UsageError(f"Device {name}", "has no float64", "use cpu")
    return found
