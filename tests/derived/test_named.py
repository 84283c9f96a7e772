"""Two checkpoints by what a person typed, on the Hub and here."""

import json
import subprocess
import sys
from contextlib import ExitStack

import pytest

from core.derived.compare import compare_checkpoints
from core.derived.named import open_named
from core.errors import RepositoryNotFound, UsageError
from core.settings import load_settings
from tests.standin import Standin, generated_safetensors, tune, vit

TINY = {"width": 32, "depth": 2, "image": 32}


@pytest.fixture
def hub():
    with Standin() as hub:
        weights = vit(**TINY)
        for id, tensors in (
            ("ann/vit", weights),
            ("bob/tuned", tune(weights, "*layer.1.*", by="bob")),
        ):
            content = generated_safetensors(tensors)
            hub.repository(id, files={"model.safetensors": content})
        yield hub


def settings_of(hub, tmp_path):
    return load_settings({"HF_ENDPOINT": hub.endpoint, "PEDIGREE_CACHE": str(tmp_path)})


def test_two_models_of_the_hub_are_compared(hub, tmp_path):
    settings = settings_of(hub, tmp_path)
    with ExitStack() as stack:
        base = open_named("ann/vit", settings, stack)
        found = compare_checkpoints(base, open_named("bob/tuned", settings, stack))
    assert (found.kind, found.frozen_blocks) == ("frozen-prefix", 1)


def test_the_command_line_answers_with_one_document(hub, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "core", "compare", "ann/vit", "ann/vit", "--json"],
        env={"HF_ENDPOINT": hub.endpoint, "PEDIGREE_CACHE": str(tmp_path), "PATH": ""},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["kind"] == "identical"


def test_what_is_nowhere_is_named(hub, tmp_path):
    settings = settings_of(hub, tmp_path)
    with ExitStack() as stack, pytest.raises(RepositoryNotFound, match="eve/nothing"):
        open_named("eve/nothing", settings, stack)
    with ExitStack() as stack, pytest.raises(UsageError):
        open_named(str(tmp_path / "absent"), settings, stack)
