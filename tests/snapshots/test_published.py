"""Each published dataset from a tiny tree of its original layout, whole and broken."""

import shutil
import tarfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from core.errors import UsageError
from core.snapshots.datasets import Caps, check_images, load_dataset

PER_CLASS = 5


def picture(path: Path, shade: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (12, 10), (shade % 256, 90, 30)).save(path)


def cub(root: Path) -> list[Path]:
    here, names = root / "CUB_200_2011", ["001.Albatross", "002.Auklet"]
    files = [f"{name}/{name[4:]}_{i}.jpg" for name in names for i in range(PER_CLASS)]
    for shade, file in enumerate(files):
        picture(here / "images" / file, shade)
    lists = {
        "classes": [f"{i} {name}" for i, name in enumerate(names, 1)],
        "images": [f"{i} {file}" for i, file in enumerate(files, 1)],
        "image_class_labels": [f"{i} {1 + (i > 5)}" for i in range(1, 11)],
        "train_test_split": [f"{i} {int(i % 5 > 0)}" for i in range(1, 11)],
    }
    for name, lines in lists.items():
        (here / f"{name}.txt").write_text("\n".join(lines) + "\n")
    return [here / "images" / file for file in files]


def food(root: Path) -> list[Path]:
    here, names = root / "food-101", ["apple_pie", "waffles"]
    files = [f"{name}/{100 + i}" for name in names for i in range(PER_CLASS)]
    for shade, file in enumerate(files):
        picture(here / "images" / f"{file}.jpg", shade)
    (here / "meta").mkdir()
    (here / "meta/classes.txt").write_text("\n".join(names))
    (here / "meta/train.txt").write_text("\n".join(f for f in files if f[-1] != "0"))
    (here / "meta/test.txt").write_text("\n".join(f for f in files if f[-1] == "0"))
    return [here / "images" / f"{file}.jpg" for file in files]


def woof(root: Path) -> list[Path]:
    here, made = root / "imagewoof2-160", []
    for split, count in (("train", 4), ("val", 1)):
        for name in ("n02086240", "n02115641"):
            made += [here / split / name / f"{split}_{i}.JPEG" for i in range(count)]
    for shade, path in enumerate(made):
        picture(path, shade)
    return made


def cars(root: Path) -> list[Path]:
    (root / "devkit").mkdir(parents=True)
    names = np.array(["Audi A5 Coupe 2012", "BMW M3 Coupe 2012"], object)
    savemat(root / "devkit/cars_meta.mat", {"class_names": names})
    made = []
    for part, count, place in (
        ("train", 8, root / "devkit/cars_train_annos.mat"),
        ("test", 2, root / "cars_test_annos_withlabels.mat"),
    ):
        kind = [("bbox_x1", object), ("class", object), ("fname", object)]
        rows = np.array([(1, 1 + i % 2, f"{i:05}.jpg") for i in range(count)], kind)
        savemat(place, {"annotations": rows})
        made += [root / f"cars_{part}" / f"{i:05}.jpg" for i in range(count)]
    for shade, path in enumerate(made):
        picture(path, shade)
    return made


def dogs(root: Path) -> list[Path]:
    root.mkdir(parents=True, exist_ok=True)
    names, made = ["n02085620-Chihuahua", "n02116738-African_hunting_dog"], []
    for part, rows in (("train", range(4)), ("test", range(4, 5))):
        files = [f"{name}/{name[:9]}_{i}.jpg" for name in names for i in rows]
        cells = np.array(files, object).reshape(-1, 1)
        labels = np.array([[1 + (names[1] in file)] for file in files], np.uint8)
        savemat(root / f"{part}_list.mat", {"file_list": cells, "labels": labels})
        made += [root / "Images" / file for file in files]
    for shade, path in enumerate(made):
        picture(path, shade)
    return made


LAYOUTS = {
    "cub-200": cub, "food-101": food, "imagewoof": woof, "stanford-cars": cars,
    "stanford-dogs": dogs,
}  # fmt: skip
every_layout = pytest.mark.parametrize("name", LAYOUTS)


@every_layout
def test_an_original_layout_is_read_where_it_lies(name, tmp_path):
    made = LAYOUTS[name](tmp_path)
    before = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    found = load_dataset(name, tmp_path)
    check_images(found)
    sizes = len(found.train), len(found.validation), len(found.test)
    assert sizes == (6, 2, 2) and len(found.classes) == 2
    assert sum(sizes) == len(made)
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == before
    assert sorted(np.bincount(found.test.labels).tolist()) == [1, 1]


@every_layout
def test_labels_are_those_of_the_folders(name, tmp_path):
    LAYOUTS[name](tmp_path)
    found = load_dataset(name, tmp_path)
    for images in (found.train, found.validation, found.test):
        for file, label in zip(images.names, images.labels, strict=True):
            word = found.classes[label]
            assert word in file or name == "stanford-cars"


@every_layout
def test_a_missing_file_is_named(name, tmp_path):
    gone = LAYOUTS[name](tmp_path)[0]
    gone.unlink()
    if name == "imagewoof":
        assert len(load_dataset(name, tmp_path).train) == 5
        return
    with pytest.raises(UsageError, match=rf"{gone.name} is missing"):
        load_dataset(name, tmp_path)


@pytest.mark.parametrize("gone", ["val/n02115641", "val", "train"])
def test_a_missing_folder_of_imagewoof_is_named(gone, tmp_path):
    woof(tmp_path)
    shutil.rmtree(tmp_path / "imagewoof2-160" / gone)
    with pytest.raises(UsageError, match=rf"{gone} (is missing|holds no class)"):
        load_dataset("imagewoof", tmp_path)


@every_layout
def test_a_damaged_image_is_named(name, tmp_path):
    broken = LAYOUTS[name](tmp_path)[1]
    broken.write_bytes(broken.read_bytes()[:200])
    found = load_dataset(name, tmp_path)
    with pytest.raises(UsageError, match=rf"1 images .*{broken.name} is"):
        check_images(found)


def lists_of(name: str, root: Path) -> list[Path]:
    return sorted(root.rglob("*.mat")) + sorted(root.rglob("*.txt"))


@every_layout
def test_a_missing_list_is_named(name, tmp_path):
    LAYOUTS[name](tmp_path)
    for path in lists_of(name, tmp_path):
        kept = path.read_bytes()
        path.unlink()
        with pytest.raises(UsageError, match=path.name):
            load_dataset(name, tmp_path)
        path.write_bytes(kept)


@pytest.mark.parametrize("name", ["stanford-cars", "stanford-dogs"])
@pytest.mark.parametrize("content", [b"", b"not a mat file" * 40, b"MATLAB 7.3 "])
def test_a_wrong_mat_is_named(name, content, tmp_path):
    LAYOUTS[name](tmp_path)
    path = lists_of(name, tmp_path)[-1]
    path.write_bytes(content)
    with pytest.raises(UsageError, match=path.name):
        load_dataset(name, tmp_path)


@pytest.mark.parametrize("name", ["stanford-cars", "stanford-dogs"])
def test_a_mat_with_other_variables_is_named_with_what_it_lacks(name, tmp_path):
    LAYOUTS[name](tmp_path)
    path = lists_of(name, tmp_path)[-1]
    savemat(path, {"else": np.zeros(3)})
    with pytest.raises(UsageError, match=rf"{path.name} lacks"):
        load_dataset(name, tmp_path)


def test_a_mat_that_unpacks_to_gigabytes_is_refused_unread(tmp_path):
    cars(tmp_path)
    path = tmp_path / "cars_test_annos_withlabels.mat"
    packer = zlib.compressobj(1)
    body = b"".join(packer.compress(bytes(2**20)) for _ in range(257)) + packer.flush()
    head = b"MATLAB 5.0".ljust(124) + b"\x00\x01IM"
    element = (15).to_bytes(4, "little") + len(body).to_bytes(4, "little") + body
    path.write_bytes(head + element)
    with pytest.raises(UsageError, match="unpacks to more than 256 MiB"):
        load_dataset("stanford-cars", tmp_path)


def test_a_list_that_leaves_its_folder_is_refused(tmp_path):
    food(tmp_path)
    listed = tmp_path / "food-101/meta/train.txt"
    listed.write_text(listed.read_text() + "\napple_pie/../../../secret")
    with pytest.raises(UsageError, match="leaves the folder"):
        load_dataset("food-101", tmp_path)


def test_an_archive_is_unpacked_once_and_whole(tmp_path):
    cub(tmp_path / "tree")
    with tarfile.open(tmp_path / "CUB_200_2011.tgz", "w:gz") as tar:
        tar.add(tmp_path / "tree/CUB_200_2011", "CUB_200_2011")
    from_tree = load_dataset("cub-200", tmp_path / "tree")
    assert load_dataset("cub-200", tmp_path).key == from_tree.key
    (tmp_path / "CUB_200_2011.tgz").unlink()
    assert load_dataset("cub-200", tmp_path).key == from_tree.key


def test_an_archive_that_is_cut_off_leaves_nothing(tmp_path):
    dogs(tmp_path / "tree")
    with tarfile.open(tmp_path / "images.tar", "w") as tar:
        tar.add(tmp_path / "tree/Images", "Images")
    whole = (tmp_path / "images.tar").read_bytes()
    (tmp_path / "images.tar").write_bytes(whole[: len(whole) // 2 + 99])
    with pytest.raises(UsageError, match=r"images\.tar cannot be unpacked"):
        load_dataset("stanford-dogs", tmp_path)
    assert not (tmp_path / "Images").exists()


def test_an_archive_with_a_way_out_is_refused(tmp_path):
    (tmp_path / "evil").write_text("x")
    with tarfile.open(tmp_path / "food-101.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "evil", "../../evil-was-here")
    with pytest.raises(UsageError, match="cannot be unpacked"):
        load_dataset("food-101", tmp_path)


def test_caps_keep_whole_classes_and_fixed_images(tmp_path):
    food(tmp_path)
    caps = Caps(per_class=2, train=3, validation=1, test=1)
    found = load_dataset("food-101", tmp_path, caps=caps)
    again = load_dataset("food-101", tmp_path, caps=caps)
    sizes = len(found.train), len(found.validation), len(found.test)
    assert sizes == (3, 1, 1) and found.key == again.key
    with pytest.raises(UsageError, match="has 1 classes"):
        load_dataset("food-101", tmp_path, caps=Caps(classes=1))
