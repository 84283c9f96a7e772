"""Features of an image set through a backbone: computed once, kept, resumed."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from filelock import AcquireReturnProxy, FileLock, Timeout

from core.device import Device, detect_device
from core.errors import UsageError
from core.progress import Cancelled, Progress, stop_if
from core.settings import Settings
from core.transfer.backbones import Backbone
from core.transfer.batches import Batch, batches
from core.transfer.images import ImageSet
from core.transfer.running import Precision, Runner, start_runner
from core.transfer.shards import (
    Shard,
    missing_shards,
    read_shards,
    shard_path,
    shard_rows,
    write_shard,
)

VERSION = 1
"""Raised when the same images and weights would give other features."""

DECODING_THREADS = 4


@dataclass(frozen=True)
class Failure:
    """One image without features, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Features:
    """Features (n, D) of the images that could be read, in the order of the set.

    `labels` (n,) are places in `classes`; `source_probabilities` (n, Cs) are what the
    backbone's own classifier says, if it has one. `computed` images were not kept
    before.
    """

    backbone: str
    features: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    source_probabilities: np.ndarray | None
    failures: tuple[Failure, ...]
    computed: int


def extract(
    images: ImageSet,
    backbone: Backbone,
    settings: Settings,
    *,
    device: Device | None = None,
    precision: Precision | None = None,
    batch_size: int | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Features:
    """Compute the features that are not kept yet, and return all.

    They are kept by weights, images and preprocessing, so that a second call computes
    nothing and a killed one goes on at its last whole shard. `precision` is float32,
    on a GPU float16; `batch_size` is the largest that fits. Raises JobCancelled when
    `cancelled` says so, UsageError when no image can be read, CacheError when the disk
    refuses.
    """
    device = device or detect_device()
    precision = precision or ("float16" if device.kind == "cuda" else "float32")
    folder = features_folder(images, backbone, precision, settings)
    folder.mkdir(parents=True, exist_ok=True)
    with _only_one(folder, cancelled):
        missing = missing_shards(folder, len(images))
        if missing:
            report = _rate(images, missing, progress, cancelled)
            runner = start_runner(backbone, device, precision, batch_size)
            _compute(images, missing, runner, folder, report)
    computed = sum(len(shard_rows(index, len(images))) for index in missing)
    return _joined(
        images, backbone.name, list(read_shards(folder, len(images))), computed
    )


def stream(
    images: ImageSet, backbone: Backbone, precision: Precision, settings: Settings
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield kept features (n, D) and labels (n,), a shard at a time, for scores that
    need one pass. Raises CacheError for what was never computed.
    """
    folder = features_folder(images, backbone, precision, settings)
    for shard in read_shards(folder, len(images)):
        yield shard.features, images.labels[shard.rows]


def features_folder(
    images: ImageSet, backbone: Backbone, precision: Precision, settings: Settings
) -> Path:
    """Return where the features of exactly these images and weights are kept."""
    parts = (VERSION, backbone.weights_key, images.key, backbone.preprocess, precision)
    key = sha256(repr(parts).encode()).hexdigest()[:32]
    return settings.cache_root / "features" / f"{backbone.architecture}-{key}"


def _compute(
    images: ImageSet, missing: list[int], runner: Runner, folder: Path,
    report: Callable[[int], None],
) -> None:  # fmt: skip
    """Write the missing shards; decoding never waits for the end of a shard."""
    total, size = len(images), runner.piece
    parts = {index: shard_rows(index, total) for index in missing}
    chunks = [
        rows[start : start + size]
        for rows in parts.values()
        for start in range(0, len(rows), size)
    ]
    waiting: list[tuple[Batch, tuple]] = []
    with ThreadPoolExecutor(DECODING_THREADS, "decode") as pool:
        for batch in batches(images, chunks, runner.preprocess, runner.device, pool):
            waiting.append((batch, runner.answer(batch.pixels) if batch.rows else ()))
            seen = sum(len(b.rows) + len(b.failed) for b, _ in waiting)
            index = next(iter(parts))
            if seen == len(parts[index]):
                write_shard(shard_path(folder, index), _shard(waiting))
                del parts[index]
                waiting = []
            report(len(batch.rows) + len(batch.failed))


def _shard(parts: list[tuple[Batch, tuple]]) -> Shard:
    import torch

    answers = [answer for _, answer in parts if answer] or [(torch.empty(0, 0),) * 2]
    features, probabilities = (torch.cat(column).cpu().numpy() for column in
                               zip(*answers, strict=True))  # fmt: skip
    failed = {row: reason for batch, _ in parts for row, reason in batch.failed.items()}
    return Shard(
        features, probabilities,
        np.array([row for batch, _ in parts for row in batch.rows], np.int64),
        np.array(list(failed), np.int64), np.array(list(failed.values()), np.str_),
    )  # fmt: skip


def _joined(
    images: ImageSet, backbone: str, shards: list[Shard], computed: int
) -> Features:
    failures = tuple(
        Failure(images.names[row], str(reason))
        for shard in shards
        for row, reason in zip(shard.failed, shard.reasons, strict=True)
    )
    filled = [shard for shard in shards if len(shard.rows)]
    if not filled:
        first = (
            f"{failures[0].name} {failures[0].reason}" if failures else "it is empty"
        )
        raise UsageError(images.name, f"has no image that can be read: {first}")
    probabilities = np.concatenate([shard.probabilities for shard in filled])
    return Features(
        backbone,
        np.concatenate([shard.features for shard in filled]),
        images.labels[np.concatenate([shard.rows for shard in filled])],
        images.classes,
        probabilities if probabilities.shape[1] else None,
        failures,
        computed,
    )


def _rate(
    images: ImageSet, missing: list[int], progress: Progress | None,
    cancelled: Cancelled | None,
) -> Callable[[int], None]:  # fmt: skip
    """Return what counts images, tells the pace and stops when a person asks to."""
    total = sum(len(shard_rows(index, len(images))) for index in missing)
    kept, started, done = len(images) - total, time.monotonic(), 0

    def report(count: int) -> None:
        nonlocal done
        done += count
        stop_if(cancelled, f"Reading {images.name}")
        if progress:
            pace = done / max(time.monotonic() - started, 1e-6)
            message = f"{kept + done:,} of {len(images):,} images, {pace:.0f} a second"
            progress((kept + done) / len(images), message)

    return report


def _only_one(folder: Path, cancelled: Cancelled | None) -> AcquireReturnProxy:
    """Hold the folder: a second extraction waits, then finds everything there."""
    lock = FileLock(folder / ".lock")
    while True:
        stop_if(cancelled, "Computing features")
        with suppress(Timeout):
            return lock.acquire(timeout=0.5)
