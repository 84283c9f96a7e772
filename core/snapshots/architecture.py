"""Networks by name, from torchvision, timm or transformers: built from the libraries'
own classes, with any number of classes. Knows no weights and runs no foreign code.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from core.errors import PedigreeError, UsageError
from core.transfer.preprocess import Preprocess, of_timm, of_torchvision

if TYPE_CHECKING:
    import torch

Library = Literal["torchvision", "timm", "transformers"]

HALF = (0.5, 0.5, 0.5)
FETCHING = frozenset({
    "pretrained", "weights", "weights_backbone", "checkpoint_path", "cache_dir",
    "pretrained_cfg", "pretrained_cfg_overlay", "auto_map", "attn_implementation",
    "backbone", "use_pretrained_backbone", "use_timm_backbone", "quantization_config",
})  # fmt: skip
"""Options by which a library would fetch weights or code, or unpickle a file."""
COUNTS = ("layers", "depth", "depths", "blocks", "repeats")
MAX_COUNT, MAX_NUMBER = 1024, 1_000_000


@dataclass(frozen=True)
class Architecture:
    """A network's name in its library, what shapes it, and what it wants to see.

    `name` is torchvision's builder, timm's model name or transformers' model type;
    `options` go to the builder or the configuration, and hold plain values only.
    """

    library: Library
    name: str
    preprocess: Preprocess
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def channels(self) -> int:
        """How many color channels an image has."""
        return len(self.preprocess.mean)

    def document(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return asdict(self) | {"options": dict(self.options)}


def find_architecture(
    name: str, *, side: int | None = None, channels: int = 3, **options: Any
) -> Architecture:
    """Return the architecture `torchvision/NAME`, `timm/NAME` or `transformers/TYPE`.

    Images are prepared as the library says, or scaled to `side` pixels. Raises
    UsageError for a name that the library does not have.

    >>> find_architecture("torchvision/resnet18").preprocess.crop
    (224, 224)
    """
    library, _, short = name.partition("/")
    if library not in get_args(Library) or not _is_known(library, short):
        remedy = "name torchvision/NAME, timm/NAME or transformers/TYPE"
        raise UsageError(f"Architecture {name}", "is unknown", remedy)
    if side is None and channels == 3:
        return Architecture(library, short, _own(library, short, options), options)
    square, half = (side or 224,) * 2, HALF[:channels]
    seen = Preprocess(square, square, "bilinear", half, half)
    return Architecture(library, short, seen, options)


def architecture_of(document: Mapping[str, Any]) -> Architecture:
    """Read what `Architecture.document` wrote. Raises UsageError for anything else."""
    try:
        seen = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in document["preprocess"].items()
        }
        library, name = str(document["library"]), str(document["name"])
        options = dict(document["options"])
        found = Architecture(library, name, Preprocess(**seen), options)
    except (LookupError, TypeError, ValueError, ArithmeticError,
            AttributeError) as error:  # fmt: skip
        happened = f"cannot be read ({ascii(error)[:120]})"
        raise UsageError("The architecture", happened) from error
    if library not in get_args(Library) or not _is_known(library, name):
        raise UsageError(f"Architecture {f'{library}/{name}'[:80]!a}", "is unknown")
    return found


def build_network(
    architecture: Architecture, classes: int, *, seed: int = 0
) -> "torch.nn.Module":
    """Build a classifier with random weights, the same for the same seed.

    Under `torch.device("meta")` it takes no memory. Raises UsageError for options that
    the library refuses, and for those by which it would fetch or unpickle anything.
    """
    import torch

    _check_options(architecture)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            return _BUILDERS[architecture.library](architecture, classes)
        except PedigreeError:
            raise
        except Exception as error:
            subject = f"{architecture.library}/{architecture.name}"
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            raise UsageError(subject, f"cannot be built ({reason})") from error


def logits_of(output: Any) -> "torch.Tensor":
    """Return the logits (B, C) of what a network answers."""
    return getattr(output, "logits", output)


def config_document(architecture: Architecture, classes: int) -> dict[str, Any]:
    """Return the `config.json` by which others load a model folder."""
    if architecture.library == "transformers":
        config = _config(architecture, classes)
        return config.to_dict() | {"architectures": [_class_of(config).__name__]}
    if architecture.library == "timm":
        seen = architecture.preprocess
        cfg = {
            "input_size": [architecture.channels, *seen.crop], "crop_pct": 1.0,
            "crop_mode": "squash", "interpolation": seen.interpolation,
            "mean": list(seen.mean), "std": list(seen.std), "num_classes": classes,
        }  # fmt: skip
        return {
            "architecture": architecture.name, "num_classes": classes,
            "model_args": dict(architecture.options), "pretrained_cfg": cfg,
        }  # fmt: skip
    return {
        "library_name": "torchvision", "builder": architecture.name,
        "num_classes": classes, "options": dict(architecture.options),
    }  # fmt: skip


def _check_options(architecture: Architecture) -> None:
    """Refuse what is not a plain setting of a network's shape.

    Words are left to transformers' configurations, which only name parts of their own.
    """
    for key, value in architecture.options.items():
        values = value if isinstance(value, list | tuple) else [value]
        numbers = [one for one in values if isinstance(one, int | float)]
        most = MAX_COUNT if key.endswith(COUNTS) else MAX_NUMBER
        is_word = any(isinstance(one, str | dict) for one in values)
        if key in FETCHING or key.startswith("_"):
            happened = "is not a setting of its shape"
        elif is_word and architecture.library != "transformers":
            happened = f"is {value!a}, not a number"
        elif any(number > most for number in numbers):
            happened = f"is larger than {most:,}"
        else:
            continue
        subject = f"Option {key} of {architecture.library}/{architecture.name}"
        raise UsageError(subject, happened, "leave it out")


def _torchvision(architecture: Architecture, classes: int) -> "torch.nn.Module":
    from torchvision import models

    return models.get_model(
        architecture.name, num_classes=classes, **architecture.options
    )


def _timm(architecture: Architecture, classes: int) -> "torch.nn.Module":
    import timm

    options = {"in_chans": architecture.channels, **architecture.options}
    return timm.create_model(architecture.name, num_classes=classes, **options)


def _transformers(architecture: Architecture, classes: int) -> "torch.nn.Module":
    config = _config(architecture, classes)
    return _class_of(config)(config)


_BUILDERS = {
    "torchvision": _torchvision, "timm": _timm, "transformers": _transformers,
}  # fmt: skip


def _config(architecture: Architecture, classes: int) -> Any:
    from transformers import AutoConfig

    options = {"num_channels": architecture.channels, **architecture.options}
    return AutoConfig.for_model(architecture.name, num_labels=classes, **options)


def _class_of(config: Any) -> type:
    from transformers import MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING as MAPPING

    if type(config) not in MAPPING:
        raise UsageError(config.model_type, "is no image classifier of transformers")
    return MAPPING[type(config)]


def _is_known(library: str, name: str) -> bool:
    if library == "torchvision":
        from torchvision import models

        return name in models.list_models(module=models)
    if library == "timm":
        import timm

        return timm.is_model(name)
    from transformers import CONFIG_MAPPING

    return name in CONFIG_MAPPING


def _own(library: str, name: str, options: Mapping[str, Any]) -> Preprocess:
    """Return the preprocessing that the library has for its own weights."""
    if library == "torchvision":
        from torchvision.models import get_model_weights

        return of_torchvision(get_model_weights(name).DEFAULT.transforms())
    if library == "timm":
        import timm

        return of_timm(timm.get_pretrained_cfg(name).to_dict())
    side = options.get("image_size", 224)
    return Preprocess((side, side), (side, side), "bilinear", HALF, HALF)
