"""Two models side by side, tensor by tensor."""

import pandas as pd

from core.derived.pair import NOT_THERE, agreement, side_by_side


def tensors(**verdicts):
    return pd.DataFrame(
        {
            "name": name, "base_name": None if verdict == "added" else name,
            "block": "stem", "order": 0, "is_parameter": name != "mean",
            "verdict": verdict, "evidence": "bytes", "relative_l2": 0.5,
        }
        for name, verdict in verdicts.items()
    ).astype({"verdict": "category", "block": "category"})  # fmt: skip


def test_a_tensor_that_one_alone_added_is_not_there_in_the_other():
    sides = side_by_side(tensors(w="equal", lora="added"), tensors(w="changed"))
    sides = sides.set_index("tensor")
    assert sides.loc["lora", "verdict_second"] == NOT_THERE
    assert sides.loc["w", ["verdict_first", "verdict_second"]].tolist() == [
        "equal", "changed"
    ]  # fmt: skip
    assert pd.isna(sides.loc["lora", "relative_l2_second"])


def test_renamed_tensors_meet_under_the_bases_name():
    other = tensors(w="changed").assign(name="vit.w")
    assert len(side_by_side(tensors(w="equal"), other)) == 1


def test_only_parameters_are_counted_as_agreeing():
    one, two = tensors(a="equal", b="equal", mean="changed"), tensors(
        a="equal", b="changed", mean="changed"
    )  # fmt: skip
    counts = agreement(side_by_side(one, two))
    assert counts.to_dict() == {"changed": {"equal": 1}, "equal": {"equal": 1}}
