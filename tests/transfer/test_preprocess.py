"""Preprocessing equals what each library does by its own metadata."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from core.errors import UnsupportedFormat
from core.transfer.images import UnreadableImage
from core.transfer.preprocess import (
    Preprocess,
    of_timm,
    of_torchvision,
    of_transformers,
    to_transformers,
)

SIZES = [(300, 220), (220, 301), (90, 64)]


def noise(size) -> Image.Image:
    rng = np.random.default_rng(size[0])
    small = rng.integers(0, 256, (12, 9, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


def seen(preprocess: Preprocess, image: Image.Image) -> torch.Tensor:
    pixels = torch.from_numpy(preprocess.pixels(image)[None])
    return preprocess.normalize(pixels)[0]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["ResNet50_Weights", "EfficientNet_B1_Weights"])
def test_torchvision_sees_the_same(name, size):
    from torchvision import models

    preset = getattr(models, name).DEFAULT.transforms()
    assert torch.equal(seen(of_torchvision(preset), noise(size)), preset(noise(size)))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode, share", [("center", 0.875), ("squash", 1.0)])
def test_timm_sees_the_same(mode, share, size):
    from timm.data import create_transform

    config = {"input_size": (3, 96, 96), "interpolation": "bicubic", "crop_mode": mode,
              "crop_pct": share, "mean": (0.4, 0.5, 0.6),
              "std": (0.2, 0.3, 0.4)}  # fmt: skip
    theirs = create_transform(**config, is_training=False)(noise(size))
    assert (seen(of_timm(config), noise(size)) - theirs).abs().max() < 1e-5


@pytest.mark.parametrize("name, options", [
    ("ViTImageProcessorPil", {"size": {"height": 48, "width": 48}, "resample": 2}),
    ("CLIPImageProcessorPil", {"size": {"shortest_edge": 48}, "resample": 3,
                            "crop_size": {"height": 40, "width": 40}}),
    ("ConvNextImageProcessorPil", {"size": {"shortest_edge": 64}, "crop_pct": 0.8}),
])  # fmt: skip
def test_transformers_sees_the_same(name, options):
    import transformers

    processor = getattr(transformers, name)(**options)
    theirs = processor(noise((110, 90)), return_tensors="pt")["pixel_values"][0]
    ours = seen(of_transformers(processor.to_dict()), noise((110, 90)))
    assert ours.shape == theirs.shape
    assert (ours - theirs).abs().max() < 0.02


def test_gray_images_of_one_channel():
    preprocess = Preprocess((16, 16), (16, 16), "nearest", (0.5,), (0.5,))
    image = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
    assert seen(preprocess, image).shape == (1, 16, 16)
    assert preprocess.pixels(image)[::2, ::2, 0].tolist() == np.asarray(image).tolist()


def test_a_very_long_image_is_no_memory_bomb():
    with pytest.raises(UnreadableImage, match="fifty times"):
        Preprocess(256, (224, 224)).pixels(Image.new("L", (1, 60_000)))


@pytest.mark.parametrize("config", [
    {}, {"size": "large"}, {"size": {"width": 3}},
    {"size": {"height": 1, "width": 10**9}},
])  # fmt: skip
def test_sizes_that_nobody_knows_are_refused(config):
    with pytest.raises(UnsupportedFormat):
        of_transformers(config)


@pytest.mark.parametrize(
    "preprocess",
    [
        Preprocess((16, 20), (16, 20), "bicubic", (0.5,), (0.25,)),
        Preprocess(256, (224, 224), "lanczos"),
        Preprocess((300, 400), (224, 200)),
    ],
)
def test_what_is_written_for_others_is_read_as_it_was(preprocess):
    written = json.loads(json.dumps(to_transformers(preprocess)))
    assert of_transformers(written) == preprocess


def test_transformers_sees_what_is_written_for_it():
    from transformers import CLIPImageProcessor, ViTImageProcessor

    for preprocess, processor in (
        (Preprocess((64, 64), (64, 64)), ViTImageProcessor),
        (Preprocess(96, (80, 80), "bicubic"), CLIPImageProcessor),
    ):
        theirs = processor(**to_transformers(preprocess))
        image = noise((300, 220))
        told = theirs(image, return_tensors="pt")["pixel_values"][0]
        assert torch.allclose(seen(preprocess, image), told, atol=0.02)
