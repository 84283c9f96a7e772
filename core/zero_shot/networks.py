"""A network from a configuration, on torch's meta device: every shape, no numbers, no
memory. Runs no code but the libraries' own.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from core.errors import UnsupportedFormat
from core.transfer.folder_backbones import harmless
from core.zero_shot.configurations import Configuration
from core.zero_shot.workload import Attention

if TYPE_CHECKING:
    import torch

IMPLEMENTATIONS = {"fused": "sdpa", "plain": "eager"}
MAX_PARAMS = 10**12
MAPPINGS = (
    "MODEL_FOR_ZERO_SHOT_IMAGE_CLASSIFICATION_MAPPING",
    "MODEL_FOR_ZERO_SHOT_OBJECT_DETECTION_MAPPING",
    "MODEL_FOR_MASK_GENERATION_MAPPING",
    "MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING",
    "MODEL_FOR_OBJECT_DETECTION_MAPPING",
    "MODEL_FOR_SEMANTIC_SEGMENTATION_MAPPING",
    "MODEL_MAPPING",
)


def build(configuration: Configuration, *, attention: Attention) -> "torch.nn.Module":
    """Build the network on the meta device, with fused or plain attention.

    Raises UnsupportedFormat for an architecture that the installed libraries lack, or
    whose numbers contradict each other.
    """
    import torch

    makers = {"torchvision": _torchvision, "timm": _timm, "transformers": _transformers}
    try:
        with torch.device("meta"), quiet():
            network = makers[configuration.library](configuration, attention)
    except UnsupportedFormat:
        raise
    except Exception as error:  # whatever a library says of numbers that do not fit
        happened = f"cannot be built from its configuration ({reason(error)})"
        raise UnsupportedFormat(configuration.name, happened) from error
    if sum(tensor.numel() for tensor in network.parameters()) > MAX_PARAMS:
        raise UnsupportedFormat(configuration.name, "claims over a trillion parameters")
    return network


def model_class(config: Any, architectures: object, name: str) -> type:
    """Return the class of transformers that a configuration asks for.

    The first of `architectures` counts where it belongs to the configuration, else the
    class for images that the library maps it to.
    """
    import transformers

    for entry in architectures if isinstance(architectures, list) else ():
        found = getattr(transformers, str(entry), None)
        is_model = isinstance(found, type) and issubclass(
            found, transformers.PreTrainedModel
        )
        if is_model and found.config_class is type(config):
            return found
    for entry in MAPPINGS:
        mapping = getattr(transformers, entry)
        if type(config) in mapping:
            found = mapping[type(config)]
            return found[0] if isinstance(found, tuple) else found
    raise UnsupportedFormat(name, f"is no image model of transformers: {type(config)}")


def read_settings(config: Mapping[str, Any], name: str) -> Any:
    """Return transformers' own configuration object for `config`."""
    import transformers

    kind = config.get("model_type")
    if kind not in transformers.CONFIG_MAPPING:
        raise UnsupportedFormat(name, f"is of a model type that is unknown: {kind!a}")
    return transformers.AutoConfig.for_model(**harmless(config))


def reason(error: BaseException) -> str:
    """Say in a few words what a library complained about."""
    if "item()" in str(error) or type(error).__name__.startswith("DataDependent"):
        return "what it computes depends on what the image shows"
    text = " ".join(str(error).split())[:160].rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


@contextmanager
def quiet() -> Iterator[None]:
    """Keep libraries from remarking on every default, and on what cannot be traced."""
    from transformers.utils import logging as remarks

    tracing = logging.getLogger("torch._subclasses.fake_tensor")
    before, level = remarks.get_verbosity(), tracing.level
    remarks.set_verbosity_error()
    tracing.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        remarks.set_verbosity(before)
        tracing.setLevel(level)


def _transformers(
    configuration: Configuration, attention: Attention
) -> "torch.nn.Module":
    config = read_settings(configuration.config, configuration.name)
    listed = configuration.config.get("architectures")
    maker = model_class(config, listed, configuration.name)
    if not maker._supports_sdpa:
        attention = "plain"
    config._attn_implementation = IMPLEMENTATIONS[attention]
    return maker(config)


def _timm(configuration: Configuration, attention: Attention) -> "torch.nn.Module":
    import timm
    from timm.layers import set_fused_attn

    architecture = configuration.config["architecture"]
    if not timm.is_model(architecture):
        happened = f"is of an architecture timm lacks: {architecture[:60]!a}"
        raise UnsupportedFormat(configuration.name, happened)
    classes = configuration.config.get("num_classes", 1000)
    set_fused_attn(attention == "fused")
    try:
        return timm.create_model(architecture, num_classes=classes)
    finally:
        set_fused_attn(True)


def _torchvision(
    configuration: Configuration, attention: Attention
) -> "torch.nn.Module":
    from torchvision import models

    builder = configuration.config["architecture"]
    if builder not in models.list_models():
        happened = "is not an architecture of torchvision"
        raise UnsupportedFormat(configuration.name, happened, "see `tables list`")
    options = {"weights_backbone": None} if "/" in _module(builder) else {}
    return models.get_model(builder, weights=None, **options)


def _module(builder: str) -> str:
    """Return where a builder lives, as "detection/fcos"; plain classifiers lack "/".

    >>> _module("resnet18")
    'resnet'
    """
    from torchvision import models

    path = models.get_model_builder(builder).__module__
    return path.removeprefix("torchvision.models.").replace(".", "/")
