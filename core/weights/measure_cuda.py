"""The same measures on a GPU, or anything else that torch computes on, streamed in
chunks so that a model larger than the card's memory works. Knows no models.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from core.errors import MissingTool, UsageError
from core.weights.entry import Checkpoint
from core.weights.lane import Lane, Runs, aligned
from core.weights.loops.columns import DD, MAXIMUM, X_POWER, XX, YY
from core.weights.metrics import Measure
from core.weights.partial_sums import empty_rows, measures
from core.weights.spans import Pair, Plan, Span

if TYPE_CHECKING:
    import torch

DEVICE_CHUNK_BYTES = 32 << 20
"""Bytes a side sends at once; in float64 the card then needs about 1 GB."""

WORTH_SENDING_BYTES = 1 << 20
"""Segments below this are compared on the CPU, faster than a card starts its work."""

ON_DEVICE = ("F32", "BF16", "F16")
"""What is sent; all other dtypes are compared on the CPU."""


LANES = 4096
"""Elements summed in float32 on devices without float64."""


class Results(NamedTuple):
    """Rows of results on the CPU, and what `compare` needs beside them."""

    norms: np.ndarray
    sums: np.ndarray
    counts: np.ndarray


class Sent(NamedTuple):
    """One row of results that is still on the device."""

    row: int
    sums: torch.Tensor
    counts: torch.Tensor


def measure_on_device(
    base: Checkpoint, child: Checkpoint, pairs: Sequence[Pair], *, device: str
) -> list[Measure]:
    """Compare comparable pairs on `device`: "cuda", "mps", or "cpu-torch" for tests.

    The numbers are those of the CPU to 1e-6 (of 1, for the cosine); equality and counts
    are the same. Raises UsageError when there is no such device, MissingTool when there
    is no torch.
    """
    target = find_device(device)
    plan = Plan(pairs, DEVICE_CHUNK_BYTES)
    results = Results(np.zeros((plan.firsts[-1], 2)), *empty_rows(plan.firsts[-1]))
    sent: list[Sent] = []
    for span, runs in _read_in_turn(plan.spans(base, child), target):
        large = runs.segments[:, 2] >= WORTH_SENDING_BYTES
        large &= span.child_dtype in ON_DEVICE
        _compare_here(runs, span.child_dtype, runs.segments[~large], results)
        for segment in runs.segments[large]:
            work = _compare_there(runs, span.child_dtype, segment, target)
            if work.sums.dtype.itemsize == 8:
                sent.append(work)
            elif not _fetch(work, results):
                _compare_here(runs, span.child_dtype, segment[None], results)
    for work in sent:
        _fetch(work, results)
    return measures(pairs, plan.rows, results.sums, results.counts)


def find_device(name: str) -> torch.device:
    """Return the torch device called "cuda", "cuda:1", "mps" or "cpu-torch"."""
    try:
        import torch
    except ImportError as error:
        raise MissingTool("torch", "is not installed", "pip install torch") from error
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu-torch": True,
    }
    if not available.get(name.partition(":")[0], False):
        raise UsageError(f"Device {name}", "is not on this machine", "use cpu")
    return torch.device(name.removesuffix("-torch"))


def _read_in_turn(
    spans: Iterable[Span], target: torch.device
) -> Iterator[tuple[Span, Runs]]:
    """Read into two sets of buffers in turn, so that one can be filled while the card
    still copies the other.
    """
    lanes = [Lane(DEVICE_CHUNK_BYTES, empty=_buffer(target)) for _ in range(2)]
    copied: list[object] = [None, None]
    for i, span in enumerate(spans):
        if copied[i % 2] is not None:
            copied[i % 2].synchronize()
        yield span, lanes[i % 2].read(span)
        if target.type == "cuda":
            import torch

            copied[i % 2] = torch.cuda.Event()
            copied[i % 2].record()


def _buffer(target: torch.device):
    import torch

    def pinned(size: int) -> np.ndarray:
        return torch.empty(size, dtype=torch.uint8, pin_memory=True).numpy()

    return pinned if target.type == "cuda" else aligned


def _compare_here(
    runs: Runs, dtype: str, segments: np.ndarray, results: Results
) -> None:
    from core.weights.rows import add_norms, compare

    if len(segments):
        add_norms(runs.base, dtype, segments, results.norms)
        compare(runs.base, runs.child, dtype, segments, *results)


def _compare_there(
    runs: Runs, dtype: str, segment: np.ndarray, target: torch.device
) -> Sent:
    import torch

    x_start, y_start, size, row = segment.tolist()
    x = _to_device(runs.base[x_start : x_start + size], target)
    y = _to_device(runs.child[y_start : y_start + size], target)
    floats = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16}[dtype]
    words = torch.int32 if dtype == "F32" else torch.int16
    sums, finite = device_sums(
        x.view(floats), y.view(floats), exact=target.type != "mps"
    )
    counts = _counts(x.view(words), y.view(words), *finite)
    return Sent(row, sums, counts)


def _to_device(run: np.ndarray, target: torch.device) -> torch.Tensor:
    import torch

    writable = run.view()
    writable.flags.writeable = True  # torch warns of read-only memory; nobody writes
    return torch.from_numpy(writable).to(target, non_blocking=True)


def device_sums(
    x: torch.Tensor, y: torch.Tensor, *, exact: bool
) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
    """Return the sums XX to MINIMUM of two tensors, and where each of them is finite.

    `exact` adds in float64; otherwise float32 lanes are added in float64 on the CPU.
    """
    import torch

    kind = torch.float64 if exact else torch.float32
    finite = torch.isfinite(x), torch.isfinite(y)
    both = finite[0] & finite[1]
    x, y = (torch.where(both, v, 0).to(kind) for v in (x, y))
    d = y - x
    size = d.abs()
    totals = [_total(v, exact) for v in (x * x, x * y, y * y, d * d, size)]
    smallest = torch.where(both, size, torch.inf).min()
    return torch.stack([*totals, size.max(), smallest]), finite


def _total(values: torch.Tensor, exact: bool) -> torch.Tensor:
    import torch

    if exact:
        return values.sum()
    padded = torch.nn.functional.pad(values, (0, -values.numel() % LANES))
    return padded.view(-1, LANES).sum(1).cpu().double().sum().float()


def _counts(
    x: torch.Tensor, y: torch.Tensor, x_finite: torch.Tensor, y_finite: torch.Tensor
) -> torch.Tensor:
    import torch

    word = x ^ y
    bits = word.int() & (0xFFFF if word.element_size() == 2 else -1)
    counts = (
        word != 0,
        word < 0,
        _popcount(bits),
        ~x_finite,
        ~y_finite,
        x_finite & y_finite,
    )
    return torch.stack([count.sum() for count in counts])


def _popcount(word: torch.Tensor) -> torch.Tensor:
    """Count the bits of int32 elements (Warren, Hacker's Delight, 2002, figure 5-2)."""
    word = word - ((word >> 1) & 0x55555555)
    word = (word & 0x33333333) + ((word >> 2) & 0x33333333)
    word = (word + (word >> 4)) & 0x0F0F0F0F
    word = word + (word >> 8)
    return (word + (word >> 16)) & 0x3F


def _fetch(work: Sent, results: Results) -> bool:
    """Write a row; False when float32 lanes could not hold its numbers."""
    sums = work.sums.double().cpu().numpy()
    results.counts[work.row] = work.counts.cpu().numpy()
    results.sums[work.row, :X_POWER] = sums
    held = np.isfinite(sums[: MAXIMUM + 1]).all() and sums[DD] >= 2.0**-80
    if work.sums.dtype.itemsize < 8 and not (held and min(sums[XX], sums[YY]) > 2**-80):
        results.counts[work.row] = 0
        results.sums[work.row] = empty_rows(1)[0]
        return False
    return True
