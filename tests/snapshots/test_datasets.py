"""Splits, caps and hashes of datasets, on folders that the test makes."""

import numpy as np
import pytest
from PIL import Image

from core.errors import UsageError
from core.snapshots.datasets import Caps, check_images, load_dataset
from core.snapshots.datasets.builtin import digits, synthetic
from core.snapshots.datasets.dataset import make_dataset


@pytest.fixture
def folder(tmp_path):
    """A folder of three classes with 8, 10 and 12 images."""
    for place, name in enumerate(("ant", "bee", "cat")):
        (tmp_path / name).mkdir()
        for i in range(8 + 2 * place):
            pixel = (80 * place, 10 * i, 7)
            Image.new("RGB", (4, 4), pixel).save(tmp_path / name / f"{i:02}.png")
    return tmp_path


def names(dataset):
    parts = (dataset.train, dataset.validation, dataset.test)
    return [set(part.names) for part in parts]


def test_the_parts_share_no_image_and_leave_none_out(folder):
    train, validation, test = names(load_dataset("mine", folder))
    assert not (train & validation or train & test or validation & test)
    assert len(train | validation | test) == 30
    assert {n[:3] for n in validation} == {n[:3] for n in test} == {"ant", "bee", "cat"}


def test_the_split_is_fixed_by_seed_and_names(folder):
    one, again = load_dataset("mine", folder), load_dataset("mine", folder)
    assert names(one) == names(again) and one.key == again.key
    other = load_dataset("mine", folder, seed=5)
    assert names(one) != names(other) and one.key != other.key


def test_the_hash_hears_of_a_changed_pixel(folder):
    before = load_dataset("mine", folder)
    Image.new("RGB", (4, 4), (1, 2, 3)).save(folder / "ant/00.png")
    after = load_dataset("mine", folder)
    assert names(before) == names(after) and before.key != after.key


def test_more_training_images_leave_the_test_part_alone(folder):
    few = load_dataset("mine", folder, caps=Caps(train=5, per_class=2))
    many = load_dataset("mine", folder)
    assert names(few)[1:] == names(many)[1:] and len(few.train) == 5


def test_caps_bound_classes_and_sizes(folder):
    found = load_dataset("mine", folder, caps=Caps(classes=2, per_class=3, test=1))
    assert found.classes == ("ant", "bee") and len(found.test) == 1
    assert np.bincount(found.train.labels).max() <= 3


def test_splits_that_are_there_are_kept(tmp_path):
    for split in ("train", "val", "test"):
        for name in ("a", "b"):
            (tmp_path / split / name).mkdir(parents=True)
            for i in range(3):
                image = Image.new("RGB", (4, 4), (i, 0, len(split)))
                image.save(tmp_path / split / name / f"{i}.png")
    found = load_dataset("mine", tmp_path)
    for part, split in zip(names(found), ("train", "val", "test"), strict=True):
        assert len(part) == 6 and all(name.startswith(f"{split}/") for name in part)


def test_splits_with_other_classes_are_refused(tmp_path):
    for path in ("train/a", "train/b", "test/a", "test/c"):
        (tmp_path / path).mkdir(parents=True)
    with pytest.raises(UsageError, match="train has other classes than test"):
        load_dataset("mine", tmp_path)


def test_a_class_of_one_image_keeps_it_for_training(tmp_path):
    for name, count in (("a", 6), ("b", 1)):
        (tmp_path / name).mkdir()
        for i in range(count):
            Image.new("RGB", (4, 4), (i, 9, 9)).save(tmp_path / name / f"{i}.png")
    train, validation, test = names(load_dataset("mine", tmp_path))
    assert "b/0.png" in train and "b/0.png" not in validation | test


@pytest.mark.parametrize("files", [(), ("a/0.png",)])
def test_a_folder_without_two_classes_is_refused(files, tmp_path):
    for name in files:
        (tmp_path / name).parent.mkdir()
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    with pytest.raises(UsageError, match="two are needed"):
        load_dataset("mine", tmp_path)


def test_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    bunch, source = load_digits(), digits()
    name, label = source.parts["train"][17]
    pixels = np.asarray(source.read(name))
    assert label == bunch.target[17]
    assert np.abs(pixels / 255 - bunch.images[17] / 16).max() < 1 / 255


def test_synthetic_gratings_slant_as_their_class_says():
    found = make_dataset(synthetic(160), caps=Caps())
    check_images(found)
    for row in range(0, len(found.train), 7):
        gray = np.asarray(found.train.read(row), float).mean(2)
        power = np.abs(np.fft.fft2(gray - gray.mean())) ** 2
        down, across = (np.fft.fftfreq(32)[i] for i in np.divmod(power.argmax(), 32))
        slant = np.degrees(np.arctan2(down, across)) % 180
        told = 180 * found.train.labels[row] / 8
        assert min(abs(slant - told), 180 - abs(slant - told)) < 20


def test_a_data_set_without_files_is_refused():
    with pytest.raises(UsageError, match="food-101 has no folder"):
        load_dataset("food-101")
