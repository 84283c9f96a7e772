"""A comparison in the words that one person sends to another."""

import shlex
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from core.derived.compare import compare_paths
from core.derived.message import message


@pytest.fixture
def two(tmp_path):
    """Two files: of three tensors one is equal, one changed, one only in the child."""
    base = {"embed.weight": np.ones((2, 2), "f4"), "layer.0.weight": np.ones(4, "f4")}
    child = {
        **base,
        "layer.0.weight": np.zeros(4, "f4"),
        "head.weight": np.ones(2, "f4"),
    }
    save_file(base, tmp_path / "base.safetensors")
    save_file(child, tmp_path / "my child.safetensors")
    return tmp_path / "base.safetensors", tmp_path / "my child.safetensors"


def test_it_tells_what_the_comparison_found(two):
    found = compare_paths(*two)
    told = message(found, day="2026-11-21", link="http://here/derived?first=a")
    assert f"my child.safetensors against {two[0]}: {found.kind}." in told
    assert found.sentence in told and found.runs in told
    assert "1 equal, 1 changed, 1 added. Compared on 2026-11-21" in told
    assert "http://here/derived?first=a" in told.splitlines()


def test_its_command_names_the_same_two_files(two):
    command = message(compare_paths(*two), day="").splitlines()[-1]
    words = shlex.split(command)
    assert words[:4] == ["python", "-m", "core", "compare"]
    assert [Path(word) for word in words[4:6]] == list(two)


def test_without_a_link_there_is_no_empty_line(two):
    assert "" not in message(compare_paths(*two), day="2026-11-21").splitlines()
