"""The columns of a freeze map at every level, on the names of real checkpoints."""

import pandas as pd
import pytest

from core.derived.columns import LEVELS, column_labels, in_forward_order
from core.weights.entry import TensorEntry
from core.weights.layout import layout


def tensors(*names, added=()):
    """Return the rows that a checkpoint of these names would give."""
    entries = [TensorEntry(name, "F32", (4, 4), 0, 64) for name in names]
    roles = layout(entries)
    return pd.DataFrame(
        {
            "name": name, "base_name": None if name in added else name,
            "block": roles[name].block, "component": roles[name].component,
            "order": roles[name].order,
        }
        for name in names
    )  # fmt: skip


def columns(rows, by):
    return in_forward_order(column_labels(rows, by), rows)


RESNET = (
    "conv1.weight", "layer1.0.conv1.weight", "layer1.1.conv1.weight",
    "layer2.0.conv1.weight", "fc.weight",
)  # fmt: skip


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("component", ["backbone", "head"]),
        ("stage", ["stem", "stage 1", "stage 2", "head"]),
        ("block", ["stem", "stage 1.0", "stage 1.1", "stage 2.0", "head"]),
        ("tensor", list(RESNET)),
    ],
)
def test_a_network_with_stages_keeps_them_and_parts_them_into_blocks(by, expected):
    assert columns(tensors(*RESNET), by) == expected


def test_blocks_without_stages_are_dealt_into_four_in_order():
    rows = tensors("cls_token", *(f"encoder.layer.{n}.w.weight" for n in range(6)))
    assert columns(rows, "stage") == [
        "stem", "blocks 0–1", "blocks 2–3", "block 4", "block 5"
    ]  # fmt: skip


def test_two_towers_are_dealt_apart():
    rows = tensors(
        *(f"{tower}.layers.{n}.fc.weight" for tower in ("encoder", "decoder")
          for n in range(8))
    )  # fmt: skip
    stages = columns(rows, "stage")
    assert stages[0] == "encoder blocks 0–1" and stages[-1] == "decoder blocks 6–7"


def test_block_ten_comes_after_block_nine_inside_a_stage():
    rows = tensors(*(f"layer3.{n}.conv1.weight" for n in (10, 9, 2)))
    assert columns(rows, "block") == ["stage 3.2", "stage 3.9", "stage 3.10"]


def test_what_a_child_added_inside_a_stage_stands_before_its_blocks():
    rows = tensors("layer1.0.lora.weight", *RESNET, added=["layer1.0.lora.weight"])
    assert columns(rows, "block")[:3] == ["stem", "stage 1", "stage 1.0"]


def test_what_a_child_added_stands_after_the_bases_own_of_its_block():
    rows = tensors("conv1.adapter.weight", *RESNET, added=["conv1.adapter.weight"])
    assert columns(rows, "tensor")[:2] == ["conv1.weight", "conv1.adapter.weight"]


@pytest.mark.parametrize("by", LEVELS)
def test_nothing_has_no_columns(by):
    assert columns(tensors(*RESNET).iloc[:0], by) == []
