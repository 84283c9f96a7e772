"""Where a training is, on disk: weights, optimizer and random state in one safetensors
file, so that a killed training goes on to the same result. Nothing is pickled.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cache import whole_file
from core.snapshots.measure import Sums

if TYPE_CHECKING:
    import torch

    Tensors = dict[str, torch.Tensor]


@dataclass
class Standing:
    """How far a training is: epochs that ended, steps into the next with what these
    steps saw, what each epoch measured, and which was the best.
    """

    epoch: int = 0
    step: int = 0
    seen: Sums = field(default_factory=Sums)
    history: list[dict[str, Any]] = field(default_factory=list)
    best_epoch: int | None = None


def save_checkpoint(
    path: Path, key: str, standing: Standing, tensors: "Tensors"
) -> None:
    """Write a checkpoint, whole or not at all; `key` names the recipe it belongs to."""
    from safetensors.torch import save_file

    text = json.dumps({"key": key, **asdict(standing)})
    kept = {name: tensor.detach().cpu().clone() for name, tensor in tensors.items()}
    with whole_file(path) as temporary:
        save_file(kept, temporary, metadata={"standing": text})


def load_checkpoint(path: Path, key: str) -> tuple[Standing, "Tensors"] | None:
    """Return a checkpoint of this recipe; None where there is none that can be read."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            document = json.loads(file.metadata()["standing"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, KeyError, TypeError):
        return None
    if document.pop("key", None) != key:
        return None
    seen = Sums(**document.pop("seen"))
    return Standing(seen=seen, **document), tensors


def optimizer_tensors(optimizer: "torch.optim.Optimizer") -> "Tensors":
    """Return the state of an optimizer as named tensors, by place of the parameter."""
    state = optimizer.state_dict()["state"]
    return {
        f"optimizer.{place}.{name}": value
        for place, values in state.items()
        for name, value in values.items()
        if value is not None
    }


def restore_optimizer(optimizer: "torch.optim.Optimizer", tensors: "Tensors") -> None:
    """Put back what `optimizer_tensors` took."""
    state: dict[int, Tensors] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimizer."):
            _, place, word = name.split(".", 2)
            state.setdefault(int(place), {})[word] = tensor
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def random_tensors(device: "torch.device") -> "Tensors":
    """Return the state of the random generators that training draws from."""
    import torch

    found = {"random.cpu": torch.random.get_rng_state()}
    if device.type == "cuda":
        found["random.cuda"] = torch.cuda.get_rng_state(device)
    if device.type == "mps":
        found["random.mps"] = torch.mps.get_rng_state()
    return found


def restore_random(tensors: "Tensors", device: "torch.device") -> None:
    """Put back what `random_tensors` took."""
    import torch

    torch.random.set_rng_state(tensors["random.cpu"])
    if "random.cuda" in tensors:
        torch.cuda.set_rng_state(tensors["random.cuda"], device)
    if "random.mps" in tensors:
        torch.mps.set_rng_state(tensors["random.mps"])
