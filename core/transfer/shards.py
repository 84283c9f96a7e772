"""Features on disk: a folder of shards, each whole or not there. Knows no networks."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from core.cache import whole_file
from core.errors import CacheError

SHARD_IMAGES = 256
FIELDS = ("features", "probabilities", "rows", "failed", "reasons")


@dataclass(frozen=True)
class Shard:
    """Features (n, D) and class probabilities (n, Cs) of up to 256 images, float32.

    `rows` (n,) are their places in the image set; `failed` those of images that could
    not be read, `reasons` why.
    """

    features: np.ndarray
    probabilities: np.ndarray
    rows: np.ndarray
    failed: np.ndarray
    reasons: np.ndarray


def shard_count(images: int) -> int:
    """Return how many shards an image set has.

    >>> shard_count(256), shard_count(257)
    (1, 2)
    """
    return -(-images // SHARD_IMAGES)


def shard_rows(index: int, images: int) -> range:
    """Return which rows of the set are in a shard.

    >>> shard_rows(1, 300)
    range(256, 300)
    """
    return range(index * SHARD_IMAGES, min((index + 1) * SHARD_IMAGES, images))


def shard_path(folder: Path, index: int) -> Path:
    """Return the file of a shard."""
    return folder / f"shard-{index:05d}.npz"


def write_shard(path: Path, shard: Shard) -> None:
    """Write one shard, whole or not at all. Raises CacheError."""
    with whole_file(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **{name: getattr(shard, name) for name in FIELDS})


def read_shard(path: Path) -> Shard:
    """Read one shard. Raises CacheError when it is damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return Shard(**{name: arrays[name] for name in FIELDS})
    except (OSError, ValueError, KeyError, BadZipFile, EOFError) as error:
        raise CacheError(path, "is damaged", "delete it") from error


def missing_shards(folder: Path, images: int) -> list[int]:
    """Return the shards of a set that are not here, or damaged and now removed."""
    missing = []
    for index in range(shard_count(images)):
        path, found = shard_path(folder, index), 0
        with suppress(CacheError):
            shard = read_shard(path)
            found = len(shard.rows) + len(shard.failed)
        if found != len(shard_rows(index, images)):
            path.unlink(missing_ok=True)
            missing.append(index)
    return missing


def read_shards(folder: Path, images: int) -> Iterator[Shard]:
    """Yield all shards in order. Raises CacheError for one that is missing."""
    for index in range(shard_count(images)):
        yield read_shard(shard_path(folder, index))
