"""How long a piece of work takes and how much memory it reaches, as measured."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.device import Kind

PROC = Path("/proc/self")


@dataclass
class Measured:
    """`seconds`, and the peak of bytes: tensors on a GPU, else of the whole process.

    `peak_of` says which; `peak_bytes` is None where nothing tells.
    """

    seconds: float = 0.0
    peak_bytes: int | None = None
    peak_of: Literal["tensors on the GPU", "the process", ""] = ""


@contextmanager
def measured(kind: Kind) -> Iterator[Measured]:
    """Measure what happens in the block, on a device of this kind."""
    found = Measured()
    _forget(kind)
    start = time.perf_counter()
    try:
        yield found
    finally:
        _wait(kind)
        found.seconds = time.perf_counter() - start
        found.peak_bytes, found.peak_of = _peak(kind)


def _forget(kind: Kind) -> None:
    """Let the peak begin anew; elsewhere than on Linux it is that of the process."""
    if kind == "cuda":
        import torch

        torch.cuda.reset_peak_memory_stats()
    with suppress(OSError):
        (PROC / "clear_refs").write_text("5")


def _wait(kind: Kind) -> None:
    if kind == "cuda":
        import torch

        torch.cuda.synchronize()


def _peak(kind: Kind) -> tuple[int | None, str]:
    if kind == "cuda":
        import torch

        return torch.cuda.max_memory_allocated(), "tensors on the GPU"
    with suppress(OSError, StopIteration):
        lines = (PROC / "status").read_text().splitlines()
        line = next(line for line in lines if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024, "the process"
    return None, ""
