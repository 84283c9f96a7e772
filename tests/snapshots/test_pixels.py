"""What a network in training sees, against torch's own normalization and plain PIL."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UsageError
from core.snapshots.kept_features import KeptFeatures
from core.snapshots.pixels import Pixels, crop_box
from core.transfer.images import UnreadableImage, image_array
from core.transfer.preprocess import Preprocess

SEEN = Preprocess((8, 8), (8, 8), "bilinear", (0.5,), (0.25,))


@pytest.fixture
def images():
    drawn = np.random.default_rng(0).integers(0, 256, (20, 8, 8), np.uint8)
    return image_array("noise", drawn, np.arange(20) % 2, "ab")


def test_evaluation_sees_the_images_as_they_are(images):
    seen = Pixels(images, SEEN, "cpu").batch([3, 5], epoch=9)
    for row, pixels in zip((3, 5), seen, strict=True):
        raw = torch.from_numpy(np.array(images.read(row))).float()
        torch.testing.assert_close(pixels[0], (raw / 255 - 0.5) / 0.25)


@pytest.mark.parametrize("augment", ["flip", "crop-flip"])
def test_draws_depend_on_seed_epoch_and_image_alone(augment, images):
    one = Pixels(images, SEEN, "cpu", augment=augment, seed=1)
    same = Pixels(images, SEEN, "cpu", augment=augment, seed=1)
    other = Pixels(images, SEEN, "cpu", augment=augment, seed=2)
    rows = list(range(20))
    whole = one.batch(rows, 3)
    assert torch.equal(whole[4:7], same.batch([4, 5, 6], 3))
    assert not torch.equal(whole, one.batch(rows, 4))
    assert not torch.equal(whole, other.batch(rows, 3))


def test_half_of_the_images_are_mirrored_and_nothing_else_changes(images):
    plain = Pixels(images, SEEN, "cpu").batch(range(20))
    pixels = Pixels(images, SEEN, "cpu", augment="flip")
    seen, flips = pixels.batch(range(20), 2), pixels.flips(2)
    assert 4 < flips.sum() < 16
    for row in range(20):
        expected = plain[row].flip(2) if flips[row] else plain[row]
        assert torch.equal(seen[row], expected)


def test_kept_features_pick_the_mirrored_rows(images):
    pixels = Pixels(images, SEEN, "cpu", augment="flip")
    both = (False, True)
    kept = [[pixels.variant(range(20), mirrored=m)] for m in both]
    features = KeptFeatures(tuple(kept), torch.device("cpu"))
    rows = np.array([7, 1, 12])
    (found,) = features.rows(rows, pixels.flips(5))
    assert torch.equal(found, pixels.batch(rows, 5))


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 50))
def test_a_crop_lies_inside_the_image(width, height, seed):
    box = crop_box(width, height, np.random.default_rng(seed))
    left, top, right, bottom = box
    assert 0 <= left < right <= width and 0 <= top < bottom <= height
    wide, high = right - left, bottom - top
    if wide > 9 and high > 9:
        assert 0.6 < wide / high < 1.6


def test_an_image_that_cannot_be_read_is_named(images):
    from dataclasses import replace

    def read(row):
        raise UnreadableImage("is damaged")

    with pytest.raises(UsageError, match="image 3 is damaged"):
        Pixels(replace(images, read=read), SEEN, "cpu", augment="crop-flip").batch([3])
