"""A zero-shot model in memory: network, images' preparation, tokenizer. Built from the
library's own classes; its weights are safetensors alone.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.device import Device
from core.errors import CorruptCheckpoint, UnsupportedFormat, UsageError
from core.progress import Progress
from core.settings import Settings
from core.transfer.folder_backbones import (
    check_size,
    filled,
    read_config,
    read_json,
)
from core.transfer.state import read_state
from core.zero_shot.configurations import Configuration, find_configuration
from core.zero_shot.fit import Fit, fit
from core.zero_shot.footprint import footprint
from core.zero_shot.model_files import model_folder
from core.zero_shot.networks import quiet, read_settings, reason
from core.zero_shot.texts import Texts, read_texts
from core.zero_shot.workload import Workload

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

Task = Literal["classification", "detection", "segmentation", "masks"]
Scores = Literal["softmax", "sigmoid", "predicted overlap"]
MAX_SIDE = 4096
MAX_TEXT = 256
PREPARATION = (
    "crop_size", "do_center_crop", "do_normalize", "do_pad", "do_rescale", "do_resize",
    "image_mean", "image_std", "max_num_patches", "pad_size", "patch_size", "resample",
    "rescale_factor", "size",
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """How one architecture is used: its classes, its task, what its scores are."""

    task: Task
    network: str
    images: str
    scores: Scores
    lower: bool = False


KINDS: dict[str, Kind] = {
    "clip": Kind("classification", "CLIPModel", "CLIPImageProcessor", "softmax"),
    "metaclip_2": Kind(
        "classification", "MetaClip2Model", "CLIPImageProcessor", "softmax"
    ),
    "siglip": Kind(
        "classification", "SiglipModel", "SiglipImageProcessor", "sigmoid", True
    ),
    "siglip2": Kind(
        "classification", "Siglip2Model", "Siglip2ImageProcessor", "sigmoid", True
    ),
    "owlv2": Kind(
        "detection", "Owlv2ForObjectDetection", "Owlv2ImageProcessor", "sigmoid"
    ),
    "owlvit": Kind(
        "detection", "OwlViTForObjectDetection", "OwlViTImageProcessor", "sigmoid"
    ),
    "grounding-dino": Kind(
        "detection", "GroundingDinoForObjectDetection", "GroundingDinoImageProcessor",
        "sigmoid", True,
    ),
    "mm-grounding-dino": Kind(
        "detection", "MMGroundingDinoForObjectDetection",
        "GroundingDinoImageProcessor", "sigmoid", True,
    ),
    "clipseg": Kind(
        "segmentation", "CLIPSegForImageSegmentation", "ViTImageProcessor", "sigmoid"
    ),
    "sam": Kind("masks", "SamModel", "SamImageProcessor", "predicted overlap"),
}  # fmt: skip


@dataclass(frozen=True)
class Recognizer:
    """A model ready to run on `device`; `texts` is None where it reads none."""

    name: str
    kind: Kind
    network: Any
    images: Any
    texts: Texts | None
    device: str

    def prepared(self, image: "Image") -> dict[str, "torch.Tensor"]:
        """Return an image as the network's inputs, of batch 1."""
        try:
            found = self.images(images=image.convert("RGB"), return_tensors="pt")
        except (ValueError, RuntimeError, TypeError) as error:
            happened = f"cannot prepare this image ({reason(error)})"
            raise UnsupportedFormat(self.name, happened) from error
        return {name: value.to(self.device) for name, value in found.items()}

    def tokens(self, texts: list[str]) -> dict[str, "torch.Tensor"]:
        """Return texts as ids and attention masks (N, length)."""
        import torch

        ids, mask = self.texts.encode(texts)
        return {
            "input_ids": torch.tensor(ids, device=self.device),
            "attention_mask": torch.tensor(mask, device=self.device),
        }


def expected_fit(
    name: str, settings: Settings, device: Device, labels: int = 1
) -> tuple[Configuration, Fit]:
    """Hold a model against a device before any weight of it is read.

    Raises UsageError for one that cannot be tried or that does not fit.
    """
    found = find_configuration(name, settings)
    kind = kind_of(found)
    texts = labels if kind.task != "masks" else 1
    held = fit(footprint(found, Workload(labels=texts)), device)
    if held.verdict == "does not fit":
        raise UsageError(name, f"is not loaded: {held.sentence}")
    return found, held


def kind_of(configuration: Configuration) -> Kind:
    """Return how a model is used. Raises UsageError for one that cannot be tried."""
    model_type = configuration.config.get("model_type")
    if model_type not in KINDS:
        happened = f"is of type {model_type!a}, which cannot be tried here"
        remedy = f"choose a model of one of {', '.join(sorted(KINDS))}"
        raise UsageError(configuration.name, happened, remedy)
    return KINDS[model_type]


def open_recognizer(
    name: str, settings: Settings, device: Device, progress: Progress
) -> Recognizer:
    """Load a model, fetching its files where they are not here yet.

    Call `expected_fit` first. Raises a HubError, FetchError, or a CheckpointError.
    """
    import transformers

    folder = model_folder(name, settings, progress)
    config = read_config(folder / "config.json")
    kind = kind_of(Configuration(name, "transformers", config, str(folder)))
    progress(0.0, f"Loading {name}")
    state, _ = read_state(folder)
    maker = getattr(transformers, kind.network)
    with quiet():
        built = read_settings(config, name)
        check_size(partial(maker, built), state, name)
        network, _ = filled(maker, built, state, name)
    texts = None
    if kind.task != "masks":
        texts = read_texts(folder, length=_length(built), lower=kind.lower)
    images = _images(kind, folder)
    return Recognizer(
        name, kind, network.to(device.address).requires_grad_(False), images, texts,
        device.address,
    )  # fmt: skip


def _length(config: Any) -> int:
    """Return how many tokens a text has: as many as the model was trained with."""
    text = getattr(config, "text_config", None)
    return min(getattr(text, "max_position_embeddings", MAX_TEXT), MAX_TEXT)


def _images(kind: Kind, folder: Path) -> Any:
    """Build the library's own preparation of images from numbers of the folder."""
    import transformers

    path = folder / "preprocessor_config.json"
    told = read_json(path) if path.is_file() else {}
    kept = {name: told[name] for name in PREPARATION if told.get(name) is not None}
    largest = max(_numbers([kept.get("size"), kept.get("crop_size")]), default=0)
    if largest > MAX_SIDE:
        happened = f"asks for images of {largest:,} pixels"
        raise CorruptCheckpoint(path, happened, f"use {MAX_SIDE:,} at most")
    try:
        return getattr(transformers, kind.images)(**kept)
    except (ValueError, TypeError) as error:
        raise CorruptCheckpoint(path, f"is not usable ({reason(error)})") from error


def _numbers(value: object) -> list[int]:
    """Return every number in nested lists and dicts.

    >>> _numbers([{"height": 8, "width": 9}, None, 7])
    [8, 9, 7]
    """
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for entry in value for number in _numbers(entry)]
    return [int(value)] if isinstance(value, int | float) else []
