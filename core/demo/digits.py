"""The handwritten digits that come with scikit-learn, and the questions asked of them.

The images are the 1,797 of the UCI set "Optical recognition of handwritten digits"
(Alpaydin and Kaynak 1998, CC BY 4.0), 8 x 8 pixels. Knows no models.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

Labeled = tuple[np.ndarray, np.ndarray]
Ask = Callable[[np.ndarray, np.ndarray, np.random.Generator], Labeled]

TEST_SHARE = 0.25
DIGITS = tuple(str(digit) for digit in range(10))


@dataclass(frozen=True)
class Task:
    """A question about a digit image, the names of its answers, and how to ask it.

    `ask` takes images (N, 8, 8) in 0-1, digits (N,) and a generator, and returns
    images (M, 8, 8) and labels (M,).
    """

    question: str
    labels: tuple[str, ...]
    ask: Ask


@dataclass(frozen=True)
class Split:
    """Images (N, 8, 8), float32 in 0-1, and labels (N,), int64; test images are never
    trained on, by the base or by a child.
    """

    train: Labeled
    test: Labeled


def load_split(task: Task, seed: int) -> Split:
    """Ask `task` of a stratified random split of the digits.

    The split depends on the seed alone, so that all models share it. It holds out
    images, not writers.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    images = (bunch.images / 16).astype(np.float32)
    digits = bunch.target.astype(np.int64)
    train, test = train_test_split(
        np.arange(len(digits)), test_size=TEST_SHARE, stratify=digits, random_state=seed
    )
    generator = np.random.default_rng(seed)
    return Split(
        train=task.ask(images[train], digits[train], generator),
        test=task.ask(images[test], digits[test], generator),
    )


def is_among(*chosen: int) -> Ask:
    """Label a digit 1 when it is one of `chosen`, else 0."""
    return lambda images, digits, _: (images, np.isin(digits, chosen).astype(np.int64))


def only_below(limit: int) -> Ask:
    """Keep the digits below `limit`, labeled by themselves."""
    return lambda images, digits, _: (images[digits < limit], digits[digits < limit])


def changed_by(change: Callable[[np.ndarray, np.random.Generator], np.ndarray]) -> Ask:
    """Keep the digits as labels and change the images."""
    return lambda images, digits, generator: (change(images, generator), digits)


def quarter_turns(
    images: np.ndarray, digits: np.ndarray, generator: np.random.Generator
) -> Labeled:
    """Turn each image by 0 to 3 quarters; the label is how many."""
    turns = generator.integers(4, size=len(digits))
    pairs = zip(images, turns, strict=True)
    return np.stack([np.rot90(image, turn) for image, turn in pairs]), turns


def mirrored(
    images: np.ndarray, digits: np.ndarray, generator: np.random.Generator
) -> Labeled:
    """Mirror every second image, drawn at random; the label is whether it was."""
    flips = generator.integers(2, size=len(digits))
    return np.where(flips[:, None, None] == 1, images[:, :, ::-1], images), flips


def noisy(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Add normal noise of standard deviation 0.2 and clip to 0-1."""
    noise = generator.normal(0, 0.2, images.shape).astype(np.float32)
    return np.clip(images + noise, 0, 1)


def inverted(images: np.ndarray, _: np.random.Generator) -> np.ndarray:
    """Swap ink and paper."""
    return 1 - images


TASKS: Mapping[str, Task] = {
    "digits": Task(
        "Which digit is it?", DIGITS, lambda images, digits, _: (images, digits)
    ),
    "parity": Task("Is the digit even?", ("odd", "even"), is_among(0, 2, 4, 6, 8)),
    "above-four": Task(
        "Is the digit greater than four?", ("no", "yes"), is_among(5, 6, 7, 8, 9)
    ),
    "loops": Task(
        "Does the digit have a closed loop?", ("no", "yes"), is_among(0, 6, 8, 9)
    ),
    "primes": Task("Is the digit prime?", ("no", "yes"), is_among(2, 3, 5, 7)),
    "threes": Task("Is it a multiple of three?", ("no", "yes"), is_among(0, 3, 6, 9)),
    "zero-to-four": Task("Which digit, 0 to 4, is it?", DIGITS[:5], only_below(5)),
    "quarter-turns": Task(
        "By how many quarters was the image turned?", DIGITS[:4], quarter_turns
    ),
    "mirrored": Task("Was the image mirrored?", ("no", "yes"), mirrored),
    "noisy": Task("Which digit is it, under noise?", DIGITS, changed_by(noisy)),
    "inverted": Task(
        "Which digit is it, white on black swapped?", DIGITS, changed_by(inverted)
    ),
}
"""Every question of the demo, by name."""
