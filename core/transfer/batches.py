"""Images on their way to a device: decoded by threads while the network computes,
copied to a GPU while it computes the batch before.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from core.transfer.images import ImageSet, UnreadableImage
from core.transfer.preprocess import Preprocess

if TYPE_CHECKING:
    import torch

Decoded = np.ndarray | UnreadableImage
Waiting = tuple[Sequence[int], list["Future[Decoded]"]]

AHEAD = 2
"""Batches that are decoded, or being copied, while one is computed."""


@dataclass(frozen=True)
class Batch:
    """Images as uint8 pixels (B, H, W, C) on the device, which rows of the set they
    are, and why others could not be read.
    """

    pixels: "torch.Tensor"
    rows: list[int]
    failed: dict[int, str]


def batches(
    images: ImageSet,
    chunks: Iterable[Sequence[int]],
    preprocess: Preprocess,
    device: "torch.device",
    pool: Executor,
) -> Iterator[Batch]:
    """Yield the images of each chunk of rows, in order."""
    waiting: deque[Waiting] = deque()

    def decode(row: int) -> Decoded:
        try:
            return preprocess.pixels(images.read(row))
        except UnreadableImage as error:
            return error

    def decoded() -> Iterator[Batch]:
        pending = iter(chunks)
        while True:
            for rows in islice(pending, AHEAD + 1 - len(waiting)):
                waiting.append((rows, [pool.submit(decode, row) for row in rows]))
            if not waiting:
                return
            rows, jobs = waiting.popleft()
            yield _joined(rows, [job.result() for job in jobs])

    try:
        yield from _copied(decoded(), device)
    finally:
        for job in (job for _, jobs in waiting for job in jobs):
            job.cancel()


def _joined(rows: Sequence[int], found: list[Decoded]) -> Batch:
    import torch

    pairs = list(zip(rows, found, strict=True))
    failed = {row: str(e) for row, e in pairs if isinstance(e, UnreadableImage)}
    kept = {row: image for row, image in pairs if row not in failed}
    stack = np.stack(list(kept.values())) if kept else np.empty((0, 1, 1, 1), np.uint8)
    return Batch(torch.from_numpy(stack), list(kept), failed)


def _copied(found: Iterator[Batch], device: "torch.device") -> Iterator[Batch]:
    """Copy batches to `device`; to a GPU on a stream of its own, one batch ahead.

    The host memory is pinned, so that the copy runs while the network computes; the
    computing stream waits for it on the card, never the processor.
    """
    import torch

    if device.type != "cuda":
        for batch in found:
            yield replace(batch, pixels=batch.pixels.to(device))
        return
    copying = torch.cuda.Stream(device)
    ahead: deque[tuple[Batch, torch.cuda.Event]] = deque()
    for batch in found:
        with torch.cuda.stream(copying):
            pixels = batch.pixels.pin_memory().to(device, non_blocking=True)
            ahead.append((replace(batch, pixels=pixels), copying.record_event()))
        if len(ahead) == AHEAD:
            yield _arrived(*ahead.popleft())
    while ahead:
        yield _arrived(*ahead.popleft())


def _arrived(batch: Batch, copied: "torch.cuda.Event") -> Batch:
    import torch

    computing = torch.cuda.current_stream(batch.pixels.device)
    computing.wait_event(copied)
    # else the allocator may hand its memory to the next copy before it was read
    batch.pixels.record_stream(computing)
    return batch
