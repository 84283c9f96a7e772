"""One image, some labels, one model: what it finds, and what that took."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.device import Device
from core.errors import UnsupportedFormat, UsageError
from core.progress import Progress
from core.settings import Settings
from core.transfer.images import UnreadableImage, open_image
from core.zero_shot.classify import label_scores, text_features
from core.zero_shot.detect import detections
from core.zero_shot.fit import needed_together
from core.zero_shot.measured import Measured, measured
from core.zero_shot.networks import reason
from core.zero_shot.recognizer import (
    Recognizer,
    Scores,
    Task,
    expected_fit,
    open_recognizer,
)
from core.zero_shot.segment import masks_of_boxes, segments
from core.zero_shot.texts import TEMPLATE, checked_labels, filled_in

if TYPE_CHECKING:
    from PIL.Image import Image

THRESHOLDS: dict[Task, float] = {"detection": 0.1, "segmentation": 0.5}
"""What the libraries' own examples take, where a person names none."""


@dataclass(frozen=True)
class Question:
    """What is asked: labels, the templates they are put into, the least score.

    `masks` names a model that turns boxes into masks. A threshold of None is the
    task's own. Detectors and segmenters take the first template.
    """

    labels: Sequence[str]
    templates: Sequence[str] = (TEMPLATE,)
    threshold: float | None = None
    masks: str = ""

    def __post_init__(self) -> None:
        checked_labels(self.labels)
        for template in self.templates or ("",):
            filled_in("", template)
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise UsageError("Threshold", f"is {self.threshold}", "use 0 to 1")


@dataclass(frozen=True)
class Found:
    """What a model found in an image; every row has a label and a score.

    Boxes are in pixels; `places` (H, W) has the number of the row that a pixel belongs
    to, 0 for none, or is None. `scores` says what a score is: scores of two models are
    never on one scale.
    """

    model: str
    task: Task
    scores: Scores
    rows: pd.DataFrame
    places: np.ndarray | None
    threshold: float | None
    expected_bytes: int | None
    loading: Measured = field(default_factory=Measured)
    looking: Measured = field(default_factory=Measured)


def read_image(path: Path) -> "Image":
    """Open an image for a try-out. Raises UsageError, saying what is wrong with it."""
    try:
        return open_image(path).convert("RGB")
    except UnreadableImage as error:
        raise UsageError(path.name, str(error), "choose another image") from error
    except OSError as error:
        raise UsageError(path.name, "cannot be read", "check the path") from error


def try_model(
    name: str,
    image: "Image",
    question: Question,
    settings: Settings,
    device: Device,
    progress: Progress,
) -> Found:
    """Load a model and let it look at one image once, for all labels together.

    With `question.masks` a detector's boxes go on to that model. Raises UsageError for
    a model that cannot be tried, or that does not fit the device, before it is loaded.
    """
    labels = checked_labels(question.labels)
    chain = [name, *([question.masks] if question.masks else [])]
    fits = [expected_fit(one, settings, device, len(labels))[1] for one in chain]
    expected = needed_together(fits, device)
    with measured(device.kind) as loading:
        model = open_recognizer(name, settings, device, progress)
        _check_chain(model, question)
        painter = (
            open_recognizer(question.masks, settings, device, progress)
            if question.masks
            else None
        )
    progress(0.5, f"{name} looks at the image")
    with measured(device.kind) as looking, _one_sentence(chain):
        rows, places = look(model, image, labels, question)
        if painter is not None:
            rows, places = masks_of_boxes(painter, image, rows)
    return Found(
        " → ".join(chain), "masks" if painter else model.kind.task, model.kind.scores,
        rows, places, _threshold(model, question),
        expected, loading, looking,
    )  # fmt: skip


def look(
    model: Recognizer, image: "Image", labels: Sequence[str], question: Question
) -> tuple[pd.DataFrame, np.ndarray | None]:
    """Return what a loaded model finds, the surest first, and where, if it says so."""
    if model.kind.task == "classification":
        texts = text_features(model, labels, question.templates)
        scores = label_scores(model, image, texts).numpy()
        rows = pd.DataFrame({"label": list(labels), "score": scores})
        return rows.sort_values("score", ascending=False, ignore_index=True), None
    options = {
        "template": question.templates[0], "threshold": _threshold(model, question)
    }  # fmt: skip
    if model.kind.task == "detection":
        return detections(model, image, labels, **options), None
    return segments(model, image, labels, **options)


@contextmanager
def _one_sentence(chain: Sequence[str]) -> Iterator[None]:
    """Say in one sentence what a network complains about, memory that ran out too."""
    try:
        yield
    except (RuntimeError, ValueError, TypeError, IndexError, MemoryError) as error:
        happened = f"cannot look at this image ({reason(error)})"
        raise UnsupportedFormat(" → ".join(chain), happened) from error


def _threshold(model: Recognizer, question: Question) -> float | None:
    if question.threshold is not None and model.kind.task in THRESHOLDS:
        return question.threshold
    return THRESHOLDS.get(model.kind.task)


def _check_chain(model: Recognizer, question: Question) -> None:
    if model.kind.task == "masks":
        happened = "turns boxes into masks and reads no labels"
        raise UsageError(model.name, happened, "name it after a detector, by --masks")
    if question.masks and model.kind.task != "detection":
        happened = "finds no boxes that could become masks"
        raise UsageError(model.name, happened, "choose a detector, or leave --masks")
