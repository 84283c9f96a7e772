import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from core.errors import CorruptCheckpoint
from core.weights.array import read_tensor
from core.weights.checkpoint import open_checkpoint
from core.weights.shards import read_index
from core.weights.source import BytesSource

SHARDS = {
    "model-00001-of-00002.safetensors": {"a": np.arange(3.0), "b": np.ones((2, 2))},
    "model-00002-of-00002.safetensors": {"c": np.zeros(4, "f2")},
}


@pytest.fixture
def folder(tmp_path):
    for name, tensors in SHARDS.items():
        save_file(tensors, tmp_path / name)
    write_index(tmp_path, {t: name for name, shard in SHARDS.items() for t in shard})
    return tmp_path


def write_index(folder, weight_map):
    index = {"metadata": {"total_size": 64}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def index_of(weight_map):
    content = json.dumps({"weight_map": weight_map}).encode()
    return read_index(BytesSource(content, "model.safetensors.index.json"))


def test_shards_are_one_checkpoint(folder):
    with open_checkpoint(folder) as checkpoint:
        found = {e.name: read_tensor(checkpoint, e) for e in checkpoint.entries}
    assert checkpoint.format == "safetensors" and set(checkpoint.sources) == set(SHARDS)
    assert checkpoint.metadata["total_size"] == "64"
    for tensors in SHARDS.values():
        for name, array in tensors.items():
            np.testing.assert_array_equal(found[name], array)


def test_torch_shards_keep_their_storages_apart(tmp_path):
    import torch

    weight_map = {}
    for number in (1, 2):
        file = f"pytorch_model-0000{number}-of-00002.bin"
        torch.save({f"w{number}": torch.ones(number)}, tmp_path / file)
        weight_map[f"w{number}"] = file
    index = tmp_path / "pytorch_model.bin.index.json"
    index.write_text(json.dumps({"weight_map": weight_map}))
    with open_checkpoint(index) as checkpoint:
        storages = {entry.storage for entry in checkpoint.entries}
    assert checkpoint.format == "torch-zip" and len(storages) == 2


def test_a_missing_shard_is_named(folder):
    (folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(CorruptCheckpoint, match="model-00002-of-00002"):
        open_checkpoint(folder)


def test_a_tensor_that_its_shard_lacks_is_named(folder):
    write_index(folder, {"a": "model-00002-of-00002.safetensors"})
    with pytest.raises(CorruptCheckpoint, match="places 'a'"):
        open_checkpoint(folder)


@pytest.mark.parametrize(
    "shard",
    ["../w.safetensors", "/etc/passwd", "a/b", "..", "", "a\\b", "C:w", "a\0", 3],
)
def test_shards_outside_the_folder_are_refused(shard):
    with pytest.raises(CorruptCheckpoint, match="outside its folder"):
        index_of({"a": shard})


@pytest.mark.parametrize("weight_map", [{}, [], None, "x"])
def test_an_index_without_a_map_is_corrupt(weight_map):
    with pytest.raises(CorruptCheckpoint, match="no weight_map"):
        index_of(weight_map)
