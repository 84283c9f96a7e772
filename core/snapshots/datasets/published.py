"""Five published datasets as their authors pack them: lists and `.mat` files beside
folders of images, read where they lie.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from core.errors import UsageError
from core.snapshots.datasets.dataset import Item, Source
from core.snapshots.datasets.folders import class_items, listed_source, unpacked
from core.snapshots.datasets.matlab import read_mat

MAX_LIST_BYTES = 64 * 2**20
IMAGEWOOF = ("imagewoof2", "imagewoof2-320", "imagewoof2-160", "imagewoof")


def cub_200(root: Path) -> Source:
    """Caltech-UCSD Birds-200-2011 (Wah and others 2011), `CUB_200_2011.tgz`.

    https://www.vision.caltech.edu/datasets/cub_200_2011/
    """
    here = unpacked(root, "CUB_200_2011", "CUB_200_2011.tgz")
    classes = [name for _, name in _pairs(here / "classes.txt")]
    files = dict(_pairs(here / "images.txt"))
    labels = dict(_pairs(here / "image_class_labels.txt"))
    is_train = dict(_pairs(here / "train_test_split.txt"))
    parts: dict[str, list[Item]] = {"train": [], "test": []}
    for number, file in files.items():
        if number not in labels or number not in is_train:
            raise UsageError(file, "has no label or no split", "unpack again")
        part = "train" if is_train[number] == "1" else "test"
        label = _whole(labels[number], here / "image_class_labels.txt")
        parts[part].append((f"images/{file}", label - 1))
    return listed_source(
        "cub-200", here, classes, parts, "CUB-200-2011 (Wah and others 2011)"
    )


def food_101(root: Path) -> Source:
    """Food-101 (Bossard, Guillaumin and Van Gool 2014), `food-101.tar.gz`.

    https://data.vision.ee.ethz.ch/cvl/datasets_extra/food-101/
    """
    here = unpacked(root, "food-101", "food-101.tar.gz")
    classes = sorted(_lines(here / "meta" / "classes.txt"))
    places = {name: place for place, name in enumerate(classes)}
    parts = {}
    for part in ("train", "test"):
        listed = here / "meta" / f"{part}.txt"
        parts[part] = []
        for line in _lines(listed):
            label = line.partition("/")[0]
            if label not in places:
                raise UsageError(listed, f"names a class that is unknown: {label!a}")
            parts[part].append((f"images/{line}.jpg", places[label]))
    return listed_source(
        "food-101", here, classes, parts, "Food-101 (Bossard and others 2014)"
    )


def imagewoof(root: Path) -> Source:
    """Imagewoof (Howard 2019), ten breeds of ImageNet, `imagewoof2.tgz` or smaller.

    Its `val` is the test part, as in the study. https://github.com/fastai/imagenette
    """
    there = [name for name in IMAGEWOOF if (root / name).is_dir()]
    packed = [name for name in IMAGEWOOF if (root / f"{name}.tgz").is_file()]
    name = (there or packed or IMAGEWOOF)[0]
    is_root = (root / "train").is_dir()
    here = root if is_root else unpacked(root, name, f"{name}.tgz")
    classes = sorted(p.name for p in (here / "train").glob("n*") if p.is_dir())
    _missing(here, "train", classes)
    _missing(here, "val", [p.name for p in here.glob("val/n*")])
    parts = {
        "train": class_items(here, "train/", classes),
        "test": class_items(here, "val/", classes),
    }
    return listed_source("imagewoof", here, classes, parts, "Imagewoof (Howard 2019)")


def stanford_cars(root: Path) -> Source:
    """Stanford Cars (Krause and others 2013), `car_devkit.tgz` and its images.

    Labels of the test images are in `cars_test_annos_withlabels.mat`.
    https://ai.stanford.edu/~jkrause/cars/car_dataset.html
    """
    kit = unpacked(root, "devkit", "car_devkit.tgz")
    names = read_mat(kit / "cars_meta.mat", "class_names")["class_names"]
    classes = [str(name) for name in names]
    lists = {
        "train": kit / "cars_train_annos.mat",
        "test": root / "cars_test_annos_withlabels.mat",
    }
    parts = {}
    for part, path in lists.items():
        unpacked(root, f"cars_{part}", f"cars_{part}.tgz")
        rows = read_mat(path, "annotations")["annotations"]
        if rows.dtype.names is None or not {"class", "fname"} <= set(rows.dtype.names):
            raise UsageError(path, "lacks the fields class and fname", "download it")
        parts[part] = [
            (f"cars_{part}/{row['fname']}", _whole(row["class"], path) - 1)
            for row in rows.reshape(-1)
        ]
    return listed_source(
        "stanford-cars", root, classes, parts, "Stanford Cars (Krause and others 2013)"
    )


def stanford_dogs(root: Path) -> Source:
    """Stanford Dogs (Khosla and others 2011), `images.tar` and `lists.tar`.

    http://vision.stanford.edu/aditya86/ImageNetDogs/
    """
    unpacked(root, "Images", "images.tar")
    unpacked(root, "train_list.mat", "lists.tar")
    parts, classes = {}, {}
    for part in ("train", "test"):
        path = root / f"{part}_list.mat"
        found = read_mat(path, "file_list", "labels")
        files = found["file_list"].reshape(-1)
        labels = found["labels"].reshape(-1)
        if len(files) != len(labels):
            raise UsageError(path, f"has {len(files)} files, {len(labels)} labels")
        parts[part] = []
        for file, label in zip(map(str, files), labels, strict=True):
            place = _whole(label, path) - 1
            if not 0 <= place < len(files):
                raise UsageError(path, f"has a label beyond its files: {label!a}")
            classes[place] = file.partition("/")[0]
            parts[part].append((f"Images/{file}", place))
    ordered = [classes.get(place, "") for place in range(max(classes, default=-1) + 1)]
    return listed_source(
        "stanford-dogs", root, ordered, parts, "Stanford Dogs (Khosla and others 2011)"
    )


def _lines(path: Path) -> list[str]:
    """Read a list, one entry a line. Raises UsageError where it is missing or vast."""
    try:
        if path.stat().st_size > MAX_LIST_BYTES:
            raise UsageError(path, "is larger than 64 MiB", "unpack the archive again")
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise UsageError(path, "is missing", "unpack the archive again") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(path, "is not readable as text") from error
    return [line.strip() for line in lines if line.strip()]


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    """Read lines of a number and a word."""
    for place, line in enumerate(_lines(path), start=1):
        number, _, rest = line.partition(" ")
        if not rest:
            raise UsageError(path, f"has one word in line {place}", "unpack again")
        yield number, rest.strip()


def _whole(value: object, path: Path) -> int:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise UsageError(path, f"has a label that is no number: {value!a}") from error


def _missing(here: Path, part: str, classes: Sequence[str]) -> None:
    if not classes:
        raise UsageError(here / part, "holds no class", "unpack the archive again")
