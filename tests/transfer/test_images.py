"""Folders of images: classes by folder, every unreadable file named, nothing huge."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from core.errors import UsageError
from core.transfer.images import (
    UnreadableImage,
    image_array,
    image_folder,
    open_image,
)


def paint(path, value=128, size=(6, 4), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, value).save(path, **options)
    return path


def claimed_png(path, width, height):
    """Write a PNG whose header claims a size and whose body is a few bytes."""

    def chunk(kind, body):
        crc = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + crc

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(bytes(99)))]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b""))
    return path


def test_folders_are_classes_in_the_order_of_their_names(tmp_path):
    for name in ("dog/1.png", "cat/b.PNG", "cat/a/deep.jpg"):
        paint(tmp_path / name)
    images = image_folder(tmp_path)
    assert images.classes == ("cat", "dog")
    assert list(images.names) == ["cat/a/deep.jpg", "cat/b.PNG", "dog/1.png"]
    assert images.labels.tolist() == [0, 0, 1]
    assert images.read(2).size == (6, 4)


def test_a_folder_of_images_alone_has_no_labels(tmp_path):
    paint(tmp_path / "a.png")
    assert image_folder(tmp_path).labels.tolist() == [-1]


def test_links_and_hidden_files_are_passed_over(tmp_path):
    outside = paint(tmp_path / "outside/x.png")
    root = tmp_path / "set"
    paint(root / "cat/a.png")
    paint(root / "cat/.hidden.png")
    (root / "cat/notes.txt").write_text("x")
    (root / "cat/link.png").symlink_to(outside)
    (root / "more").symlink_to(outside.parent)
    images = image_folder(root)
    assert list(images.names) == ["cat/a.png"] and images.skipped == 4


def test_the_key_follows_contents_and_names(tmp_path):
    keys = set()
    for step in (
        lambda: paint(tmp_path / "cat/a.png"),
        lambda: paint(tmp_path / "cat/a.png", value=129),
        lambda: (tmp_path / "cat/a.png").rename(tmp_path / "cat/b.png"),
        lambda: (tmp_path / "cat").rename(tmp_path / "dog"),
    ):
        step()
        keys.add(image_folder(tmp_path).key)
    assert len(keys) == 4
    assert image_folder(tmp_path).key in keys


@pytest.mark.parametrize("make, told", [
    (lambda root: None, "holds no images"),
    (lambda root: (paint(root / "train/a.png"), paint(root / "val/b.png")), "splits"),
])  # fmt: skip
def test_what_is_no_data_set_is_told(tmp_path, make, told):
    make(tmp_path)
    with pytest.raises(UsageError, match=told):
        image_folder(tmp_path)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UsageError, match="is not a folder"):
        image_folder(tmp_path / "gone")


def test_damaged_files_say_so(tmp_path):
    whole = paint(tmp_path / "a.jpg", size=(64, 64)).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.jpg").write_bytes(b"<html>")
    for name, told in (("cut.jpg", "damaged"), ("text.jpg", "no image"),
                       ("gone.jpg", "damaged")):  # fmt: skip
        with pytest.raises(UnreadableImage, match=told):
            open_image(tmp_path / name)


@pytest.mark.parametrize("side", [8_001, 2**30])
def test_a_decompression_bomb_is_refused_by_its_header(tmp_path, side):
    bomb = claimed_png(tmp_path / "bomb.png", side, side)
    with pytest.raises(UnreadableImage, match="claims"):
        open_image(bomb)


def test_a_photo_stands_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = paint(tmp_path / "a.jpg", size=(40, 20), exif=exif)
    assert open_image(path).size == (20, 40)


def test_sixteen_bits_become_eight(tmp_path):
    Image.fromarray(np.full((4, 4), 0x8001, np.uint16)).save(tmp_path / "a.png")
    assert np.asarray(open_image(tmp_path / "a.png").convert("L")).max() == 0x80


def test_arrays_keep_their_values():
    pixels = np.linspace(0, 1, 128).reshape(2, 8, 8)
    images = image_array("ramp", pixels, np.array([0, 1]), ("dark", "light"))
    read = np.stack([np.asarray(images.read(i)) for i in range(2)])
    np.testing.assert_allclose(read / 255, pixels, atol=0.5 / 255)
    other = image_array("ramp", pixels, np.array([1, 0]), ("dark", "light"))
    assert images.key != other.key
