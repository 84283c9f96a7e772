"""Vision transformers of any width as the tensors of a checkpoint, named as the Hub's
files name them, and the ways in which people fine-tune them.
"""

from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatch

from tests.standin.numbers import Numbers

Tensors = dict[str, Numbers]


def vit(
    *,
    width: int = 768,
    depth: int = 12,
    patch: int = 16,
    image: int = 224,
    prefix: str = "",
    labels: int = 0,
    pooler: bool = True,
) -> Tensors:
    """Return the tensors of a ViT; the defaults are ViT-base, 345.6 MB in float32.

    A tensor's key is its name without `prefix`, so two models made here hold the same
    numbers but for their heads. `labels` > 0 adds a classifier.
    """
    shapes = {
        "embeddings.cls_token": (1, 1, width),
        "embeddings.patch_embeddings.projection.bias": (width,),
        "embeddings.patch_embeddings.projection.weight": (width, 3, patch, patch),
        "embeddings.position_embeddings": (1, (image // patch) ** 2 + 1, width),
    }
    for index in range(depth):
        shapes |= _block(f"encoder.layer.{index}", width)
    shapes |= _linear("layernorm", width)
    if pooler:
        shapes |= _linear("pooler.dense", width, width)
    tensors = {
        f"{prefix}{name}": _numbers(name, shape) for name, shape in shapes.items()
    }
    if labels:
        head = _linear("classifier", width, labels)
        tensors |= {name: _numbers(name, shape) for name, shape in head.items()}
    return tensors


def tune(
    tensors: Mapping[str, Numbers], *patterns: str, by: str, **delta: object
) -> Tensors:
    """Add a delta named `by` to the tensors whose names fit one of the patterns.

    `delta` sets its size, `rank` or `rows` (see Numbers).
    """
    return {
        name: replace(tensor, tuned=by, **delta) if _fits(name, patterns) else tensor
        for name, tensor in tensors.items()
    }


def renew(tensors: Mapping[str, Numbers], *patterns: str, by: str) -> Tensors:
    """Give the tensors that fit numbers of their own, unrelated to before."""
    return {
        name: replace(tensor, key=f"{by}/{name}") if _fits(name, patterns) else tensor
        for name, tensor in tensors.items()
    }


def cast(tensors: Mapping[str, Numbers], dtype: str) -> Tensors:
    """Store every tensor as `dtype`."""
    return {name: replace(tensor, dtype=dtype) for name, tensor in tensors.items()}


def _block(name: str, width: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for part in ("key", "query", "value"):
        shapes |= _linear(f"{name}.attention.attention.{part}", width, width)
    shapes |= _linear(f"{name}.attention.output.dense", width, width)
    shapes |= _linear(f"{name}.intermediate.dense", width, 4 * width)
    shapes |= _linear(f"{name}.layernorm_after", width)
    shapes |= _linear(f"{name}.layernorm_before", width)
    return shapes | _linear(f"{name}.output.dense", 4 * width, width)


def _linear(name: str, width: int, out: int = 0) -> dict[str, tuple[int, ...]]:
    weight = (out, width) if out else (width,)
    return {f"{name}.bias": (out or width,), f"{name}.weight": weight}


def _numbers(name: str, shape: tuple[int, ...]) -> Numbers:
    is_norm = "layernorm" in name and name.endswith("weight")
    return Numbers(name, shape, center=1.0 if is_norm else 0.0)


def _fits(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)
