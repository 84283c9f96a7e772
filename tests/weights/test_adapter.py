import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from core.errors import CorruptCheckpoint
from core.weights.adapter import AdapterConfig, read_adapter_config
from core.weights.checkpoint import open_checkpoint
from core.weights.source import BytesSource

CONFIG = {
    "peft_type": "LORA",
    "r": 8,
    "lora_alpha": 16,
    "target_modules": ["query", "value"],
    "modules_to_save": ["classifier"],
    "base_model_name_or_path": "owner/base",
}
QUERY = "base_model.model.vit.encoder.layer.0.attention.attention.query"


@pytest.fixture
def folder(tmp_path):
    tensors = {
        f"{QUERY}.lora_A.weight": np.ones((8, 4), "f4"),
        f"{QUERY}.lora_B.weight": np.ones((4, 8), "f4"),
        "base_model.model.classifier.weight": np.ones((2, 4), "f4"),
        "base_model.model.classifier.bias": np.ones(2, "f4"),
    }
    save_file(tensors, tmp_path / "adapter_model.safetensors")
    (tmp_path / "adapter_config.json").write_text(json.dumps(CONFIG))
    return tmp_path


def config_of(fields):
    return read_adapter_config(BytesSource(json.dumps(fields).encode(), "config"))


def test_an_adapter_folder_is_an_adapter(folder):
    with open_checkpoint(folder) as checkpoint:
        assert len(checkpoint.entries) == 4
    assert checkpoint.format == "adapter"
    assert checkpoint.metadata["rank"] == "8"
    assert checkpoint.metadata["base"] == "owner/base"


def test_an_adapter_saved_by_torch(folder):
    import torch

    (folder / "adapter_model.safetensors").unlink()
    tensors = {f"{QUERY}.lora_A.weight": torch.ones(8, 4)}
    torch.save(tensors, folder / "adapter_model.bin")
    with open_checkpoint(folder / "adapter_model.bin") as checkpoint:
        assert (checkpoint.format, len(checkpoint.entries)) == ("adapter", 1)


def test_what_a_config_declares_is_read():
    assert config_of(CONFIG) == AdapterConfig(
        "LORA", 8, 16, ("query", "value"), ("classifier",), "owner/base"
    )


def test_a_pattern_and_nulls_are_read():
    config = config_of({"target_modules": ".*q", "modules_to_save": None, "r": True})
    assert config == AdapterConfig(target_modules=(".*q",))


@pytest.mark.parametrize(
    "content", [b"[]", b"{", b'{"r": 1, "r": 2}', bytes(5_000_000)]
)
def test_a_broken_config_is_corrupt(content):
    with pytest.raises(CorruptCheckpoint):
        read_adapter_config(BytesSource(content, "adapter_config.json"))
