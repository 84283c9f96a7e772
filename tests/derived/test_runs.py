"""Blocks and their run-length string."""

import pytest

from core.derived.runs import BlockVerdict, Run, block_verdicts, runs, spell
from core.derived.verdict import TensorVerdict
from core.weights.layout import TensorRole


def tensor(block: str, verdict: str, order: int = 0, **role) -> TensorVerdict:
    """A verdict on a tensor of some block; `verdict` "added" has no base."""
    where = TensorRole("t", block, "backbone", order, **role)
    base = None if verdict == "added" else "t"
    return TensorVerdict("t", base, (2,), (2,), "F32", verdict, "bytes", where)


def states(*tensors: TensorVerdict) -> list[tuple[str, str]]:
    return [(block.name, block.verdict) for block in block_verdicts(tensors)]


def test_runs_merge_neighbors_and_keep_the_order():
    blocks = [BlockVerdict(name, "equal") for name in "ab"]
    blocks += [BlockVerdict(name, "new") for name in "cd"]
    assert runs(blocks) == [Run("equal", "a", "b", 2), Run("new", "c", "d", 2)]
    assert spell(runs(blocks)) == "a – b equal, c – d new"
    assert runs([]) == []


@pytest.mark.parametrize(
    ("verdicts", "state"),
    [
        (["equal", "equal"], "equal"),
        (["changed", "reshaped"], "changed"),
        (["equal", "changed"], "mixed"),
        (["added"], "new"),
        (["removed"], "gone"),
        (["unknown"], "unknown"),
        (["equal", "unknown"], "mixed"),
    ],
)
def test_a_block_is_what_its_parameters_are(verdicts, state):
    assert states(*(tensor("block 0", verdict) for verdict in verdicts)) == [
        ("block 0", state)
    ]


@pytest.mark.parametrize(
    ("verdicts", "state"),
    [(["reshaped"], "new"), (["removed", "added"], "new"), (["changed"], "changed")],
)
def test_a_head_of_another_shape_is_new(verdicts, state):
    heads = [tensor("head", verdict, is_head=True) for verdict in verdicts]
    assert states(*heads) == [("head", state)]


def test_blocks_come_in_forward_order_and_the_childs_own_last():
    found = states(
        tensor("head", "changed", 9),
        tensor("stem", "equal", 0),
        tensor("neck", "added", 1),
        tensor("block 1", "equal", 2),
    )
    assert [name for name, _ in found] == ["stem", "block 1", "head", "neck"]


def test_buffers_and_unreached_parameters_are_not_counted():
    assert states(
        tensor("stem", "equal"),
        tensor("stem", "changed", is_parameter=False),
        tensor("stem", "changed", is_unreached=True),
    ) == [("stem", "equal")]


@pytest.mark.parametrize(
    ("layers", "cut", "reverse"),
    [
        ("EC", True, False),
        ("EECC", True, False),
        ("CE", False, True),
        ("ECE", False, False),
        ("EE", False, False),
    ],
)
def test_a_stage_may_be_cut_inside(layers, cut, reverse):
    words = {"E": "equal", "C": "changed"}
    (block,) = block_verdicts(
        tensor("stage 1", words[letter], layer=i) for i, letter in enumerate(layers)
    )
    assert (block.is_cut, block.is_reverse_cut) == (cut, reverse)
