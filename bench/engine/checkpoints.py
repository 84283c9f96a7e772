"""Make checkpoints of the sizes that people compare: random weights, and children that
differ from them by a little noise everywhere.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

from core.weights.entry import Checkpoint
from core.weights.spans import Pair

NOISE = 0.02
"""The spread of a child's change, in units of the spread of its base."""


def resnet50_shapes() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the tensors of torchvision's ResNet-50, counters aside."""
    yield from _convolution("conv1", "bn1", 64, 3, 7)
    width = 64
    for stage, (blocks, inner) in enumerate([(3, 64), (4, 128), (6, 256), (3, 512)], 1):
        for block in range(blocks):
            name = f"layer{stage}.{block}."
            yield from _convolution(name + "conv1", name + "bn1", inner, width, 1)
            yield from _convolution(name + "conv2", name + "bn2", inner, inner, 3)
            yield from _convolution(name + "conv3", name + "bn3", 4 * inner, inner, 1)
            if block == 0:
                down = name + "downsample."
                yield from _convolution(down + "0", down + "1", 4 * inner, width, 1)
            width = 4 * inner
    yield from [("fc.weight", (1000, 2048)), ("fc.bias", (1000,))]


def _convolution(name: str, norm: str, out: int, into: int, side: int):
    yield f"{name}.weight", (out, into, side, side)
    for part in ("weight", "bias", "running_mean", "running_var"):
        yield f"{norm}.{part}", (out,)


def write_resnet50(path: Path) -> None:
    """Write a ResNet-50 of random weights."""
    rng = np.random.default_rng(0)
    save_file({name: _random(rng, shape) for name, shape in resnet50_shapes()}, path)


def write_large(path: Path, size_bytes: int, *, seed: int) -> None:
    """Write runs of weights of `size_bytes` together, in little memory."""
    rows = 8 << 20
    count = size_bytes // (rows * 4)
    header = {
        f"layer.{i}.weight": {
            "dtype": "F32",
            "shape": [rows],
            "data_offsets": [i * rows * 4, (i + 1) * rows * 4],
        }
        for i in range(count)
    }
    weights = _random(np.random.default_rng(0), (rows,))
    weights += NOISE * _random(np.random.default_rng(seed), (rows,))
    with path.open("wb") as file:
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        file.write(len(text).to_bytes(8, "little") + text)
        for _ in range(count):
            file.write(weights.tobytes())


def write_child(base: Path, child: Path) -> None:
    """Write a copy of `base` in which every tensor is changed."""
    rng = np.random.default_rng(1)
    with safe_open(base, "numpy") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    changed = {
        name: (x + NOISE * _random(rng, x.shape)).astype(x.dtype)
        for name, x in tensors.items()
    }
    save_file(changed, child, metadata={"format": "pt"})


def _random(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.standard_normal(shape, dtype=np.float32) * np.float32(0.02)


def named_pairs(base: Checkpoint, child: Checkpoint) -> list[Pair]:
    """Pair the tensors of the same name."""
    named: Mapping = {entry.name: entry for entry in child.entries}
    return [(entry, named[entry.name]) for entry in base.entries]
