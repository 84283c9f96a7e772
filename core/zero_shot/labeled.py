"""A folder of labeled images through a zero-shot classifier: how often it is right."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from core.derived.shares import wilson
from core.device import Device
from core.errors import UsageError
from core.progress import Progress
from core.settings import Settings
from core.transfer.images import ImageSet, UnreadableImage
from core.zero_shot.classify import label_scores, text_features
from core.zero_shot.measured import Measured, measured
from core.zero_shot.recognizer import Scores, expected_fit, open_recognizer
from core.zero_shot.texts import TEMPLATE, checked_labels

MOST_IMAGES = 10_000


@dataclass(frozen=True)
class Confusion:
    """How often the label with the highest score is the right one.

    `counts` has the true classes down and the labels across. `low` and `high` are the
    95 % interval of `accuracy` (Wilson); `majority` is the accuracy of always naming
    the most frequent class. `unreadable` says which images were passed over, and why.
    """

    model: str
    scores: Scores
    counts: pd.DataFrame
    unreadable: tuple[str, ...]
    working: Measured = field(default_factory=Measured)

    @property
    def images(self) -> int:
        """How many images were looked at."""
        return int(self.counts.to_numpy().sum())

    @property
    def right(self) -> int:
        """How many were given their own class."""
        return int(np.trace(self.counts.to_numpy()))

    @property
    def accuracy(self) -> float:
        """The share that was given its own class, NaN without images."""
        return self.right / self.images if self.images else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy."""
        return wilson(self.right, self.images)

    @property
    def majority(self) -> float:
        """The accuracy of the most frequent class."""
        most = self.counts.to_numpy().sum(1).max(initial=0)
        return most / self.images if self.images else float("nan")


def try_folder(
    name: str,
    images: ImageSet,
    settings: Settings,
    device: Device,
    progress: Progress,
    *,
    templates: Sequence[str] = (TEMPLATE,),
) -> Confusion:
    """Let a classifier name the class of every image; the classes' names are labels.

    An underscore in a folder's name is read as a space. Raises UsageError for a model
    that classifies nothing or does not fit, and for a folder without classes.
    """
    named = [entry.replace("_", " ") for entry in images.classes]
    labels = checked_labels(named)
    if len(labels) != len(named):
        raise UsageError(images.name, "has two classes of one name", "rename one")
    if len(images) > MOST_IMAGES:
        happened = f"holds {len(images):,} images"
        raise UsageError(images.name, happened, f"give {MOST_IMAGES:,} at most")
    expected_fit(name, settings, device, len(labels))
    model = open_recognizer(name, settings, device, progress)
    if model.kind.task != "classification":
        remedy = "choose a classifier"
        raise UsageError(name, f"does {model.kind.task}, no classification", remedy)
    counts, unreadable = np.zeros((len(labels), len(labels)), np.int64), []
    with measured(device.kind) as working:
        texts = text_features(model, labels, templates)
        for place, true in enumerate(images.labels):
            progress(place / len(images), f"{name}: {place:,} of {len(images):,}")
            try:
                image = images.read(place).convert("RGB")
            except UnreadableImage as error:
                unreadable.append(f"{images.names[place]} {error}")
                continue
            if true >= 0:
                counts[true, int(label_scores(model, image, texts).argmax())] += 1
    table = pd.DataFrame(counts, index=list(images.classes), columns=labels)
    return Confusion(name, model.kind.scores, table, tuple(unreadable), working)
