"""The freeze map as numbers, against a slow loop."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.derived.matrix import (
    DISTANCE_EDGES,
    EVIDENCE,
    NOT_MEASURED,
    NOTHING,
    TENSOR_CODES,
    VERDICT_CODES,
    verdict_matrix,
)

FACTS = {"is_parameter": True, "is_unreached": False, "is_tied": False}


def row(model, name, block, order, verdict, **facts):
    base_name = None if verdict == "added" else name
    return {
        "model": model, "name": name, "base_name": base_name, "block": block,
        "order": order, "verdict": verdict, **FACTS, **facts,
    }  # fmt: skip


def cells(*rows, **options) -> dict:
    return verdict_matrix(pd.DataFrame(rows), **options).to_dict("index")


verdicts = st.sampled_from(sorted(TENSOR_CODES))
distances = st.sampled_from([None, 0.0, 5e-4, 2e-3, 0.02, 0.25, 0.9])


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), verdicts), min_size=1))
def test_a_block_is_equal_or_changed_only_when_all_its_tensors_are(drawn):
    rows = [row(f"m{m}", f"t{i}", f"b{b}", b, v) for i, (m, b, v) in enumerate(drawn)]
    matrix = verdict_matrix(pd.DataFrame(rows))
    for model in matrix.index:
        for block in matrix.columns:
            seen = {
                r["verdict"] for r in rows if (r["model"], r["block"]) == (model, block)
            }
            cell = matrix.loc[model, block]
            assert (cell == NOTHING) == (not seen)
            assert (cell == VERDICT_CODES["equal"]) == (seen == {"equal"})
            mixed = len(seen) > 1 and not seen & {"equal", "unknown"}
            changed = mixed or seen == {"changed"}
            assert (cell == VERDICT_CODES["changed"]) == changed


def test_columns_stand_in_forward_order_whatever_the_order_of_rows():
    rows = [
        row("m", "c", "head", 2, "equal"), row("m", "a", "stem", 0, "equal"),
        row("n", "x", "adapter", 1, "added"), row("m", "b", "block 0", 1, "equal"),
    ]  # fmt: skip
    matrix = verdict_matrix(pd.DataFrame(rows))
    assert list(matrix.columns) == ["stem", "block 0", "adapter", "head"]
    assert matrix.loc["n"].tolist() == [NOTHING, NOTHING, 4, NOTHING]


def test_buffers_unreached_parameters_and_tied_copies_do_not_judge_a_block():
    rows = [
        row("m", "w", "stem", 0, "changed"),
        row("m", "mean", "stem", 0, "equal", is_parameter=False),
        row("m", "mask_token", "stem", 0, "equal", is_unreached=True),
        row("m", "copy", "stem", 0, "removed", is_tied=True),
    ]
    assert cells(*rows) == {"m": {"stem": VERDICT_CODES["changed"]}}
    assert cells(*rows, parameters_only=False) == {"m": {"stem": 2}}


def test_tensors_are_named_as_the_base_does():
    rows = [
        row("m", "vit.w", "stem", 0, "equal", base_name="w"),
        row("n", None, "stem", 0, "removed", base_name="w"),
    ]
    assert cells(*rows, by="tensor") == {"m": {"w": 0}, "n": {"w": 5}}


@pytest.mark.parametrize("by", ["block", "tensor"])
def test_many_models_are_coded_as_their_rows_say(by):
    codes = np.random.default_rng(0).integers(0, 2, (300, 50))
    words = np.array(["equal", "changed"])[codes]
    rows = pd.DataFrame(
        row(f"m{m}", f"t{t}", f"b{t}", t, words[m, t])
        for m in range(300) for t in range(50)
    )  # fmt: skip
    assert (verdict_matrix(rows, by=by).to_numpy() == codes).all()


def test_a_block_rests_on_the_weakest_evidence_of_its_tensors():
    rows = [
        row("m", "a", "stem", 0, "equal", evidence="sha256"),
        row("m", "b", "stem", 0, "equal", evidence="probe"),
        row("n", "a", "stem", 0, "changed", evidence="bytes"),
    ]
    codes = cells(*rows, shown="evidence")
    assert EVIDENCE[codes["m"]["stem"]] == "probe"
    assert EVIDENCE[codes["n"]["stem"]] == "bytes"


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 2), distances, st.integers(1, 9)), min_size=1))
def test_the_distance_of_a_block_is_the_mean_over_its_elements(drawn):
    rows = [
        row(f"m{model}", f"t{place}", "b", 0, "changed", relative_l2=far, elements=n)
        for place, (model, far, n) in enumerate(drawn)
    ]
    matrix = verdict_matrix(pd.DataFrame(rows), shown="distance")
    for model in matrix.index:
        mine = [r for r in rows if r["model"] == model and r["relative_l2"] is not None]
        total = sum(r["elements"] for r in mine)
        far = sum(r["elements"] * r["relative_l2"] / total for r in mine)
        assume(not np.isclose(far, DISTANCE_EDGES).any())
        below = [edge for edge in (0, *DISTANCE_EDGES) if far > edge]
        assert matrix.loc[model, "b"] == (len(below) if mine else NOT_MEASURED)


def test_equal_is_no_distance_even_where_none_was_measured():
    rows = [
        row("m", "a", "stem", 0, "equal", relative_l2=np.nan, elements=4),
        row("m", "b", "head", 1, "changed", relative_l2=np.nan, elements=4),
    ]
    assert cells(*rows, shown="distance") == {"m": {"stem": 0, "head": NOT_MEASURED}}


@pytest.mark.parametrize("shown", ["verdict", "evidence", "distance"])
def test_a_cell_of_neither_side_is_nothing(shown):
    facts = {"evidence": "bytes", "relative_l2": 0.1, "elements": 1}
    rows = [
        row("m", "a", "stem", 0, "changed", **facts),
        row("n", "x", "adapter", 1, "added", **facts),
    ]
    assert cells(*rows, shown=shown)["n"]["stem"] == NOTHING
