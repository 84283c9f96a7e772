"""Folders of images as a source: one folder a class, in splits or not. Copies nothing
and follows no links.
"""

import lzma
import tarfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path, PurePosixPath

from core.errors import UsageError
from core.snapshots.datasets.dataset import Item, Part, Source
from core.transfer.images import MAX_FILE_BYTES, SUFFIXES, UnreadableImage, open_image

SPLITS: Mapping[str, Part] = {
    "train": "train", "training": "train", "val": "validation",
    "valid": "validation", "validation": "validation", "test": "test",
}  # fmt: skip
MAX_IMAGES = 2_000_000
MAX_UNPACKED_BYTES = 64 * 2**30
BROKEN = (
    tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError,
    KeyError, OverflowError,
)  # fmt: skip
"""What tarfile raises for an archive that is cut off, damaged or out for harm."""


def folder_source(name: str, root: Path) -> Source:
    """Take a folder of class folders, or one of splits with class folders in each.

    Without a test part, one is drawn. Raises UsageError for a folder of neither form,
    and where splits disagree on the classes.
    """
    tops = _folders(root)
    splits = {top: SPLITS[top.lower()] for top in tops if top.lower() in SPLITS}
    if not splits:
        listed = {"train": class_items(root, "", tops)}
        return listed_source(name, root, tops, listed, "a folder of images")
    classes = _folders(root / next(iter(splits)))
    parts: dict[Part, Sequence[Item]] = {}
    for top, part in splits.items():
        if _folders(root / top) != classes:
            happened = f"has other classes than {next(iter(splits))}"
            raise UsageError(root / top, happened, "give both the same folders")
        parts[part] = class_items(root, f"{top}/", classes)
    return listed_source(name, root, classes, parts, "a folder of images")


def listed_source(
    name: str,
    root: Path,
    classes: Sequence[str],
    parts: Mapping[Part, Sequence[Item]],
    origin: str,
) -> Source:
    """Make a source of files below `root`, named by path.

    Raises UsageError for a label without a class, and a path that leaves the folder.
    """
    for file, label in (item for items in parts.values() for item in items):
        path = PurePosixPath(file)
        if path.is_absolute() or ".." in path.parts or "\\" in file:
            raise UsageError(f"{file!a}", f"leaves the folder {root}")
        if not 0 <= label < len(classes):
            happened = f"has label {label + 1} of {len(classes)} classes"
            raise UsageError(file, happened, "unpack the archive again")

    def digest(file: str) -> str:
        path = root / file
        if not path.is_file():
            raise UsageError(file, f"is missing in {root}", "unpack the archive again")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UsageError(file, "is larger than 64 MiB", "unpack the archive again")
        return sha256(path.read_bytes()).hexdigest()

    def read(file: str):
        if not (root / file).is_file():
            raise UnreadableImage("is missing")
        return open_image(root / file)

    return Source(name, tuple(classes), parts, read, digest, origin)


def class_items(root: Path, prefix: str, classes: Iterable[str]) -> list[Item]:
    """List the images of class folders below `root/prefix`, with their labels.

    Raises UsageError for a folder that is missing.
    """
    found: list[Item] = []
    for label, name in enumerate(classes):
        folder = root / prefix / name
        if not folder.is_dir():
            raise UsageError(folder, "is missing", "unpack the archive again")
        for path in sorted(folder.iterdir()):
            is_image = path.suffix.lower() in SUFFIXES and not path.is_symlink()
            if is_image and not path.name.startswith("."):
                found.append((f"{prefix}{name}/{path.name}", label))
        if len(found) > MAX_IMAGES:
            raise UsageError(root, "holds more than 2,000,000 images", "give a part")
    return found


def unpacked(root: Path, wanted: str, *archives: str) -> Path:
    """Return `root/wanted`, unpacking the first archive there is where it is missing;
    `root` itself where that is its name.

    An archive holds at most 64 GiB and is unpacked whole or not at all, its links and
    devices aside. Raises UsageError, naming what was looked for.
    """
    here = root / wanted
    if here.exists():
        return here
    if root.name == wanted and root.is_dir():
        return root
    for name in archives:
        if (root / name).is_file():
            _unpack(root / name, root)
            if here.exists():
                return here
            raise UsageError(root / name, f"holds no {wanted}", "download it again")
    looked = " or ".join([wanted, *archives])
    raise UsageError(root, f"holds no {looked}", "give the folder of its files")


def _unpack(archive: Path, root: Path) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix=".unpacking-", dir=root) as unfinished:
        try:
            with tarfile.open(archive) as tar:
                size = 0
                for count, member in enumerate(tar):
                    if member.size < 0:
                        raise tarfile.ReadError("a negative size")
                    size += member.size
                    if size > MAX_UNPACKED_BYTES or count > MAX_IMAGES:
                        raise UsageError(archive, "claims more than 64 GiB")
                    if member.isfile() or member.isdir():
                        tar.extract(member, unfinished, filter="data")
        except BROKEN as error:
            happened = f"cannot be unpacked ({str(error)[:120]})"
            raise UsageError(archive, happened, "download it again") from error
        for path in Path(unfinished).iterdir():
            if not (root / path.name).exists():
                path.rename(root / path.name)


def _folders(root: Path) -> list[str]:
    if not root.is_dir():
        raise UsageError(root, "is not a folder", "give one with a folder a class")
    return sorted(
        path.name
        for path in root.iterdir()
        if path.is_dir() and not path.is_symlink() and not path.name.startswith(".")
    )
