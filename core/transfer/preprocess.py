"""What a model's own metadata says is done to an image before the model sees it: one
form for torchvision, timm and transformers. Knows no networks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from math import floor, isfinite
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from core.errors import UnsupportedFormat
from core.transfer.images import UnreadableImage

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"]

PIL_FILTERS: tuple[Interpolation, ...] = (
    "nearest", "lanczos", "bilinear", "bicubic", "box", "hamming",
)  # fmt: skip
"""The filters by PIL's own numbers, which transformers stores as `resample`."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
MAX_SIDE = 2048


@dataclass(frozen=True)
class Preprocess:
    """Resize, crop the center, scale to 0-1, subtract `mean`, divide by `std`.

    `resize` is the length of the shorter side, or (height, width) for exactly that;
    `crop` is (height, width), of the channels that `mean` has. Its `repr` is part of
    the key under which features are kept.
    """

    resize: int | tuple[int, int]
    crop: tuple[int, int]
    interpolation: Interpolation = "bilinear"
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD

    def __post_init__(self) -> None:
        sides = self.resize if isinstance(self.resize, tuple) else (self.resize,)
        if not all(0 < side <= MAX_SIDE for side in (*sides, *self.crop)):
            happened = f"asks for images of {self.resize} and {self.crop} pixels"
            raise UnsupportedFormat("Preprocessing", happened[:200])
        is_scale = all(isfinite(value) for value in (*self.mean, *self.std))
        if not is_scale or self.interpolation not in PIL_FILTERS:
            happened = f"scales by {self.mean}, {self.std}, {self.interpolation}"
            raise UnsupportedFormat("Preprocessing", ascii(happened[:200]))

    def pixels(self, image: "Image") -> np.ndarray:
        """Return the resized, cropped image as uint8 (H, W, C).

        Raises UnreadableImage for one that is fifty times longer than it is wide.
        """
        from PIL.Image import Resampling

        if max(image.size) > 50 * min(image.size):
            raise UnreadableImage("is over fifty times longer than it is wide")
        image = image.convert("RGB" if len(self.mean) == 3 else "L")
        width, height = self._size(*image.size)
        if (width, height) != image.size:
            image = image.resize(
                (width, height), Resampling[self.interpolation.upper()]
            )
        high, wide = self.crop
        left, top = round((width - wide) / 2), round((height - high) / 2)
        if (high, wide) != (height, width):
            image = image.crop((left, top, left + wide, top + high))
        return np.array(image).reshape(high, wide, -1)

    def normalize(self, pixels: "torch.Tensor") -> "torch.Tensor":
        """Turn uint8 pixels (B, H, W, C) into what the model sees, (B, C, H, W).

        The result keeps its channels last in memory, which convolutions like.
        """
        import torch

        mean, std = torch.tensor([self.mean, self.std], device=pixels.device)
        return pixels.float().div(255).sub(mean).div(std).permute(0, 3, 1, 2)

    def _size(self, width: int, height: int) -> tuple[int, int]:
        if isinstance(self.resize, tuple):
            return self.resize[1], self.resize[0]
        short, long = min(width, height), max(width, height)
        along = max(int(self.resize * long / short), 1)
        return (self.resize, along) if width <= height else (along, self.resize)


def named_errors(read: Callable[..., Preprocess]) -> Callable[..., Preprocess]:
    """Make `read` raise UnsupportedFormat for fields of other types, whoever wrote
    them.
    """

    @wraps(read)
    def named(config: Mapping[str, Any]) -> Preprocess:
        try:
            return read(config)
        except (
            TypeError,
            ValueError,
            LookupError,
            ArithmeticError,
            AttributeError,
        ) as e:
            happened = f"cannot be read ({type(e).__name__}: {str(e)[:80]})"
            raise UnsupportedFormat("Preprocessing", happened) from e

    return named


def of_torchvision(preset: Any) -> Preprocess:
    """Read the preset that torchvision's `weights.transforms()` returns."""
    crop, resize = preset.crop_size[0], preset.resize_size[0]
    return Preprocess(
        resize, (crop, crop), preset.interpolation.value,
        tuple(preset.mean), tuple(preset.std),
    )  # fmt: skip


@named_errors
def of_timm(config: Mapping[str, Any]) -> Preprocess:
    """Read timm's `pretrained_cfg`, for evaluation at the size of its training.

    Raises UnsupportedFormat for a crop mode other than center and squash.
    """
    channels, high, wide = config["input_size"]
    share, mode = config.get("crop_pct") or 0.875, config.get("crop_mode", "center")
    if mode not in ("center", "squash") or (mode == "center" and high != wide):
        raise UnsupportedFormat("Preprocessing", f"crops by {mode!a}")
    larger = (floor(high / share), floor(wide / share))
    return Preprocess(
        larger[0] if mode == "center" else larger, (high, wide),
        config.get("interpolation", "bilinear"),
        _channels(config.get("mean", IMAGENET_MEAN), channels),
        _channels(config.get("std", IMAGENET_STD), channels),
    )  # fmt: skip


@named_errors
def of_transformers(config: Mapping[str, Any]) -> Preprocess:
    """Read a `preprocessor_config.json`.

    Raises UnsupportedFormat for a size that is neither (height, width), the shorter
    side, nor a share of a crop.
    """
    resize, crop = _resize(config), _crop(config)
    if resize is None:
        raise UnsupportedFormat(
            "Preprocessing", f"has a size that is not known: {str(config)[:200]!a}"
        )
    if crop is None:
        crop = resize if isinstance(resize, tuple) else (resize, resize)
    filters = PIL_FILTERS[int(config.get("resample", 2)) % len(PIL_FILTERS)]
    half, is_plain = (0.5,) * 3, not config.get("do_normalize", True)
    mean = (0.0,) * 3 if is_plain else tuple(config.get("image_mean", half))
    std = (1.0,) * 3 if is_plain else tuple(config.get("image_std", half))
    return Preprocess(resize, crop, filters, mean, std)


def to_transformers(preprocess: Preprocess) -> dict[str, Any]:
    """Return the `preprocessor_config.json` that `of_transformers` reads as this.

    >>> seen = Preprocess(256, (224, 224))
    >>> of_transformers(to_transformers(seen)) == seen
    True
    """
    resize, (high, wide) = preprocess.resize, preprocess.crop
    size = {"shortest_edge": resize}
    if isinstance(resize, tuple):
        size = {"height": resize[0], "width": resize[1]}
    return {
        "do_resize": True, "size": size,
        "resample": PIL_FILTERS.index(preprocess.interpolation),
        "do_center_crop": resize != preprocess.crop,
        "crop_size": {"height": high, "width": wide},
        "do_rescale": True, "rescale_factor": 1 / 255,
        "do_normalize": True, "image_mean": list(preprocess.mean),
        "image_std": list(preprocess.std),
    }  # fmt: skip


def _resize(config: Mapping[str, Any]) -> int | tuple[int, int] | None:
    size = config.get("size")
    if not config.get("do_resize", True):
        return _crop(config) or _sides(size)
    share = config.get("crop_pct")
    if isinstance(size, dict) and "shortest_edge" in size:
        edge = int(size["shortest_edge"])
        if share and edge < 384:
            return int(edge / share)
        return (edge, edge) if share else edge
    if isinstance(size, int) and config.get("do_center_crop"):
        return size
    return _sides(size)


def _crop(config: Mapping[str, Any]) -> tuple[int, int] | None:
    if config.get("crop_pct"):
        return _sides((config.get("size") or {}).get("shortest_edge"))
    return _sides(config.get("crop_size")) if config.get("do_center_crop") else None


def _sides(size: object) -> tuple[int, int] | None:
    if isinstance(size, dict) and {"height", "width"} <= size.keys():
        return int(size["height"]), int(size["width"])
    return (size, size) if isinstance(size, int) else None


def _channels(values: Any, count: int) -> tuple[float, ...]:
    return tuple(values)[:count]
