"""Two datasets that need no files: the handwritten digits of scikit-learn, and colored
gratings drawn from a seed.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from core.snapshots.datasets.dataset import Source

if TYPE_CHECKING:
    from PIL.Image import Image

SYNTHETIC_CLASSES = 8
SYNTHETIC_SIDE = 32


def digits() -> Source:
    """Return the 1,797 digits that come with scikit-learn, 8 x 8 pixels, gray.

    "Optical recognition of handwritten digits", Alpaydin and Kaynak 1998, CC BY 4.0.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    names = [str(digit) for digit in range(10)]
    return array_source("digits", images, bunch.target, names, "scikit-learn's digits")


def synthetic(count: int = 1200, *, seed: int = 0) -> Source:
    """Draw colored gratings (32 x 32 pixels); the class is their slant.

    Phase, width, color and noise vary from image to image.
    """
    draw = np.random.default_rng(seed)
    labels = np.arange(count) % SYNTHETIC_CLASSES
    slants = labels * np.pi / SYNTHETIC_CLASSES + draw.normal(0, 0.05, count)
    across, down = np.meshgrid(*[np.linspace(-1, 1, SYNTHETIC_SIDE)] * 2)
    along = (
        np.cos(slants)[:, None, None] * across + np.sin(slants)[:, None, None] * down
    )
    width, phase = draw.uniform(2, 4, (count, 1, 1)), draw.uniform(0, 1, (count, 1, 1))
    waves = np.sin(2 * np.pi * (width * along + phase))[..., None]  # (N, H, W, 1)
    colors = draw.uniform(-1, 1, (count, 1, 1, 3))
    values = 0.5 + 0.25 * waves * (1 + colors) / 2 + 0.2 * colors
    values = values + draw.normal(0, 0.05, values.shape)
    images = np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)
    names = [f"slant {180 * k / SYNTHETIC_CLASSES:g}" for k in range(SYNTHETIC_CLASSES)]
    return array_source("synthetic", images, labels, names, f"gratings, seed {seed}")


def array_source(
    name: str,
    images: np.ndarray,
    labels: np.ndarray,
    classes: Sequence[str],
    origin: str,
) -> Source:
    """Take uint8 images (N, H, W[, 3]) and labels (N,) as a source of one part."""

    def read(item: str) -> "Image":
        from PIL.Image import fromarray

        return fromarray(images[int(item)])

    def digest(item: str) -> str:
        return sha256(images[int(item)].tobytes()).hexdigest()

    items = [(f"{row:06}", int(label)) for row, label in enumerate(labels)]
    return Source(name, tuple(classes), {"train": items}, read, digest, origin)
