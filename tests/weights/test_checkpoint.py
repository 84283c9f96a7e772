import os

import numpy as np
import pytest
from safetensors.numpy import save, save_file

from core.errors import (
    CorruptCheckpoint,
    NoWeights,
    PedigreeError,
    UnsupportedFormat,
    UsageError,
)
from core.weights.checkpoint import open_checkpoint, open_weights, pick_weights
from core.weights.source import BytesSource

TENSORS = {"w": np.arange(4, dtype="f4")}


@pytest.mark.parametrize(
    ("files", "picked"),
    [
        (["pytorch_model.bin", "model.safetensors"], "model.safetensors"),
        (["pytorch_model.bin", "model.safetensors.index.json",
          "model-00001-of-00001.safetensors"], "model.safetensors.index.json"),
        (["adapter_model.safetensors", "pytorch_model.bin"], "pytorch_model.bin"),
        (["adapter_config.json", "adapter_model.bin"], "adapter_model.bin"),
        (["training_args.bin", "optimizer.pt", "net.pth"], "net.pth"),
        (["x-q4_k_m.gguf", "y-f16.gguf"], "y-f16.gguf"),
        (["open_clip_model.safetensors", "open_clip_pytorch_model.bin"],
         "open_clip_model.safetensors"),
        (["tf_model.h5", "pytorch_model.bin"], "pytorch_model.bin"),
    ],
)  # fmt: skip
def test_the_file_that_holds_the_weights_is_picked(files, picked):
    assert pick_weights(files, "m") == pick_weights(files[::-1], "m") == picked


@pytest.mark.parametrize(
    ("files", "error", "happened"),
    [
        ([], NoWeights, "no weight file"),
        (["config.json", "training_args.bin"], NoWeights, "no weight file"),
        (["a.safetensors", "b.safetensors"], NoWeights, "several weight files"),
        (["tf_model.h5"], UnsupportedFormat, r"tf_model\.h5"),
        (["flax_model.msgpack", "config.json"], UnsupportedFormat, "msgpack"),
    ],
)
def test_a_folder_without_a_file_to_compare_says_why(files, error, happened):
    with pytest.raises(error, match=happened):
        pick_weights(files, "m")


def test_training_checkpoints_inside_the_folder_are_left_alone(tmp_path):
    (tmp_path / "checkpoint-500").mkdir()
    save_file(TENSORS, tmp_path / "checkpoint-500" / "model.safetensors")
    with pytest.raises(NoWeights):
        open_checkpoint(tmp_path)


@pytest.mark.parametrize("name", ["model.safetensors", "weights.bin", "odd-name"])
def test_a_file_is_opened_by_its_content(name, tmp_path):
    save_file(TENSORS, tmp_path / name)
    with open_checkpoint(tmp_path / name) as checkpoint:
        assert checkpoint.format == "safetensors"
        assert checkpoint.entries[0].file == name
        assert checkpoint.size_bytes == (tmp_path / name).stat().st_size


def test_a_path_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        open_checkpoint(tmp_path / "nothing")


@pytest.mark.parametrize(
    "content", [b"", b"version https://git-lfs", b"<!doctype html>"]
)
@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin", "m.gguf"])
def test_what_is_not_a_checkpoint_is_one_clear_error(content, name, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorruptCheckpoint, match=name):
        open_checkpoint(tmp_path)


def test_any_place_that_answers_ranges_will_do():
    files = {"model.safetensors": save(TENSORS), "config.json": b"{}"}
    checkpoint = open_weights(
        "owner/name",
        pick_weights(files, "owner/name"),
        files,
        lambda file: BytesSource(files[file], f"owner/name/{file}"),
    )
    assert checkpoint.name == "owner/name" and len(checkpoint.entries) == 1


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
def test_a_file_that_cannot_be_read_is_closed(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"x" * 100)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(PedigreeError):
        open_checkpoint(tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before
