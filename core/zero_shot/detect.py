"""Where in an image the things are that labels name: boxes from one pass, in pixels,
inside the image, each with its best label. Overlapping boxes of a label are merged.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from core.errors import UsageError
from core.zero_shot.recognizer import Recognizer
from core.zero_shot.texts import filled_in

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

COLUMNS = ["label", "score", "x0", "y0", "x1", "y1"]
MOST_BOXES = 100
SAME_BOX = 0.5


def detections(
    model: Recognizer,
    image: "Image",
    labels: Sequence[str],
    *,
    template: str,
    threshold: float,
) -> pd.DataFrame:
    """Return boxes with a sigmoid score above `threshold`, the surest first.

    Columns: label, score, and x0, y0, x1, y1 in pixels. Of two boxes of one label that
    share more than half of their union the surer is kept, 100 at most; what lies in
    the padding beside the image is left out.
    """
    import torch
    from torchvision.ops import batched_nms, box_convert

    finds = _grounded if "grounding" in model.network.config.model_type else _owl
    with torch.inference_mode():
        scores, boxes = finds(model, image, labels, template)  # (Q, L), (Q, 4)
        best, which = scores.max(1)
        corners = box_convert(boxes, "cxcywh", "xyxy") * _scale(model, image, boxes)
        limits = torch.tensor([*image.size, *image.size], device=boxes.device)
        corners = corners.clamp(min=0).minimum(limits)
        kept = batched_nms(corners, best, which, SAME_BOX)[:MOST_BOXES]
        is_seen = (corners[:, 2:] > corners[:, :2]).all(1) & (best > threshold)
        kept = kept[is_seen[kept]].cpu()
    rows = zip(which.cpu()[kept], best.cpu()[kept], corners.cpu()[kept], strict=True)
    return pd.DataFrame(
        [(labels[at], float(score), *box.tolist()) for at, score, box in rows],
        columns=COLUMNS,
    )


def _scale(model: Recognizer, image: "Image", boxes: "torch.Tensor") -> "torch.Tensor":
    """Return what turns shares of the input into pixels of the image.

    OWLv2 pads an image to a square, so that its longer side is 1 both ways.
    """
    import torch

    wide, high = image.size
    if model.network.config.model_type == "owlv2":
        wide = high = max(image.size)
    return torch.tensor([wide, high, wide, high], device=boxes.device)


def _owl(
    model: Recognizer, image: "Image", labels: Sequence[str], template: str
) -> tuple["torch.Tensor", "torch.Tensor"]:
    tokens = model.tokens([filled_in(label, template) for label in labels])
    found = model.network(**model.prepared(image), **tokens)
    return found.logits[0].sigmoid(), found.pred_boxes[0]


def _grounded(
    model: Recognizer, image: "Image", labels: Sequence[str], template: str
) -> tuple["torch.Tensor", "torch.Tensor"]:
    """Score labels as the best of their own tokens in one text "cat. dog."; the
    template does not count.
    """
    import torch

    text, spans = _joined(labels)
    encoding = model.texts.encoding(text)
    most = model.network.config.max_text_len
    if len(encoding.ids) > most:
        happened = f"are {len(encoding.ids):,} tokens in one text"
        raise UsageError(f"The labels of {model.name}", happened, f"use {most} at most")
    ids = torch.tensor([encoding.ids], device=model.device)
    found = model.network(
        **model.prepared(image), input_ids=ids, attention_mask=torch.ones_like(ids),
        token_type_ids=torch.zeros_like(ids),
    )  # fmt: skip
    chances = found.logits[0].sigmoid()  # (Q, T)
    columns = [chances[:, _tokens(encoding.offsets, *span)] for span in spans]
    return torch.stack([part.amax(1) for part in columns], 1), found.pred_boxes[0]


def _joined(labels: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """Join labels as Grounding DINO reads them; return where each one lies.

    >>> _joined(["cat", "dog."])
    ('cat. dog.', [(0, 3), (5, 8)])
    """
    text, spans = "", []
    for label in labels:
        plain = label.replace(".", " ").strip() or "object"
        start = len(text) + bool(text)
        spans.append((start, start + len(plain)))
        text = f"{text} {plain}." if text else f"{plain}."
    return text, spans


def _tokens(offsets: Sequence[tuple[int, int]], start: int, stop: int) -> list[int]:
    """Return the tokens that lie between two letters; the first one where none does.

    >>> _tokens([(0, 0), (0, 3), (3, 4), (5, 8)], 5, 8)
    [3]
    """
    found = [i for i, (a, b) in enumerate(offsets) if a < b and start <= a < stop]
    return found or [0]
