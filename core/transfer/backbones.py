"""Backbones: a published or local network with its preprocessing, that answers images
with features and, where it has a classifier, with class probabilities.

A backbone is named `torchvision/resnet18` (or `torchvision/resnet18@IMAGENET1K_V1`),
`owner/name` on the Hub (transformers or timm), or by a local folder.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.errors import CorruptCheckpoint, UsageError
from core.hub.names import is_repository_id
from core.progress import Progress, silent
from core.settings import Settings, local_path
from core.transfer.preprocess import Preprocess, of_torchvision
from core.transfer.published import fetch_repository
from core.transfer.state import fits, published_file, read_state

if TYPE_CHECKING:
    import torch

Weights = Path | Literal["published", "random"]

TORCHVISION = "torchvision/"


@dataclass(frozen=True)
class Backbone:
    """A network in evaluation mode, what it wants to see, and which weights it has.

    `network(x)` takes (B, C, H, W) and returns features (B, D) and logits (B, Cs), or
    None for the logits. `weights_key` is the same for the same weights in the same
    architecture.
    """

    name: str
    network: "torch.nn.Module"
    preprocess: Preprocess
    weights_key: str
    architecture: str

    @property
    def params(self) -> int:
        """How many parameters the network has, its classifier included."""
        return sum(parameter.numel() for parameter in self.network.parameters())


def load_backbone(
    name: str,
    settings: Settings,
    *,
    weights: Weights = "published",
    seed: int = 0,
    progress: Progress | None = None,
) -> Backbone:
    """Load a backbone, fetching its weights where they are not here yet.

    `weights` of a torchvision architecture may be a local file, of safetensors or a
    PyTorch checkpoint, or "random" for what `seed` draws: a baseline. Raises
    UsageError for a name nobody knows, a FetchError or HubError without a network, and
    a CheckpointError for weights that do not fit.
    """
    report = progress or silent
    if name.startswith(TORCHVISION) and not Path(name).is_dir():
        return _torchvision(name, settings, weights, seed, report)
    folder = local_path(name)
    if not folder.is_dir():
        if not (is_repository_id(name) and "/" in name):
            remedy = "name torchvision/ARCHITECTURE, owner/name on the Hub or a folder"
            raise UsageError(f"Backbone {name}", "is unknown", remedy)
        folder = fetch_repository(name, settings, report)
    if weights != "published":
        remedy = "put them in the folder of the model"
        raise UsageError(name, "has weights of its own", remedy)
    from core.transfer.folder_backbones import load_folder

    return load_folder(name, folder)


def architecture_key(architecture: str, digest: str) -> str:
    """Return what names weights in an architecture.

    >>> architecture_key("resnet18", "f37072fd")[:12]
    'resnet18-98d'
    """
    whole = sha256(f"{architecture}\n{digest}".encode()).hexdigest()
    return f"{architecture}-{whole[:32]}"


def tapped(model: "torch.nn.Module", head: "torch.nn.Module") -> "torch.nn.Module":
    """Wrap a classifier so that it returns what enters `head` beside its logits.

    What enters as a map of features (B, D, H, W) is averaged over its places.
    """
    import torch

    class Tapped(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model
            self.entered: torch.Tensor | None = None
            head.register_forward_pre_hook(self._keep)

        def _keep(self, _: torch.nn.Module, inputs: tuple) -> None:
            self.entered = inputs[0]

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            output = self.model(x)
            logits = output if isinstance(output, torch.Tensor) else output.logits
            features, self.entered = self.entered, None
            return flat(features), logits

    return Tapped()


def flat(features: "torch.Tensor") -> "torch.Tensor":
    """Average maps (B, D, H, W) over places, tokens (B, T, D) over tokens."""
    if features.ndim == 4:
        return features.mean((2, 3))
    return features.mean(1) if features.ndim == 3 else features


def last_head(model: "torch.nn.Module", name: str) -> "torch.nn.Module":
    """Return the last linear layer or 1 x 1 convolution, which gives the logits.

    Raises UsageError when there is none.
    """
    import torch

    kinds = (torch.nn.Linear, torch.nn.Conv2d)
    heads = [module for module in model.modules() if isinstance(module, kinds)]
    if not heads:
        raise UsageError(name, "has no classifier", "choose a classification model")
    return heads[-1]


def _torchvision(
    name: str, settings: Settings, weights: Weights, seed: int, progress: Progress
) -> Backbone:
    import torch
    from torchvision import models

    builder, _, version = name.removeprefix(TORCHVISION).partition("@")
    if builder not in models.list_models(module=models):
        remedy = "see `tables show torchvision/classification`"
        raise UsageError(f"Architecture {builder}", "is not torchvision's", remedy)
    entry = _entry(builder, version)
    if weights == "random":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = models.get_model(builder, **_plain(builder))
        digest = f"random {seed}"
    else:
        published = weights == "published"
        path = published_file(entry.url, settings, progress) if published else weights
        state, digest = read_state(path)
        classes = _classes(builder, state, path)
        model = models.get_model(builder, num_classes=classes, **_plain(builder))
        fits(model, state, path.name)
    network = tapped(model.eval(), last_head(model, name))
    preprocess = of_torchvision(entry.transforms())
    return Backbone(
        name, network, preprocess, architecture_key(builder, digest), builder
    )


def _entry(builder: str, version: str) -> Any:
    """Return torchvision's own entry of weights: its address and its transforms."""
    from torchvision.models import get_model_weights

    entries = get_model_weights(builder)
    if not version:
        return entries.DEFAULT
    if version not in entries.__members__:
        known = ", ".join(entries.__members__)
        raise UsageError(
            f"Weights {version}", f"of {builder} are unknown", f"use {known}"
        )
    return entries[version]


def _plain(builder: str) -> dict[str, bool]:
    """Return options without which two architectures cannot be built plainly.

    Their auxiliary classifiers are in the published files; drawing their random
    weights takes half a minute unless it is left out.
    """
    has_branches = builder in ("googlenet", "inception_v3")
    return {"init_weights": False, "aux_logits": True} if has_branches else {}


def _classes(builder: str, state: Mapping[str, "torch.Tensor"], path: Path) -> int:
    """Return the classes of a checkpoint: the rows of the architecture's head."""
    import torch
    from torchvision import models

    with torch.device("meta"):
        empty = models.get_model(builder, **_plain(builder))
    head = last_head(empty, builder)
    name = next(name for name, module in empty.named_modules() if module is head)
    if f"{name}.weight" not in state:
        happened = f"has no {name}.weight, the classifier of {builder}"
        raise CorruptCheckpoint(path.name, happened, "check which model it is")
    return len(state[f"{name}.weight"])
