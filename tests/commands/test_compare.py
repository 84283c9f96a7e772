"""`python -m core compare`, as a person and as a script read it."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from core.__main__ import run
from core.derived.compare import METRICS, compare_paths


@pytest.fixture
def pair(tmp_path):
    """A base and a child whose last matrix is larger by a tenth."""
    random = np.random.default_rng(0)
    base = {
        "layer.0.weight": random.standard_normal((8, 8)).astype("f4"),
        "classifier.weight": random.standard_normal((2, 8)).astype("f4"),
    }
    child = base | {"classifier.weight": base["classifier.weight"] * np.float32(1.1)}
    paths = tmp_path / "base.safetensors", tmp_path / "child.safetensors"
    for path, tensors in zip(paths, (base, child), strict=True):
        save_file(tensors, path)
    return paths


def test_the_text_says_what_changed_and_how_far(pair, capsys):
    assert run(["compare", *map(str, pair), "--metrics"]) == 0
    first, second, third, *rows = capsys.readouterr().out.splitlines()
    assert str(pair[1]) in first and str(pair[0]) in first
    assert second.startswith("head-only: ")
    assert third == "1 equal, 1 changed, 0 added, 0 removed, 0 reshaped"
    (changed,) = [row.split() for row in rows if row.startswith("classifier.weight")]
    assert changed[1:5] == ["2x8", "F32", "changed", "bytes"]
    assert float(changed[5]) == pytest.approx(0.1, rel=1e-5)
    assert float(changed[6]) == pytest.approx(1, rel=1e-6)


def test_the_document_is_that_of_the_library(pair, capsys):
    assert run(["compare", *map(str, pair), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["kind"] == compare_paths(*pair).kind == "head-only"
    assert not set(METRICS) & set(document["tensors"][0])


def test_a_file_that_is_not_there_is_one_sentence(pair, capsys):
    assert run(["compare", str(pair[0]), str(pair[0].with_name("none"))]) == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and "none" in said.err
