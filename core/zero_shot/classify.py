"""Which of some labels an image shows: one pass for the image, one for the labels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.zero_shot.recognizer import Recognizer
from core.zero_shot.texts import filled_in

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

TEXTS_AT_ONCE = 64


def text_features(
    model: Recognizer, labels: Sequence[str], templates: Sequence[str]
) -> "torch.Tensor":
    """Return unit vectors (L, D): each label in every template, averaged.

    Source of the average: arXiv 2103.00020, section 3.1.4.
    """
    import torch

    wanted = [filled_in(label, one) for label in labels for one in templates]
    found = []
    for start in range(0, len(wanted), TEXTS_AT_ONCE):
        tokens = model.tokens(wanted[start : start + TEXTS_AT_ONCE])
        if model.kind.scores == "sigmoid":
            del tokens["attention_mask"]  # SigLIP was trained to read its padding
        with torch.inference_mode():
            found.append(model.network.get_text_features(**tokens).pooler_output)
    every = torch.nn.functional.normalize(torch.cat(found), dim=-1)
    mean = every.reshape(len(labels), len(templates), -1).mean(1)
    return torch.nn.functional.normalize(mean, dim=-1)


def label_scores(
    model: Recognizer, image: "Image", texts: "torch.Tensor"
) -> "torch.Tensor":
    """Return the score of each label (L,), from one pass of the image.

    Softmax scores sum to 1 over the labels; sigmoid scores stand each for itself.
    """
    import torch

    with torch.inference_mode():
        seen = model.network.get_image_features(**model.prepared(image)).pooler_output
        seen = torch.nn.functional.normalize(seen, dim=-1)
        logits = (seen @ texts.T)[0] * model.network.logit_scale.exp()
        if model.kind.scores == "softmax":
            return logits.softmax(0).cpu()
        return (logits + model.network.logit_bias).sigmoid().cpu()
