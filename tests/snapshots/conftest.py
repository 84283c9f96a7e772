"""Four tiny networks, one of each kind that is charted, and small datasets."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from core.device import Device, detect_device
from core.snapshots.architecture import Architecture, find_architecture
from core.snapshots.datasets import Caps, Dataset, load_dataset

KINDS = ("resnet", "vit", "efficientnet", "mobilenet")


@pytest.fixture(scope="session")
def tiny() -> Mapping[str, Architecture]:
    """A ResNet, a ViT, an EfficientNet and a MobileNet; one at least a library."""
    settings = [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 2, 2]]
    return {
        "resnet": find_architecture(
            "transformers/resnet", side=16, embedding_size=8, layer_type="basic",
            hidden_sizes=[8, 12, 16, 20], depths=[2, 2, 2, 2],
        ),
        "vit": find_architecture(
            "transformers/vit", side=16, hidden_size=16, num_hidden_layers=6,
            num_attention_heads=2, intermediate_size=32, image_size=16, patch_size=4,
        ),
        "efficientnet": find_architecture("timm/test_efficientnet", side=32),
        "mobilenet": find_architecture(
            "torchvision/mobilenet_v2", side=32, width_mult=0.1,
            inverted_residual_setting=settings,
        ),
    }  # fmt: skip


@pytest.fixture(scope="session")
def caps() -> Caps:
    return Caps(train=80, validation=30, test=40)


@pytest.fixture(scope="session")
def digits(caps) -> Dataset:
    return load_dataset("digits", caps=caps)


@pytest.fixture(scope="session")
def cpu() -> Device:
    return detect_device("cpu")


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Sums depend on how many threads share them."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, bytes]]:
    """Return a function that reads the bytes of every tensor of a model folder."""
    from core.transfer.state import read_state

    def read(folder: Path) -> dict[str, bytes]:
        state, _ = read_state(folder)
        return {name: tensor.numpy().tobytes() for name, tensor in state.items()}

    return read


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for a `kind` on each of the four."""
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", KINDS)
