"""Whether a model fits a device: its footprint against the memory that is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.device import Device, Kind
from core.errors import UsageError
from core.zero_shot.footprint import Footprint

Verdict = Literal["fits", "tight", "does not fit", "unknown"]

SPREAD: dict[Kind, tuple[float, float]] = {
    "cpu": (0.85, 1.9), "cuda": (0.85, 1.15), "mps": (0.85, 1.15)
}  # fmt: skip
"""Between which multiples of the estimate a real run's activations lie. Kernels need up
to 15 % more (`bench/footprint.py`); on a CPU the C library keeps freed blocks besides,
1.9 times the estimate for a ViT-B at batch 32, measured 2026-11."""
OVERHEAD_BYTES: dict[Kind, int] = {
    "cpu": 800 * 2**20, "cuda": 600 * 2**20, "mps": 600 * 2**20
}  # fmt: skip
"""What a process takes besides tensors. CPU: 766 MiB resident once torch 2.15 and
transformers 5.23 are imported, measured 2026-11. GPU: an assumption for its context and
libraries, which a person can change."""


@dataclass(frozen=True)
class Fit:
    """A footprint held against a device; `total_bytes` is None where it is unknown.

    `overhead_bytes` is what the process takes besides its tensors. `sentence` says the
    verdict and why.
    """

    footprint: Footprint
    device: Device
    overhead_bytes: int
    total_bytes: int | None
    verdict: Verdict
    sentence: str

    @property
    def least_bytes(self) -> int:
        """What it takes without activations, which is known of every model."""
        parts = self.parts | {"activations": 0}
        return sum(parts.values())

    @property
    def parts(self) -> dict[str, int | None]:
        """The memory by what it is for, in bytes."""
        found = self.footprint
        return {
            "weights": found.weight_bytes,
            "activations": found.activation_bytes,
            "gradients": found.gradient_bytes,
            "optimizer": found.optimizer_bytes,
            "overhead": self.overhead_bytes,
        }


def fit(found: Footprint, device: Device, *, overhead_bytes: int | None = None) -> Fit:
    """Hold a footprint against what is free on a device."""
    overhead = OVERHEAD_BYTES[device.kind] if overhead_bytes is None else overhead_bytes
    least = overhead + found.weight_bytes + found.gradient_bytes + found.optimizer_bytes
    activations = found.activation_bytes
    total = None if activations is None else least + activations
    verdict = _verdict(least, activations, device)
    return Fit(
        found, device, overhead, total, verdict,
        _sentence(found, verdict, total or least, device),
    )  # fmt: skip


def needed_together(fits: Sequence[Fit], device: Device) -> int | None:
    """Return what models need that are loaded together and run in turn, or None.

    Raises UsageError where even the least that they may need is not free.
    """
    least = sum(one.least_bytes for one in fits)
    least -= sum(one.overhead_bytes for one in fits[1:])
    known = [one.footprint.activation_bytes for one in fits]
    most = max((size for size in known if size is not None), default=0)
    at_least = least + SPREAD[device.kind][0] * most
    if device.memory_bytes and at_least > device.free_bytes:
        happened = f"need at least {gigabytes(at_least)} and are not loaded"
        raise UsageError("The models together", happened, "choose a smaller one")
    return None if None in known else least + most


def _verdict(least: int, activations: int | None, device: Device) -> Verdict:
    """Judge by what is free now; `tight` where the estimate's error decides."""
    if not device.memory_bytes:
        return "unknown"
    if least > device.free_bytes:
        return "does not fit"
    if activations is None:
        return "unknown"
    low, high = (least + share * activations for share in SPREAD[device.kind])
    if high <= device.free_bytes:
        return "fits"
    return "tight" if low <= device.free_bytes else "does not fit"


def _sentence(found: Footprint, verdict: Verdict, total: int, device: Device) -> str:
    free, wanted = gigabytes(device.free_bytes), gigabytes(total)
    where = f"{device.name} ({free} of {gigabytes(device.memory_bytes)} free)"
    if not device.memory_bytes:
        return f"It is not known how much memory {device.name} has"
    if verdict == "unknown":
        return f"At least {wanted}; {found.unknown}"
    if verdict == "does not fit":
        remedy = "a smaller batch or image, half precision, or a smaller model"
        least = "at least " if found.activation_bytes is None else "about "
        return f"It needs {least}{wanted}, more than {where} has; try {remedy}"
    nearly = "barely fits" if verdict == "tight" else "fits"
    return f"It needs about {wanted} and {nearly} {where}"


def gigabytes(size_bytes: float) -> str:
    """Write bytes in units of 1024, as memory is sold.

    >>> gigabytes(12 * 2**30), gigabytes(350 * 2**20)
    ('12.0 GiB', '350 MiB')
    """
    if size_bytes < 2**30:
        return f"{size_bytes / 2**20:.0f} MiB"
    return f"{size_bytes / 2**30:.1f} GiB"
