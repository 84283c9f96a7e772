"""Which pixels of an image belong to what: from labels, or from boxes. Masks come as
one array of places (H, W): 0 is nothing, n the n-th row.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.zero_shot.recognizer import Recognizer
from core.zero_shot.texts import filled_in

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

BOXES_AT_ONCE = 16
MOST_MASKS = 255
CORNERS = ["x0", "y0", "x1", "y1"]


def segments(
    model: Recognizer,
    image: "Image",
    labels: Sequence[str],
    *,
    template: str,
    threshold: float,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Give each pixel the label with the highest score above `threshold`, if any.

    Columns: label, score (its highest anywhere), share (of the image's pixels). The
    image is passed through once; the small decoder runs once a label.
    """
    import torch

    config = model.network.config
    tokens = model.tokens([filled_in(label, template) for label in labels])
    with torch.inference_mode():
        seen = model.network.clip.get_image_features(
            **model.prepared(image), interpolate_pos_encoding=True,
            output_hidden_states=True,
        ).hidden_states  # fmt: skip
        wanted = model.network.clip.get_text_features(**tokens).pooler_output
        layers = [seen[i + 1] for i in config.extract_layers]
        best, places, highest = threshold, 0, []
        for row, one in enumerate(wanted.split(1), start=1):
            logits = model.network.decoder(layers, one).logits
            score = _resized(logits.squeeze(), image).sigmoid()  # (H, W)
            places = torch.where(score > best, row, places)
            best = score.maximum(torch.as_tensor(best))
            highest.append(float(score.max()))
    found = places.cpu().numpy().astype(np.uint16)
    counts = np.bincount(found.ravel(), minlength=len(labels) + 1)[1:]
    rows = {"label": list(labels), "score": highest, "share": counts / found.size}
    return pd.DataFrame(rows), found


def masks_of_boxes(
    model: Recognizer, image: "Image", boxes: pd.DataFrame
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the boxes with `overlap` and `share`, and the masks inside them.

    `overlap` is the intersection over union that the model itself predicts. Where
    masks meet, the earlier row has the pixel; the first 255 rows have masks.
    """
    import torch

    inputs = model.prepared(image)
    high, wide = inputs["reshaped_input_sizes"][0].tolist()
    factor = torch.tensor([wide / image.width, high / image.height] * 2)
    corners = torch.tensor(boxes[CORNERS].to_numpy("f4")[:MOST_MASKS]) * factor
    places = np.zeros((image.height, image.width), np.uint16)
    overlaps = []
    with torch.inference_mode():
        seen = model.network.get_image_embeddings(inputs["pixel_values"])
        for start in range(0, len(corners), BOXES_AT_ONCE):
            part = corners[start : start + BOXES_AT_ONCE].to(model.device)
            found = model.network(
                image_embeddings=seen, input_boxes=part[None], multimask_output=False
            )
            masks = _unpadded(model, found.pred_masks[0], inputs)
            overlaps += found.iou_scores[0, :, 0].cpu().tolist()
            for at, mask in enumerate(masks, start=start + 1):
                places[(places == 0) & mask] = at
    counts = np.bincount(places.ravel(), minlength=len(boxes) + 1)[1:]
    known = overlaps + [np.nan] * (len(boxes) - len(overlaps))
    return boxes.assign(overlap=known, share=counts / places.size), places


def _unpadded(
    model: Recognizer, masks: "torch.Tensor", inputs: dict[str, "torch.Tensor"]
) -> np.ndarray:
    sizes = inputs["original_sizes"].tolist(), inputs["reshaped_input_sizes"].tolist()
    found = model.images.post_process_masks([masks.cpu()], *sizes)
    return found[0][:, 0].numpy()


def _resized(logits: "torch.Tensor", image: "Image") -> "torch.Tensor":
    """Stretch a map (h, w) to the image, 1,024 pixels at most."""
    from torch.nn.functional import interpolate

    shrink = min(1.0, 1024 / max(image.size))
    size = [max(1, round(side * shrink)) for side in (image.height, image.width)]
    return interpolate(logits[None, None], size, mode="bilinear")[0, 0]
