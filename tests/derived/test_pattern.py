"""The rules of the kinds, on verdicts written by hand: no files are read."""

from dataclasses import replace
from itertools import count as counter

import pytest

from core.derived.kinds import frozen_prefix, frozen_suffix
from core.derived.pattern import freeze_pattern
from core.derived.runs import BlockVerdict
from core.derived.verdict import Counts, TensorVerdict
from core.weights.entry import TensorEntry
from core.weights.layout import layout

VIT = {
    "embeddings.cls_token": (1, 1, 8),
    "encoder.layer.0.query.weight": (8, 8),
    "encoder.layer.0.query.bias": (8,),
    "encoder.layer.0.layernorm_before.weight": (8,),
    "encoder.layer.1.query.weight": (8, 8),
    "encoder.layer.1.query.bias": (8,),
    "layernorm.weight": (8,),
    "pooler.dense.weight": (8, 8),
}
RESNET = {
    "conv1.weight": (8, 3, 3, 3),
    "layer1.0.conv1.weight": (8, 8, 3, 3),
    "layer1.1.conv1.weight": (8, 8, 3, 3),
    "layer2.0.conv1.weight": (8, 8, 3, 3),
    "layer2.1.conv1.weight": (8, 8, 3, 3),
    "layer2.1.bn1.weight": (8,),
    "layer2.1.bn1.running_mean": (8,),
    "layer2.1.bn1.num_batches_tracked": (),
    "fc.weight": (3, 8),
}


def verdicts(shapes: dict, **changed: str) -> list[TensorVerdict]:
    """All tensors equal, but for those whose name holds a given word (`_` for `.`)."""
    entries = [TensorEntry(n, "F32", s, 0, 0) for n, s in shapes.items()]
    roles = layout(entries)
    return [
        TensorVerdict(
            entry.name, entry.name, entry.shape, entry.shape, "F32",
            word(entry.name, changed), "bytes", roles[entry.name], base_dtype="F32",
        )
        for entry in entries
    ]  # fmt: skip


def word(name: str, changed: dict[str, str]) -> str:
    found = [verdict for part, verdict in changed.items() if part in under(name)]
    return found[-1] if found else "equal"


def under(name: str) -> str:
    return name.replace(".", "_")


def kind(shapes: dict, **changed: str) -> str:
    return freeze_pattern(verdicts(shapes, **changed)).kind


def test_rules_that_need_no_file():
    assert kind(VIT) == "identical"
    assert kind(VIT, pooler="changed") == "head-only"
    assert kind(VIT, pooler="removed") == "head-only"
    assert kind(VIT, layernorm="changed") == "norm-only"
    assert kind(VIT, layernorm="changed", bias="changed") == "bias-and-norm"
    assert kind(VIT, layer_1="changed") == "frozen-prefix"
    assert kind(VIT, embed="changed", layer_0="changed") == "frozen-suffix"
    assert kind(VIT, layer_0_query_weight="changed") == "partial"
    assert kind(RESNET, running_mean="changed") == "statistics-only"


def test_every_parameter_changed_is_full_or_reinitialized():
    everything = verdicts(VIT, e="changed")
    assert freeze_pattern(everything).kind == "full"
    assert freeze_pattern(everything, correlation=0.9).kind == "full"
    assert freeze_pattern(everything, correlation=0.03).kind == "reinitialized"
    assert freeze_pattern(everything, correlation=-0.03).kind == "reinitialized"


def test_low_rank_is_taken_from_who_measured_it():
    changed = verdicts(VIT, query_weight="changed")
    assert freeze_pattern(changed, low_rank="yes").kind == "low-rank"
    assert freeze_pattern(changed, low_rank="undecided").kind == "partial"
    assert freeze_pattern(changed, low_rank="undecided").flags.low_rank == "undecided"


def test_a_probe_counts_as_equal():
    probed = [replace(v, evidence="probe") for v in verdicts(VIT, pooler="changed")]
    pattern = freeze_pattern(probed)
    assert pattern.kind == "head-only"
    assert pattern.counts == Counts(equal=7, changed=1)


def test_a_counter_is_no_statistic_and_decides_nothing():
    pattern = freeze_pattern(verdicts(RESNET, num_batches_tracked="changed"))
    assert (pattern.kind, pattern.flags.statistics_drift) == ("identical", False)
    assert pattern.counts.changed == 1


def test_a_missing_buffer_decides_nothing():
    assert kind(RESNET, num_batches_tracked="removed") == "identical"
    assert kind(RESNET, running_mean="removed") == "identical"


def test_an_unknown_verdict_is_never_taken_for_equal():
    assert kind(VIT, layer_0_query_weight="unknown") == "partial"
    assert freeze_pattern(verdicts(VIT, e="unknown")).kind == "partial"


def test_a_tied_copy_decides_nothing():
    tied = [
        replace(v, is_tied=v.verdict == "removed")
        for v in verdicts(VIT, pooler="removed")
    ]
    assert freeze_pattern(tied).kind == "identical"


def test_the_final_norm_may_stay_frozen_with_the_first_blocks():
    pattern = freeze_pattern(verdicts(VIT, layer_1="changed", pooler="changed"))
    assert (pattern.kind, pattern.frozen_blocks) == ("frozen-prefix", 1)
    assert pattern.runs == (
        "stem – block 0 equal, block 1 changed, norm equal, head changed"
    )


def test_only_the_stem_frozen_is_a_prefix_of_no_blocks():
    shapes = {name: shape for name, shape in VIT.items() if "pooler" not in name}
    pattern = freeze_pattern(verdicts(shapes, layer="changed"))
    assert (pattern.kind, pattern.frozen_blocks) == ("frozen-prefix", 0)


def test_a_freeze_may_end_inside_a_stage():
    pattern = freeze_pattern(verdicts(RESNET, layer2_1="changed", fc="changed"))
    assert (pattern.kind, pattern.frozen_blocks) == ("frozen-prefix", 1)
    assert kind(RESNET, layer1_1="changed", fc="changed") == "partial"


def test_an_added_block_is_another_architecture():
    deeper = VIT | {"encoder.layer.2.query.weight": (8, 8)}
    added = [
        replace(v, base_name=None, base_shape=None, verdict="added")
        if "layer.2" in v.name
        else v
        for v in verdicts(deeper)
    ]
    assert freeze_pattern(added).kind == "other-architecture"
    assert kind(deeper, layer_2="removed") == "other-architecture"


def test_adapters_inserted_into_an_untouched_base():
    shapes = VIT | {"encoder.layer.0.query.lora_A.default.weight": (2, 8)}
    inserted = [
        replace(v, base_name=None, verdict="added") if "lora" in v.name else v
        for v in verdicts(shapes)
    ]
    assert freeze_pattern(inserted).kind == "adapter"


def test_cast_dtype_is_that_of_most_cast_parameters():
    half = [replace(v, dtype="F16") for v in verdicts(VIT)]
    half[-1] = replace(half[-1], dtype="F32")
    pattern = freeze_pattern(half)
    assert (pattern.kind, pattern.flags.cast_dtype) == ("cast", "float16")
    wider = [replace(v, base_dtype="F16") for v in verdicts(VIT)]
    assert freeze_pattern(wider).flags.cast_dtype is None


def test_components_are_summed_up_in_forward_order():
    pattern = freeze_pattern(verdicts(VIT, layer_1="changed"))
    found = [(c.name, c.equal, c.differing) for c in pattern.components]
    assert found == [("backbone", 5, 2), ("head", 1, 0)]


@pytest.mark.parametrize(
    ("states", "prefix", "suffix"),
    [
        ("", None, None),
        ("E", None, None),
        ("C", None, None),
        ("EC", 0, None),
        ("EEC", 1, None),
        ("EEEC", 2, None),
        ("CEC", None, None),
        ("CCE", None, 1),
        ("CEE", None, 2),
        ("ECE", None, None),
        ("EMC", None, None),
        ("ECM", None, None),
    ],
)
def test_frozen_ends(states, prefix, suffix):
    words = {"E": "equal", "C": "changed", "M": "mixed"}
    number = counter(-1)
    blocks = [
        BlockVerdict(f"b{i}", words[letter], None if (n := next(number)) < 0 else n)
        for i, letter in enumerate(states)
    ]
    if states.startswith("E"):
        assert frozen_prefix(blocks) == (prefix if "C" in states else None)
    assert frozen_suffix(blocks) == suffix


SENTENCES = {
    "pooler": "The backbone equals the base; the head was trained.",
    "layernorm": "Only norm weights and biases were trained.",
    "layer_1": "The stem and the first of 2 blocks equal the base; the rest was "
    "trained.",
    "layer_0_query_weight": "A mixture: only stem, block 1 to head stayed as in the "
    "base.",
    "bias": "Only biases and norms were trained.",
}


@pytest.mark.parametrize("part", SENTENCES)
def test_sentences(part):
    found = freeze_pattern(verdicts(VIT, **{part: "changed"}))
    assert found.sentence == SENTENCES[part]
