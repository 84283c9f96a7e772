"""Features are computed once: batches, kills and damaged files change nothing."""

import dataclasses
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from PIL import Image

from core.device import detect_device
from core.errors import JobCancelled, UsageError
from core.settings import PROJECT_ROOT, Settings
from core.transfer.backbones import Backbone
from core.transfer.features import extract, features_folder, stream
from core.transfer.images import image_array, image_folder
from core.transfer.preprocess import Preprocess
from core.transfer.running import start_runner
from core.transfer.shards import SHARD_IMAGES

CPU = detect_device("cpu")


class Means(torch.nn.Module):
    """Answers with the mean and the corner of each image; remembers how many it saw."""

    def __init__(self, most: int = 10**9) -> None:
        super().__init__()
        self.seen, self.most = 0, most

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if len(x) > self.most:
            raise torch.OutOfMemoryError("the card is full")
        self.seen += len(x)
        features = torch.stack([x.mean((1, 2, 3)), x[:, 0, 0, 0]], 1)
        return features, features @ torch.tensor([[1.0, 0, 2], [0, 1, 3]])


def backbone(**options) -> Backbone:
    plain = Preprocess((4, 4), (4, 4), "nearest", (0.0,), (1.0,))
    return Backbone("means", Means(**options), plain, "means-1", "means")


@pytest.fixture(scope="module")
def digits():
    return ramp()


def ramp():
    """Paint images whose values tell them apart: three shards."""
    count = 2 * SHARD_IMAGES + 76
    values = np.arange(count) / count
    images = np.broadcast_to(values[:, None, None], (count, 4, 4))
    return image_array("ramp", images, np.arange(count) % 7, tuple("abcdefg"))


@pytest.fixture
def settings(tmp_path):
    return Settings(tmp_path / "cache")


def truth(digits) -> np.ndarray:
    """Compute the features one image at a time, without batches or shards."""
    pixels = [np.asarray(digits.read(i), np.float32) / 255 for i in range(len(digits))]
    return np.array([[p.mean(), p[0, 0]] for p in pixels])


@pytest.mark.parametrize("size", [1, 100, 512, None])
def test_batches_change_nothing(digits, settings, size):
    found = extract(digits, backbone(), settings, device=CPU, batch_size=size)
    np.testing.assert_allclose(found.features, truth(digits), atol=1e-6)
    assert np.array_equal(found.labels, digits.labels)
    np.testing.assert_allclose(found.source_probabilities.sum(1), 1, atol=1e-6)


def test_a_second_call_computes_nothing(digits, settings):
    network = backbone()
    assert extract(digits, network, settings, device=CPU).computed == len(digits)
    before = network.network.seen
    again = extract(digits, network, settings, device=CPU)
    assert again.computed == 0 and network.network.seen == before
    parts = list(stream(digits, network, "float32", settings))
    assert np.array_equal(np.concatenate([part for part, _ in parts]), again.features)


def test_a_stopped_run_goes_on_at_the_last_whole_shard(digits, settings):
    calls = []
    with pytest.raises(JobCancelled, match="start it again to resume"):
        extract(
            digits, backbone(), settings, device=CPU, batch_size=64,
            progress=lambda *told: calls.append(told),
            cancelled=lambda: len(calls) >= 6,
        )  # fmt: skip
    rest = extract(digits, backbone(), settings, device=CPU)
    assert rest.computed == len(digits) - SHARD_IMAGES
    np.testing.assert_allclose(rest.features, truth(digits), atol=1e-6)


def test_a_damaged_shard_is_made_again(digits, settings):
    whole = extract(digits, backbone(), settings, device=CPU)
    folder = features_folder(digits, backbone(), "float32", settings)
    shard = folder / "shard-00001.npz"
    shard.write_bytes(shard.read_bytes()[:-999])
    again = extract(digits, backbone(), settings, device=CPU)
    assert again.computed == SHARD_IMAGES
    assert np.array_equal(again.features, whole.features)


@pytest.mark.parametrize("change", [
    {"weights_key": "means-2"},
    {"preprocess": Preprocess((4, 4), (4, 4), "nearest", (0.5,), (1.0,))},
])  # fmt: skip
def test_other_weights_or_preprocessing_are_other_features(digits, settings, change):
    other = dataclasses.replace(backbone(), **change)
    folders = {features_folder(digits, b, "float32", settings)
               for b in (backbone(), other)}  # fmt: skip
    assert len(folders) == 2


def test_a_full_card_takes_smaller_pieces(digits, settings):
    small = backbone(most=100)
    found = extract(digits, small, settings, device=CPU, batch_size=512)
    np.testing.assert_allclose(found.features, truth(digits), atol=1e-6)


def test_a_card_too_small_for_one_image_is_told(digits, settings):
    with pytest.raises(UsageError, match="not enough free memory for one image"):
        extract(digits, backbone(most=0), settings, device=CPU, batch_size=8)


def test_a_cpu_takes_only_what_is_sure_to_fit():
    tight = dataclasses.replace(CPU, free_bytes=2 * 10 * 20)
    assert start_runner(backbone(), tight, "float32", None).piece == 10


def test_mixed_precision_stays_close(digits, settings):
    found = extract(digits, backbone(), settings, device=CPU, precision="bfloat16")
    np.testing.assert_allclose(found.features, truth(digits), atol=0.01)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
def test_a_gpu_gives_the_same(digits, settings):
    found = extract(digits, backbone(), settings, precision="float32")
    np.testing.assert_allclose(found.features, truth(digits), atol=1e-5)


def test_unreadable_images_are_rows_with_a_reason(tmp_path, settings):
    for index, name in enumerate(("a/1.png", "a/2.png", "b/3.png")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("L", (5, 5), 50 * index).save(tmp_path / name)
    (tmp_path / "a/2.png").write_bytes(b"no image")
    found = extract(image_folder(tmp_path), backbone(), settings, device=CPU)
    assert found.features.shape == (2, 2) and found.labels.tolist() == [0, 1]
    assert [(f.name, f.reason) for f in found.failures] == [
        ("a/2.png", "is no image of a known format")
    ]
    (tmp_path / "a/1.png").write_bytes(b"")
    (tmp_path / "b/3.png").write_bytes(b"")
    with pytest.raises(UsageError, match="no image that can be read"):
        extract(image_folder(tmp_path), backbone(), settings, device=CPU)


KILLED = """
import sys, time
from pathlib import Path
sys.path[:0] = [sys.argv[1] + "/tests/transfer"]
from core.settings import Settings
from core.transfer.features import extract
from test_features import CPU, backbone, ramp
slow = lambda fraction, message: (print(message, flush=True), time.sleep(0.1))
extract(ramp(), backbone(), Settings(Path(sys.argv[2])), device=CPU, batch_size=64,
        progress=slow)
"""


def test_a_killed_process_loses_only_its_last_shard(tmp_path):
    run = [sys.executable, "-c", KILLED, str(PROJECT_ROOT), str(tmp_path)]
    process = subprocess.Popen(run, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True)
    while not list(tmp_path.glob("features/*/shard-00000.npz")):
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    rest = extract(ramp(), backbone(), Settings(tmp_path), device=CPU)
    assert rest.computed == len(ramp()) - SHARD_IMAGES
    np.testing.assert_allclose(rest.features, truth(ramp()), atol=1e-6)
    assert not list(tmp_path.glob("features/*/.shard*"))
