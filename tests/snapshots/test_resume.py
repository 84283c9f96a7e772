"""Training that is killed with SIGKILL, at many points, ends in the same bytes."""

import multiprocessing
import os
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch

from core.snapshots.checkpoint import load_checkpoint
from core.snapshots.datasets import load_dataset
from core.snapshots.generate import make_base
from core.snapshots.lineage import read_snapshot
from core.snapshots.recipe import Recipe
from core.snapshots.train import train_snapshot

pytestmark = pytest.mark.usefixtures("one_thread")

RECIPE = Recipe(
    "child", "base", 3, epochs=3, batch_size=20, learning_rate=5e-3, seed=4,
    checkpoint_steps=2,
)  # fmt: skip
SLOW_TO_IMPORT = (
    "pytest", "pandas", "torch._dynamo", "torchvision", "transformers", "PIL.Image",
    "sklearn.datasets", "scipy.optimize", "safetensors.torch",
)  # fmt: skip
REPORTS = 3 + 3 * 4
"""The kept features are told three times, and each of three epochs has four steps."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory, tiny, digits, cpu, one_thread):
    """A ViT with dropout and a ResNet, each with a child made without interruption."""
    dropout = {**tiny["vit"].options, "hidden_dropout_prob": 0.2}
    families = {
        "resnet": tiny["resnet"], "vit": replace(tiny["vit"], options=dropout),
    }  # fmt: skip
    made = {}
    for kind, architecture in families.items():
        root = tmp_path_factory.mktemp(kind)
        make_base(root, "base", architecture)
        train_snapshot(root, RECIPE, digits, device=cpu)
        made[kind] = root, architecture
    return made


@dataclass
class Killed:
    """Kills its own process at its n-th report."""

    left: int

    def __call__(self, fraction: float, message: str) -> None:
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1


def train(root, caps, device, progress) -> None:
    torch.set_num_threads(1)
    digits = load_dataset("digits", caps=caps)
    train_snapshot(root, RECIPE, digits, device=device, progress=progress)


@pytest.fixture(scope="module")
def clean():
    """Processes that come from one in which no thread of torch was ever started."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*SLOW_TO_IMPORT])
    return context


@pytest.fixture
def process(clean, caps, cpu):
    """Start training in a process of its own."""

    def start(root: Path, progress=None):
        process = clean.Process(target=train, args=(root, caps, cpu, progress))
        process.start()
        return process

    return start


def killed_at(report: int, root: Path, process) -> int:
    """Train in a process that kills itself at its n-th report."""
    started = process(root, Killed(report))
    started.join(60)
    return started.exitcode


def outcome(root: Path) -> tuple:
    found = read_snapshot(root / "child")
    epochs = [{k: v for k, v in row.items() if k != "seconds"}
              for row in found.metrics["epochs"]]  # fmt: skip
    weights = (root / "child/model.safetensors").read_bytes()
    return weights, found.weights_digest, found.metrics["test"], epochs


@pytest.mark.parametrize(
    ("family", "points"),
    [("resnet", (0, 6, 6)), ("resnet", (REPORTS - 1,)), ("vit", (2, 5)), ("vit", (9,))],
)
def test_a_killed_training_ends_in_the_same_bytes(
    family, points, whole, tmp_path, process, digits, cpu
):
    root, architecture = whole[family]
    make_base(tmp_path, "base", architecture)
    for point in points:
        assert killed_at(point, tmp_path, process) == -signal.SIGKILL
        assert not (tmp_path / "child").exists()
    train_snapshot(tmp_path, RECIPE, digits, device=cpu)
    assert outcome(tmp_path) == outcome(root)
    left = [path for path in (tmp_path / ".unfinished").iterdir()]
    assert all(path.suffix == ".lock" for path in left)


@pytest.mark.parametrize(
    "sign",
    [
        ".unfinished/child/epochs.json",
        ".unfinished/child/child",
        ".unfinished/child.new",
    ],
)
def test_a_training_killed_while_it_writes_ends_in_the_same_bytes(
    sign, whole, tmp_path, process, digits, cpu
):
    root, architecture = whole["resnet"]
    make_base(tmp_path, "base", architecture)
    started = process(tmp_path)
    while started.is_alive() and not (tmp_path / sign).exists():
        time.sleep(0.0005)
    started.kill()
    started.join(60)
    train_snapshot(tmp_path, RECIPE, digits, device=cpu)
    assert outcome(tmp_path) == outcome(root)


def test_a_checkpoint_of_another_recipe_or_a_broken_one_is_not_taken_up(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    assert load_checkpoint(path, "key") is None
    path.write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00{}      ")
    assert load_checkpoint(path, "key") is None


def test_a_checkpoint_holds_no_pickle(tmp_path, tiny, process):
    make_base(tmp_path, "base", tiny["resnet"])
    killed_at(9, tmp_path, process)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "checkpoint.safetensors" for path in files)
    assert {path.suffix for path in files} <= {".safetensors", ".json", ".md", ".lock"}
