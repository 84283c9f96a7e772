"""Images as a network in training sees them: decoded once where they fit in memory,
mirrored and cropped by draws that depend on the seed, the epoch and the image alone.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import exp, log, sqrt
from typing import TYPE_CHECKING

import numpy as np

from core.errors import UsageError
from core.snapshots.recipe import Augment
from core.transfer.images import ImageSet, UnreadableImage
from core.transfer.preprocess import Preprocess

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

MAX_KEPT_BYTES = 4 * 2**30
DECODING_THREADS = 8
AREA, RATIO, TRIES = (0.08, 1.0), (3 / 4, 4 / 3), 10
"""Of random crops, as in Szegedy and others 2015 (arXiv:1409.4842)."""


class Pixels:
    """Batches of one set of images, on a device.

    Made for training with an `augment` or for evaluation without.
    """

    def __init__(
        self, images: ImageSet, preprocess: Preprocess, device: "torch.device | str",
        *, augment: Augment = "none", seed: int = 0,
    ) -> None:  # fmt: skip
        self.images, self.preprocess, self.device = images, preprocess, device
        self.augment, self.seed = augment, seed
        high, wide = preprocess.crop
        size = len(images) * high * wide * len(preprocess.mean)
        self.is_kept = augment != "crop-flip" and size <= MAX_KEPT_BYTES
        self._kept: np.ndarray | None = None

    def batch(self, rows: Sequence[int], epoch: int = 0) -> "torch.Tensor":
        """Return the images of `rows` as the network sees them, (B, C, H, W).

        Raises UsageError, naming the image, for one that cannot be read.
        """
        if self.augment == "none":
            return self._normalized(self._plain(rows))
        flips = self.flips(epoch)[rows]
        if self.augment == "flip":
            pixels = self._plain(rows)
        else:
            pixels = self._decoded(
                rows, lambda row, image: self._crop(row, epoch, image)
            )
        pixels = np.where(flips[:, None, None, None], pixels[:, :, ::-1], pixels)
        return self._normalized(pixels)

    def flips(self, epoch: int) -> np.ndarray:
        """Return which images are mirrored in this epoch, (N,) bool."""
        if self.augment == "none":
            return np.zeros(len(self.images), bool)
        return np.random.default_rng([self.seed, epoch]).random(len(self.images)) < 0.5

    def variant(self, rows: Sequence[int], *, mirrored: bool) -> "torch.Tensor":
        """Return the images of `rows`, all of them mirrored or none."""
        pixels = self._plain(rows)
        return self._normalized(pixels[:, :, ::-1] if mirrored else pixels)

    def _plain(self, rows: Sequence[int]) -> np.ndarray:
        if not self.is_kept:
            return self._decoded(rows, lambda _, image: self.preprocess.pixels(image))
        if self._kept is None:
            everything = range(len(self.images))
            self._kept = self._decoded(
                everything, lambda _, image: self.preprocess.pixels(image)
            )
        return self._kept[np.asarray(rows)]

    def _decoded(self, rows: Sequence[int], prepare) -> np.ndarray:
        def one(row: int) -> np.ndarray:
            try:
                return prepare(row, self.images.read(row))
            except UnreadableImage as error:
                name = self.images.names[row]
                raise UsageError(
                    name, str(error), "replace it or leave it out"
                ) from error

        with ThreadPoolExecutor(DECODING_THREADS, "decode") as pool:
            return np.stack(list(pool.map(one, rows)))

    def _normalized(self, pixels: np.ndarray) -> "torch.Tensor":
        import torch

        there = torch.from_numpy(np.ascontiguousarray(pixels)).to(self.device)
        return self.preprocess.normalize(there)

    def _crop(self, row: int, epoch: int, image: "Image") -> np.ndarray:
        from PIL.Image import Resampling

        draw = np.random.default_rng([self.seed, epoch, row])
        image = image.convert("RGB" if len(self.preprocess.mean) == 3 else "L")
        high, wide = self.preprocess.crop
        filtered = Resampling[self.preprocess.interpolation.upper()]
        resized = image.resize((wide, high), filtered, box=crop_box(*image.size, draw))
        return np.array(resized).reshape(high, wide, -1)


def crop_box(
    width: int, height: int, draw: np.random.Generator
) -> tuple[int, int, int, int]:
    """Draw a part of an image, as (left, top, right, bottom): 8 to 100 % of its area,
    up to a third longer than wide or wider than long; else its middle square.
    """
    for _ in range(TRIES):
        area = width * height * draw.uniform(*AREA)
        ratio = exp(draw.uniform(log(RATIO[0]), log(RATIO[1])))
        wide, high = round(sqrt(area * ratio)), round(sqrt(area / ratio))
        if 0 < wide <= width and 0 < high <= height:
            left = int(draw.integers(width - wide + 1))
            top = int(draw.integers(height - high + 1))
            return left, top, left + wide, top + high
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return left, top, left + side, top + side
