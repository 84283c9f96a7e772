"""Inputs of the right shapes for a network, as its forward pass names them. Zeros: only
shapes count.
"""

import inspect
from typing import TYPE_CHECKING, Any

from core.errors import UnsupportedFormat

if TYPE_CHECKING:
    import torch

TEXT_LENGTH = 77
"""Tokens of a text where a text encoder takes far more: as many as CLIP reads."""
DEFAULT_SIZE = 224


def image_size(network: "torch.nn.Module") -> tuple[int, int] | None:
    """Return (height, width) of the images that a network was made for, if it says."""
    config = getattr(network, "config", None)
    cfg = getattr(network, "pretrained_cfg", None)
    if cfg:
        return tuple(cfg["input_size"][-2:])
    vision = getattr(config, "vision_config", None) or config
    size = getattr(vision, "image_size", None)
    if isinstance(size, int):
        return size, size
    is_pair = isinstance(size, list | tuple) and len(size) == 2
    return (int(size[0]), int(size[1])) if is_pair else None


def sample_inputs(
    network: "torch.nn.Module", name: str, batch: int, size: tuple[int, int], texts: int
) -> dict[str, Any]:
    """Return what the network's forward pass takes, on the default device.

    `texts` are for all images together, or for each where a network pairs them. Raises
    UnsupportedFormat for one that takes no images.
    """
    import torch

    names = inspect.signature(network.forward).parameters
    dtype = next(network.parameters()).dtype
    channels = _channels(network)
    pixels = torch.zeros(batch, channels, *size, dtype=dtype)
    if "pixel_values" not in names:
        if getattr(network, "config", None) is not None:
            raise UnsupportedFormat(name, "takes no images")
        return {next(iter(names)): pixels}
    inputs = {"pixel_values": pixels}
    is_other = size != image_size(network)
    if is_other and "interpolate_pos_encoding" in names:
        inputs["interpolate_pos_encoding"] = True
    if "input_boxes" in names:
        inputs["input_boxes"] = torch.zeros(batch, 1, 4, dtype=dtype)
    if "spatial_shapes" in names:
        inputs |= _patches(network, batch)
    if "input_ids" in names:
        inputs["input_ids"] = torch.zeros(
            _texts_shape(network, batch, texts), dtype=torch.long
        )
        if network.config.model_type == "clipseg":
            inputs["pixel_values"] = pixels.repeat(texts, 1, 1, 1)
    return inputs


def _texts_shape(network: "torch.nn.Module", batch: int, texts: int) -> tuple[int, int]:
    """Return how many texts of how many tokens the network reads for a batch."""
    together = getattr(network.config, "max_text_len", None)
    if together:  # all labels in one text an image, about four tokens each
        return batch, min(2 + 4 * texts, together)
    shared = hasattr(network, "logit_scale") and hasattr(network, "get_text_features")
    text = getattr(network.config, "text_config", None)
    length = min(getattr(text, "max_position_embeddings", TEXT_LENGTH), TEXT_LENGTH)
    return (texts if shared else batch * texts), length


def _patches(network: "torch.nn.Module", batch: int) -> dict[str, Any]:
    """Return images cut in patches, as SigLIP 2 takes those of any shape."""
    import torch

    vision = network.config.vision_config
    count, dtype = vision.num_patches, next(network.parameters()).dtype
    values = vision.num_channels * vision.patch_size**2
    return {
        "pixel_values": torch.zeros(batch, count, values, dtype=dtype),
        "pixel_attention_mask": torch.ones(batch, count, dtype=torch.long),
        "spatial_shapes": torch.ones(batch, 2, dtype=torch.long),
    }


def _channels(network: "torch.nn.Module") -> int:
    config = getattr(network, "config", None)
    vision = getattr(config, "vision_config", None) or config
    return getattr(vision, "num_channels", 3) if vision is not None else 3
