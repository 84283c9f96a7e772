"""A tiny family of models, written as files, and a store that holds it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from core.snapshots.store.add import add_model
from core.snapshots.store.model_store import ModelStore

LAYERS = ("stem.weight", "block.0.weight", "block.1.weight", "head.weight")


@pytest.fixture
def tensors() -> dict[str, np.ndarray]:
    numbers = np.random.default_rng(0)
    made = {name: numbers.standard_normal((64, 32), np.float32) for name in LAYERS}
    return made | {
        "steps": np.array(3, np.int64),
        "empty": np.zeros((0, 4), np.float32),
    }


@pytest.fixture
def write(tmp_path) -> Callable[..., Path]:
    """Write tensors as a model folder."""

    def written(id: str, tensors: dict[str, np.ndarray]) -> Path:
        folder = tmp_path / "published" / id
        folder.mkdir(parents=True)
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        (folder / "config.json").write_text('{"model_type": "resnet"}')
        return folder

    return written


@pytest.fixture
def family(write, tensors) -> dict[str, Path]:
    """A base and six children, the n-th of which changed its last n // 2 + 1 layers."""
    numbers = np.random.default_rng(1)
    folders = {"base": write("base", tensors)}
    for number in range(6):
        child = dict(tensors)
        for name in LAYERS[-(number // 2 + 1) :]:
            noise = numbers.standard_normal((64, 32), np.float32)
            child[name] = tensors[name] + np.float32(0.001) * noise
        folders[f"child-{number}"] = write(f"child-{number}", child)
    return folders


@pytest.fixture
def store(tmp_path) -> ModelStore:
    return ModelStore(tmp_path / "store", create=True)


@pytest.fixture
def filled(store, family) -> ModelStore:
    """A store that holds the family, with its lineage."""
    for id, folder in family.items():
        told = {} if id == "base" else {"base": "base", "parent": "base"}
        add_model(store, id, folder, lineage=told)
    return store
