"""What each block of a network costs: parameters, the size of what it hands on, and its
measured time. Knows no images.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.snapshots.blocks import Block, model_blocks, module_roots

if TYPE_CHECKING:
    import torch

REPEATS = 5


def block_costs(
    network: "torch.nn.Module", x: "torch.Tensor", *, repeats: int = REPEATS
) -> pd.DataFrame:
    """Measure every block of `network` on the images `x` (B, C, H, W).

    Columns: `block`, `part`, `params`, `output` (its shape without the batch, as
    text), `output_bytes` an image, and `seconds` for the whole batch: the median of
    `repeats` passes with the lowest and highest beside it. On the meta device, and for
    parameters that no module of their own holds, times are missing.
    """
    blocks = model_blocks(network)
    counts = {name: p.numel() for name, p in network.named_parameters()}
    seconds, outputs = _measured(network, blocks, x, repeats)
    rows = []
    for block in blocks:
        times, last = seconds[block.name], outputs.get(block.name)
        rows.append({
            "block": block.name,
            "part": block.part,
            "params": sum(counts.get(name, 0) for name in block.tensors),
            "output": "" if last is None else " x ".join(map(str, last.shape[1:])),
            "output_bytes": 0 if last is None else last[:1].nbytes,
            "seconds": statistics.median(times) if times else float("nan"),
            "low": min(times, default=float("nan")),
            "high": max(times, default=float("nan")),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _measured(
    network: "torch.nn.Module", blocks: Sequence[Block], x: "torch.Tensor", repeats: int
) -> tuple[dict[str, list[float]], dict[str, "torch.Tensor"]]:
    """Return the seconds of each pass, and the last output, by block."""
    import torch

    seconds: dict[str, list[float]] = defaultdict(list)
    outputs: dict[str, torch.Tensor] = {}
    was_training = network.training
    network.eval()
    with torch.no_grad():
        for turn in range(repeats + 1):
            spent: dict[str, float] = defaultdict(float)
            with _watched(network, blocks, x.device.type, spent, outputs):
                network(x)
            if turn and x.device.type != "meta":
                for name, value in spent.items():
                    seconds[name].append(value)
            if x.device.type == "meta":
                break
    network.train(was_training)
    return seconds, outputs


@contextmanager
def _watched(
    network: "torch.nn.Module",
    blocks: Sequence[Block],
    kind: str,
    spent: dict[str, float],
    outputs: dict[str, "torch.Tensor"],
) -> Iterator[None]:
    handles, began = [], {}

    def watch(path: str, block: str) -> None:
        def before(*_: Any) -> None:
            began[path] = _now(kind)

        def after(module: Any, inputs: Any, output: Any) -> None:
            spent[block] += _now(kind) - began[path]
            if (found := first_tensor(output)) is not None:
                outputs[block] = found

        module = network.get_submodule(path)
        handles.append(module.register_forward_pre_hook(before))
        handles.append(module.register_forward_hook(after))

    for block, paths in module_roots(network, blocks).items():
        for path in paths:
            watch(path, block)
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def first_tensor(output: Any) -> "torch.Tensor | None":
    """Return the first tensor of what a module answers, or None."""
    import torch

    if isinstance(output, torch.Tensor):
        return output
    parts = output.values() if isinstance(output, dict) else output
    parts = parts if isinstance(output, dict | tuple | list) else ()
    return next((p for p in parts if isinstance(p, torch.Tensor)), None)


def _now(kind: str) -> float:
    import torch

    if kind == "cuda":
        torch.cuda.synchronize()
    elif kind == "mps":
        torch.mps.synchronize()
    return time.perf_counter()
