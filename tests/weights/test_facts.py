"""The header of a file in a few facts."""

import numpy as np
from safetensors.numpy import save_file

from core.weights.checkpoint import open_checkpoint
from core.weights.facts import facts_side_by_side, header_facts


def test_facts_count_what_the_file_holds(tmp_path):
    weights = {"a": np.zeros((2, 3), "f4"), "b": np.zeros(4, "f2")}
    save_file(weights, tmp_path / "x.safetensors", {"format": "pt"})
    with open_checkpoint(tmp_path / "x.safetensors") as opened:
        facts = header_facts(opened)
    assert (facts["tensors"], facts["elements"]) == (2, 10)
    assert facts["metadata: format"] == "pt"
    assert facts["size_bytes"] == (tmp_path / "x.safetensors").stat().st_size


def test_what_only_one_file_says_is_empty_in_the_other(tmp_path):
    save_file({"a": np.zeros(1, "f4")}, tmp_path / "x.safetensors", {"by": "us"})
    save_file({"a": np.zeros(1, "f4")}, tmp_path / "y.safetensors")
    with (
        open_checkpoint(tmp_path / "x.safetensors") as one,
        open_checkpoint(tmp_path / "y.safetensors") as other,
    ):
        frame = facts_side_by_side(one, other)
    assert frame.loc["metadata: by"].tolist() == ["us", ""]
