"""A dataset in three fixed parts, from any source of named, labeled images. The test
part is set apart before anything else is drawn.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from core.errors import UsageError
from core.progress import Progress
from core.transfer.images import ImageSet, UnreadableImage

if TYPE_CHECKING:
    from PIL.Image import Image

Part = Literal["train", "validation", "test"]
Item = tuple[str, int]

TEST_SHARE = 0.2
VALIDATION_SHARE = 0.2
DECODING_THREADS = 4


@dataclass(frozen=True)
class Source:
    """Named images with their labels, places in `classes`, in the parts as published.

    `read` returns an image by name or raises UnreadableImage, `digest` its bytes' hash
    or raises UsageError where the file is missing. `origin` says where it comes from.
    """

    name: str
    classes: tuple[str, ...]
    parts: Mapping[Part, Sequence[Item]]
    read: Callable[[str], "Image"]
    digest: Callable[[str], str]
    origin: str


@dataclass(frozen=True)
class Caps:
    """The largest dataset to make; the sizes are those of the study of derived models
    (https://github.com/hpides/alsatian). `classes` keeps the first by name.
    """

    classes: int | None = None
    per_class: int | None = None
    train: int = 12_000
    validation: int = 3_000
    test: int = 10_000


@dataclass(frozen=True)
class Dataset:
    """Three sets of images that share no image. `key` is a hash of the names, labels
    and bytes of all three.
    """

    name: str
    classes: tuple[str, ...]
    train: ImageSet
    validation: ImageSet
    test: ImageSet
    key: str
    origin: str
    seed: int
    caps: Caps = field(default_factory=Caps)

    def document(self) -> dict[str, Any]:
        """Return what a snapshot's record keeps of it."""
        return {
            "name": self.name, "key": self.key, "origin": self.origin,
            "classes": len(self.classes), "train": len(self.train),
            "validation": len(self.validation), "test": len(self.test),
            "seed": self.seed, "caps": vars(self.caps),
        }  # fmt: skip


def make_dataset(
    source: Source, *, caps: Caps, seed: int = 0, progress: Progress | None = None
) -> Dataset:
    """Split a source, apply the caps, and digest what is left.

    Raises UsageError where a part would be empty or fewer than two classes are left.
    """
    classes = source.classes[: caps.classes]
    parts = {
        part: sorted((n, y) for n, y in items if y < len(classes))
        for part, items in source.parts.items()
    }
    train = parts.get("train", [])
    test = parts.get("test")
    if not test:
        train, test = _held_out(train, TEST_SHARE, seed)
    validation = parts.get("validation")
    if not validation:
        train, validation = _held_out(train, VALIDATION_SHARE, seed + 1)
    train = _per_class(train, caps.per_class, seed)
    chosen = {
        "train": _at_most(train, caps.train, seed),
        "validation": _at_most(validation, caps.validation, seed),
        "test": _at_most(test, caps.test, seed),
    }
    _check(source.name, chosen, classes)
    sets = {
        part: _image_set(source, part, items, classes, progress)
        for part, items in chosen.items()
    }
    key = sha256("\n".join(sets[part].key for part in chosen).encode()).hexdigest()
    return Dataset(
        source.name, classes, sets["train"], sets["validation"], sets["test"], key,
        source.origin, seed, caps,
    )  # fmt: skip


def check_images(dataset: Dataset, progress: Progress | None = None) -> None:
    """Decode every image once. Raises UsageError that names the first damaged one."""
    sets = (dataset.train, dataset.validation, dataset.test)
    total, seen, broken = sum(map(len, sets)), 0, []

    def problem(images: ImageSet, row: int) -> str | None:
        try:
            images.read(row)
        except UnreadableImage as error:
            return f"{images.names[row]} {error}"
        return None

    with ThreadPoolExecutor(DECODING_THREADS, "check") as pool:
        for images in sets:
            found = pool.map(problem, [images] * len(images), range(len(images)))
            for text in found:
                seen += 1
                broken += [text] if text else []
                if progress and seen % 200 == 0:
                    progress(seen / total, f"{seen:,} of {total:,} images checked")
    if broken:
        happened = f"has {len(broken):,} images that cannot be read, first {broken[0]}"
        raise UsageError(dataset.name, happened, "unpack the archive again")


def _held_out(
    items: Sequence[Item], share: float, seed: int
) -> tuple[list[Item], list[Item]]:
    """Cut each class in two, at least one image of two or more on either side."""
    draw, kept, held = np.random.default_rng(seed), [], []
    for label in sorted({label for _, label in items}):
        own = [item for item in items if item[1] == label]
        order = draw.permutation(len(own))
        count = min(max(round(share * len(own)), 1), len(own) - 1)
        held += [own[place] for place in order[:count]]
        kept += [own[place] for place in order[count:]]
    return sorted(kept), sorted(held)


def _per_class(items: Sequence[Item], most: int | None, seed: int) -> list[Item]:
    if most is None:
        return list(items)
    labels = sorted({label for _, label in items})
    groups = ([item for item in items if item[1] == label] for label in labels)
    return sorted(item for group in groups for item in _at_most(group, most, seed))


def _at_most(items: Sequence[Item], most: int, seed: int) -> list[Item]:
    if len(items) <= most:
        return list(items)
    order = np.random.default_rng(seed).permutation(len(items))[:most]
    return sorted(items[place] for place in order)


def _check(
    name: str, parts: Mapping[Part, Sequence[Item]], classes: Sequence[str]
) -> None:
    if len(classes) < 2:
        raise UsageError(name, f"has {len(classes)} classes", "two are needed")
    for part, items in parts.items():
        if not items:
            raise UsageError(name, f"has no images to {part}", "raise the caps")


def _image_set(
    source: Source, part: Part, items: Sequence[Item], classes: tuple[str, ...],
    progress: Progress | None,
) -> ImageSet:  # fmt: skip
    whole = sha256(repr(classes).encode())
    for place, (name, label) in enumerate(items):
        line = f"{name}\n{label}\n{source.digest(name)}\n"
        whole.update(line.encode(errors="surrogateescape"))
        if progress and place % 200 == 0:
            progress(place / len(items), f"Reading {source.name}, {part}")
    names = [name for name, _ in items]
    return ImageSet(
        f"{source.name} {part}", names, np.array([y for _, y in items], np.int64),
        classes, whole.hexdigest(), lambda row: source.read(names[row]),
    )  # fmt: skip
