"""A small local family of known descent: strangers, copies, a near copy, a child of a
child that is declared as a child of the base, a merge, and cards that say otherwise.
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

BLOCKS = 4
WIDTH = 24
Weights = dict[str, np.ndarray]


def body_names() -> list[str]:
    """Return the names of the backbone's tensors."""
    parts = "attention.output.dense", "intermediate.dense", "output.dense"
    return [
        f"vit.encoder.layer.{block}.{part}.weight"
        for block in range(BLOCKS)
        for part in parts
    ]


def base_weights() -> Weights:
    """Return the backbone of the base."""
    random = np.random.default_rng(0)
    drawn = {name: random.normal(size=(WIDTH, WIDTH)) for name in body_names()}
    return {name: array.astype(np.float32) for name, array in drawn.items()}


def trained(weights: Weights, seed: int, step: float = 0.01) -> Weights:
    """Return the weights with noise of `step` added to each."""
    random = np.random.default_rng(seed)
    return {
        name: value + step * random.normal(size=value.shape).astype(np.float32)
        for name, value in weights.items()
    }


def save_model(
    folder: Path, weights: Weights, card: str = "base_model: vit", *, seed: int = 0
) -> Path:
    """Write a model folder with a head drawn from `seed`."""
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(f"---\n{card}\n---\n")
    head = np.random.default_rng(seed).normal(size=(3 + seed % 2, WIDTH))
    head = {"classifier.weight": head.astype(np.float32)}
    save_file(weights | head, folder / "model.safetensors")
    return folder


def save_siblings(root: Path) -> Path:
    """Write the family below `root` and return the folder of its base, `vit`."""
    base = base_weights()
    first, other = trained(base, 1), trained(base, 11)
    save_model(root / "vit", base, "license: mit")
    save_model(root / "first", first, seed=1)
    save_model(root / "grandchild", trained(first, 2, step=0.004), seed=2)
    save_model(root / "near", trained(first, 3, step=0.0003), seed=3)
    save_model(root / "reupload", first, seed=1)
    save_model(root / "other", other, seed=11)
    save_model(root / "another", trained(base, 12), seed=12)
    merged = {name: 0.7 * other[name] + 0.3 * first[name] for name in base}
    card = "base_model: [other, first, vit]\nbase_model_relation: merge"
    save_model(root / "merged", merged, card, seed=5)
    save_model(root / "far", trained(base, 13, step=30.0), seed=13)
    save_model(root / "same", base)
    return root / "vit"
