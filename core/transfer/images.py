"""Sets of labeled images: a folder with one subfolder a class, or arrays in memory.
Names every file it cannot read; knows no models.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import UsageError
from core.settings import local_path

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif",
                      ".tiff", ".ppm", ".pgm"})  # fmt: skip
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
SPLITS = frozenset({"train", "training", "val", "valid", "validation", "test"})
MAX_IMAGES = 2_000_000
MAX_FILE_BYTES = 64 * 2**20
MAX_PIXELS = 64_000_000
MAX_DEPTH = 16


class UnreadableImage(Exception):
    """One image cannot be read, for the reason it says; others can."""


@dataclass(frozen=True)
class ImageSet:
    """N images with their labels; `read(i)` returns image i or raises UnreadableImage.

    `labels` are int64 (N,), places in `classes`; -1 where nobody labeled. `names` tell
    the images apart, `key` is the same for the same images and labels, and `skipped`
    counts what was passed over: links, hidden and other files.
    """

    name: str
    names: Sequence[str]
    labels: np.ndarray
    classes: tuple[str, ...]
    key: str
    read: Callable[[int], "Image"]
    skipped: int = 0

    def __len__(self) -> int:
        return len(self.names)


def image_folder(
    root: Path, *, progress: Callable[[int], None] | None = None
) -> ImageSet:
    """Read a folder whose subfolders are the classes, or one that holds images alone.

    The key is a digest of every file's path and bytes. Links are not followed.
    `progress(n)` hears how many files were read. Raises UsageError, naming the folder,
    when it holds no images, only splits, or more than two million.
    """
    root = local_path(root).absolute()
    if not root.is_dir():
        raise UsageError(root, "is not a folder", "give one with a folder a class")
    files, skipped = _listed(root)
    if not files:
        raise UsageError(root, "holds no images", "give a folder with a folder a class")
    tops = [_top(file) for file in files]
    classes = tuple(sorted(set(tops) - {""}))
    if classes and {name.lower() for name in classes} <= SPLITS:
        happened = f"holds the splits {', '.join(classes)}, not classes"
        raise UsageError(root, happened, f"give one of them: {root / classes[0]}")
    places = {name: place for place, name in enumerate(classes)} | {"": -1}
    labels = np.array([places[top] for top in tops], np.int64)
    key = _digest(root, files, progress)
    return ImageSet(
        root.name, files, labels, classes, key,
        lambda index: open_image(root / files[index]), skipped,
    )  # fmt: skip


def image_array(
    name: str, images: np.ndarray, labels: np.ndarray, classes: Sequence[str]
) -> ImageSet:
    """Take gray images (N, H, W) in 0-1, or uint8 ones (N, H, W[, 3]), from memory.

    >>> digits = image_array("two", np.zeros((2, 8, 8)), np.array([0, 1]), "ab")
    >>> len(digits), digits.read(1).size
    (2, (8, 8))
    """
    from PIL.Image import fromarray

    if images.dtype != np.uint8:
        images = np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)
    labels = np.asarray(labels, np.int64)
    text = repr((images.shape, tuple(classes))).encode()
    key = sha256(text + images.tobytes() + labels.tobytes()).hexdigest()
    names = [f"image {index}" for index in range(len(images))]
    return ImageSet(
        name, names, labels, tuple(classes), key, lambda i: fromarray(images[i])
    )


def open_image(path: Path) -> "Image":
    """Decode one image file, upright as its EXIF data says.

    Raises UnreadableImage for a damaged file, one over 64 MiB, and one whose header
    claims over 64 million pixels, before any pixel is decoded.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        if path.is_symlink() or path.stat().st_size > MAX_FILE_BYTES:
            raise UnreadableImage("is a link or larger than 64 MiB")
        with path.open("rb") as file, Image.open(file, formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise UnreadableImage(f"claims {width} x {height} pixels")
            image.load()
            upright = ImageOps.exif_transpose(image)
    except UnidentifiedImageError as error:
        raise UnreadableImage("is no image of a known format") from error
    except Image.DecompressionBombError as error:
        raise UnreadableImage("claims more pixels than any photo has") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise UnreadableImage(f"is damaged ({str(error)[:120]})") from error
    return _eight_bits(upright)


def _eight_bits(image: "Image") -> "Image":
    """Scale gray of 16 bits to 8: converting it as it is would clip it to white."""
    from PIL.Image import fromarray

    if not image.mode.startswith("I;16"):
        return image
    return fromarray((np.asarray(image) >> 8).astype(np.uint8))


def _listed(root: Path) -> tuple[list[str], int]:
    """Return the images below `root`, sorted, and how many other entries there are."""
    found, skipped = [], 0
    for entry in _walk(root, 0):
        is_image = Path(entry.name).suffix.lower() in SUFFIXES
        if entry.is_symlink() or not is_image or entry.name.startswith("."):
            skipped += 1
            continue
        found.append(Path(entry.path).relative_to(root).as_posix())
        if len(found) > MAX_IMAGES:
            raise UsageError(root, "holds more than 2,000,000 images", "give a part")
    return sorted(found), skipped


def _walk(folder: Path, depth: int) -> Iterator[os.DirEntry]:
    if depth > MAX_DEPTH:
        return
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                is_folder = entry.is_dir(follow_symlinks=False)
                if is_folder and not entry.name.startswith("."):
                    yield from _walk(Path(entry.path), depth + 1)
                elif not is_folder:
                    yield entry
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(folder, f"cannot be listed ({reason})") from error


def _top(file: str) -> str:
    top, slash, _ = file.partition("/")
    return top if slash else ""


def _digest(
    root: Path, files: list[str], progress: Callable[[int], None] | None
) -> str:
    """Digest paths and contents; a file that cannot be read counts as empty."""
    whole = sha256()
    for index, name in enumerate(files):
        content = b""
        with suppress(OSError):
            path = root / name
            if path.stat().st_size <= MAX_FILE_BYTES:
                content = path.read_bytes()
        whole.update(f"{name}\n{len(content)}\n".encode(errors="surrogateescape"))
        whole.update(content)
        if progress and index % 100 == 0:
            progress(index)
    return whole.hexdigest()
