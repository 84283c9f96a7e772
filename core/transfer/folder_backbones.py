"""Backbones from a model folder: `config.json` of transformers or timm and a weight
file. Built from the libraries' own classes; no code of the folder is run.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import (
    CorruptCheckpoint,
    NoWeights,
    PedigreeError,
    UnsupportedFormat,
)
from core.strict_json import strict_json
from core.transfer.backbones import (
    Backbone,
    architecture_key,
    flat,
    last_head,
    tapped,
)
from core.transfer.preprocess import Preprocess, of_timm, of_transformers
from core.transfer.state import State, fits, read_state

if TYPE_CHECKING:
    import torch

MAX_CONFIG_BYTES = 2**20
MAX_LAYERS, MAX_LABELS = 1024, 1_000_000
LABELS = ("num_labels", "num_classes")
ASKS_FOR_MORE = ("auto_map", "attn_implementation", "use_pretrained_backbone")
"""Settings of a configuration that would have a library fetch code or weights."""


def load_folder(name: str, folder: Path) -> Backbone:
    """Load the backbone of a model folder. Raises a CheckpointError that names it."""
    config = read_config(folder / "config.json")
    state, digest = read_state(folder)
    try:
        if isinstance(config.get("architecture"), str):
            return _timm(name, config, state, digest)
        return _transformers(name, folder, config, state, digest)
    except PedigreeError:
        raise
    except Exception as error:  # whatever a library says of numbers that do not fit
        text = " ".join(f"{type(error).__name__}: {error}".split())[:160].rstrip(".")
        happened = f"cannot be built from its configuration ({text})"
        raise UnsupportedFormat(name, happened) from error


def _timm(name: str, config: dict[str, Any], state: State, digest: str) -> Backbone:
    import timm

    architecture = config["architecture"]
    if not timm.is_model(architecture):
        raise UnsupportedFormat(
            name, f"is of an architecture timm lacks: {architecture}"
        )
    cfg = config.get("pretrained_cfg")
    cfg = dict(cfg) if isinstance(cfg, dict) else {}
    classes = config.get("num_classes", cfg.get("num_classes", 1000))
    options = _plain_numbers(config.get("model_args"))
    make = partial(timm.create_model, architecture, num_classes=classes, **options)
    check_size(make, state, name)
    model = make().eval()
    fits(model, state, name)
    own = {**model.pretrained_cfg, **{k: v for k, v in cfg.items() if v is not None}}
    return Backbone(
        name, _with_pre_logits(model, classes > 0), of_timm(own),
        architecture_key(architecture, digest), architecture,
    )  # fmt: skip


def _plain_numbers(options: object) -> dict[str, Any]:
    """Keep what shapes a network; a path among the options would be unpickled.

    >>> _plain_numbers({"img_size": 96, "checkpoint_path": "evil.pth"})
    {'img_size': 96}
    """
    items = options.items() if isinstance(options, dict) else ()
    return {k: v for k, v in items if isinstance(v, int | float)}


def _with_pre_logits(model: "torch.nn.Module", has_head: bool) -> "torch.nn.Module":
    import torch

    class PreLogits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
            maps = self.model.forward_features(x)
            features = flat(self.model.forward_head(maps, pre_logits=True))
            return features, self.model.forward_head(maps) if has_head else None

    return PreLogits()


def _transformers(
    name: str, folder: Path, config: dict[str, Any], state: State, digest: str
) -> Backbone:
    import transformers

    kind = config.get("model_type")
    if kind not in transformers.CONFIG_MAPPING:
        raise UnsupportedFormat(name, f"is of a model type that is unknown: {kind!a}")
    if "quantization_config" in config:
        raise UnsupportedFormat(name, "is quantized", "choose the model it was made of")
    built = transformers.AutoConfig.for_model(**harmless(config))
    classifies = any(
        str(entry).endswith("ForImageClassification")
        for entry in config.get("architectures") or ()
    )
    mapping = (
        transformers.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING
        if classifies
        else transformers.MODEL_MAPPING
    )
    if type(built) not in mapping:
        raise UnsupportedFormat(name, f"is no image model of transformers: {kind}")
    check_size(partial(mapping[type(built)], built), state, name)
    model, missing = filled(mapping[type(built)], built, state, name)
    if classifies:
        network = tapped(model, last_head(model, name))
    else:
        network = _pooled(
            model, is_pooler_known=not any("pooler" in k for k in missing)
        )
    return Backbone(
        name, network, _preprocess(folder, built), architecture_key(kind, digest), kind
    )


def harmless(config: Mapping[str, Any]) -> dict[str, Any]:
    """Drop private settings and ASKS_FOR_MORE, at every level.

    >>> harmless({"depth": 2, "auto_map": {}, "text": {"_attn_implementation": "x"}})
    {'depth': 2, 'text': {}}
    """
    return {
        key: harmless(value) if isinstance(value, dict) else value
        for key, value in config.items()
        if not key.startswith("_") and key not in ASKS_FOR_MORE
    }


def check_size(make: "Callable[[], torch.nn.Module]", state: State, name: str) -> None:
    """Refuse a network that claims far more parameters than the file holds, by its
    shapes alone.
    """
    import torch

    with torch.device("meta"):
        claimed = sum(p.numel() for p in make().parameters())
    held = sum(tensor.numel() for tensor in state.values())
    if claimed > 2 * held + 10_000_000:
        happened = f"claims {claimed:,} parameters where its weights hold {held:,}"
        raise CorruptCheckpoint(name, happened, "download it again")


def filled(
    model_class: type, config: Any, state: State, name: str
) -> tuple["torch.nn.Module", set[str]]:
    """Fill a model with tensors that are already read, under any name they ever had.

    The library's loader knows how its parameters were renamed over the years; it is
    given the tensors alone, no path, so that it opens nothing.
    """
    with _without_bars():
        model, told = model_class.from_pretrained(
            None, config=config, state_dict=dict(state), output_loading_info=True
        )
    missing = set(told["missing_keys"])
    misfits = {key for key in missing if "pooler" not in key} | {
        str(key) for key in told["mismatched_keys"]
    }
    if misfits:
        first = ", ".join(sorted(misfits)[:3])
        raise CorruptCheckpoint(name, f"lacks weights of its architecture ({first})")
    return model.float().eval(), missing


@contextmanager
def _without_bars() -> Iterator[None]:
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _pooled(model: "torch.nn.Module", *, is_pooler_known: bool) -> "torch.nn.Module":
    import torch

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, None]:
            encode = getattr(self.model, "get_image_features", self.model)
            output = encode(pixel_values=x)
            if isinstance(output, torch.Tensor):
                return flat(output), None
            pooled = getattr(output, "pooler_output", None)
            if pooled is not None and is_pooler_known:
                return pooled.flatten(1), None
            last = output.last_hidden_state
            return (last[:, 0] if last.ndim == 3 else flat(last)), None

    return Pooled()


def _preprocess(folder: Path, config: Any) -> Preprocess:
    """Return the folder's preprocessing; without a file, half means at its size."""
    path = folder / "preprocessor_config.json"
    if path.is_file():
        return of_transformers(read_json(path))
    vision = getattr(config, "vision_config", config)
    side, channels = getattr(vision, "image_size", None), vision.num_channels
    if not isinstance(side, int):
        happened = "does not say how images are prepared"
        raise NoWeights(folder.name, happened, "add its preprocessor_config.json")
    half = (0.5,) * channels
    return Preprocess((side, side), (side, side), "bilinear", half, half)


def read_config(path: Path) -> dict[str, Any]:
    """Read a `config.json`. Raises a CheckpointError for one that claims too much."""
    if not path.is_file():
        raise NoWeights(path.parent.name, "has no config.json", "add it")
    config = read_json(path)
    _check_counts(config, path)
    return config


def read_json(path: Path) -> dict[str, Any]:
    """Read a small JSON object. Raises CorruptCheckpoint, naming the file."""
    try:
        with path.open("rb") as file:
            document = strict_json(file.read(MAX_CONFIG_BYTES))
    except (OSError, ValueError) as error:
        raise CorruptCheckpoint(path, "is not readable as JSON") from error
    if not isinstance(document, dict):
        raise CorruptCheckpoint(path, "is not a JSON object")
    return document


def _check_counts(config: Mapping[str, Any], path: Path) -> None:
    """Refuse counts of layers and labels that would keep this machine busy for ever:
    libraries make a list of as many before they make a network.
    """
    for key, value in config.items():
        if isinstance(value, dict):
            _check_counts(value, path)
        values = value if isinstance(value, list) else [value]
        counts = [entry for entry in values if isinstance(entry, int)]
        is_count = key.endswith(("layers", "depth", "depths", "blocks", "repeats"))
        most = MAX_LAYERS if is_count else MAX_LABELS if key in LABELS else None
        if most is not None and any(abs(count) > most for count in counts):
            raise CorruptCheckpoint(path, f"claims {max(counts, key=abs):,} {key}")
