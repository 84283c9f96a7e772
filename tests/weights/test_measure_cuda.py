"""The device path, on whatever torch computes here: the CPU at least."""

import numpy as np
import pytest
import torch

from core.errors import UsageError
from core.weights.measure import measure_pairs
from core.weights.measure_cuda import device_sums, find_device

DEVICES = ["cpu-torch"]
if torch.cuda.is_available():
    DEVICES.append("cuda")
if torch.backends.mps.is_available():
    DEVICES.append("mps")


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype("f4")


@pytest.fixture
def pair(in_memory):
    """A base and a child with tensors of many kinds, over and under what is sent."""
    half = (noise(900_000) * 0.02).astype("f2")
    brain = (noise(900_000).view("u4") >> 16).astype("u2")
    tensors = {
        "single": ("F32", noise(600_000), noise(600_000, seed=1)),
        "close": ("F32", noise(600_000), noise(600_000) * np.float32(1.001)),
        "ugly": ("F32", noise(600_000), noise(600_000)),
        "half": ("F16", half, half + np.float16(0.001)),
        "brain": ("BF16", brain, brain ^ 0x8001),
        "double": ("F64", noise(9).astype("f8"), noise(9, seed=1).astype("f8")),
        "small": ("F32", noise(70), noise(70, seed=1)),
        "count": ("I64", np.array(3), np.array(5)),
        "empty": ("F32", noise(0), noise(0)),
    }
    tensors["ugly"][2][[3, 70]] = np.nan, np.inf
    base = in_memory({name: (dtype, x) for name, (dtype, x, _) in tensors.items()})
    child = in_memory({name: (dtype, y) for name, (dtype, _, y) in tensors.items()})
    return base, child, list(zip(base.entries, child.entries, strict=True))


@pytest.mark.parametrize("device", DEVICES)
def test_a_device_tells_the_same_numbers(pair, device):
    here = measure_pairs(*pair)
    there = measure_pairs(*pair, device=device)
    for ours, theirs in zip(here, there, strict=True):
        assert (ours.equal, ours.equal_bytes) == (theirs.equal, theirs.equal_bytes)
        told = theirs.metrics._asdict()
        for name, value in ours.metrics._asdict().items():
            near = value if value is None else pytest.approx(value, rel=1e-6)
            assert told[name] == near, name


def test_lanes_in_single_precision_are_close(pair):
    x, y = torch.from_numpy(noise(50_001)), torch.from_numpy(noise(50_001, seed=1))
    exact, _ = device_sums(x, y, exact=True)
    lanes, _ = device_sums(x, y, exact=False)
    assert lanes.double().tolist() == pytest.approx(exact.tolist(), rel=1e-5)


def test_an_absent_device_is_a_named_error():
    with pytest.raises(UsageError, match="Device tpu is not on this machine"):
        find_device("tpu")
