"""A folder of images for errands: scikit-learn's digits, with a folder a class."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 64


def write_digits(folder: Path, chosen: Sequence[int], *, of_each: int) -> Path:
    """Write images of the chosen digits, none of which a demo backbone learned from."""
    from sklearn.datasets import load_digits

    from core.demo.zoo import halves

    bunch = load_digits()
    _, (images, digits) = halves(bunch.images, bunch.target, seed=0)
    for digit in chosen:
        (folder / str(digit)).mkdir(parents=True)
        for place, image in enumerate(images[digits == digit][:of_each]):
            picture = Image.fromarray((image * 255 / 16).astype(np.uint8))
            picture = picture.resize((SIDE, SIDE), Image.Resampling.NEAREST)
            picture.save(folder / str(digit) / f"{place:03d}.png")
    return folder
