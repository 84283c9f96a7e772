"""Tensors find each other under other names; strangers do not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.weights.align import align
from core.weights.entry import TensorEntry


def entries(**shapes: tuple[int, ...]) -> list[TensorEntry]:
    return [
        TensorEntry(name.replace("__", "."), "F32", shape, 0, 0)
        for name, shape in shapes.items()
    ]


def named(*names: str, shape: tuple[int, ...] = (8,)) -> list[TensorEntry]:
    return [TensorEntry(name, "F32", shape, 0, 0) for name in names]


def vit(prefix: str = "", *, depth: int = 3) -> list[TensorEntry]:
    found = named(f"{prefix}embeddings.cls_token", shape=(1, 1, 8))
    for i in range(depth):
        at = f"{prefix}encoder.layer.{i}"
        for name in ("query", "key", "value"):
            found += named(f"{at}.attention.attention.{name}.weight", shape=(8, 8))
            found += named(f"{at}.attention.attention.{name}.bias")
        found += named(f"{at}.layernorm_before.weight", f"{at}.layernorm_after.weight")
    return found + named(f"{prefix}layernorm.weight", f"{prefix}layernorm.bias")


def partners(alignment) -> dict[str, str]:
    return {p.base.name: p.child.name for p in alignment.pairs if p.base and p.child}


PREFIXES = [
    "module.", "_orig_mod.", "base_model.model.", "model.", "vit.", "backbone.",
    "module.vit.", "my_wrapper.inner.", "dinov2.", "mobilenet_v2.",
]  # fmt: skip


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_prefix_on_either_side_is_stripped(prefix):
    plain, wrapped = vit(), vit(prefix)
    expected = dict(zip(names(plain), names(wrapped), strict=True))
    there, back = align(plain, wrapped), align(wrapped, plain)
    assert partners(there) == expected
    assert partners(back) == {child: base for base, child in expected.items()}
    assert there.renamed_prefix == back.renamed_prefix == prefix


def names(found: list[TensorEntry]) -> list[str]:
    return [entry.name for entry in found]


def test_one_prefix_replaced_by_another():
    found = align(vit("vit."), vit("deit."))
    assert not found.having("added")
    assert found.renamed_prefix == "deit."


@settings(deadline=None)
@given(st.permutations(vit("vit.")), st.sampled_from(["", *PREFIXES]))
def test_shuffled_and_renamed_children_align_alike(shuffled, prefix):
    child = [entry._replace(name=prefix + entry.name) for entry in shuffled]
    expected = {entry.name: prefix + entry.name for entry in vit("vit.")}
    assert partners(align(vit("vit."), child)) == expected


SPELLINGS = {
    "vit.encoder.layer.0.attention.attention.query.weight": (
        "vit.layers.0.attention.q_proj.weight"
    ),
    "deit.encoder.layer.2.attention.output.dense.bias": (
        "deit.layers.2.attention.o_proj.bias"
    ),
    "vit.encoder.layer.1.intermediate.dense.weight": "vit.layers.1.mlp.fc1.weight",
    "vit.encoder.layer.1.output.dense.weight": "vit.layers.1.mlp.fc2.weight",
    "dinov2.encoder.layer.0.attention.attention.value.weight": (
        "dinov2.encoder.layer.0.attention.v_proj.weight"
    ),
    "segformer.encoder.block.1.0.attention.self.sr.weight": (
        "segformer.stages.1.blocks.0.attention.sequence_reduction"
        ".sequence_reduction.weight"
    ),
    "segformer.encoder.patch_embeddings.3.layer_norm.bias": (
        "segformer.stages.3.patch_embeddings.layer_norm.bias"
    ),
    "segformer.encoder.block.0.1.layer_norm_2.bias": (
        "segformer.stages.0.blocks.1.layernorm_after.bias"
    ),
    "decode_head.linear_c.2.proj.weight": (
        "decode_head.linear_projections.2.proj.weight"
    ),
    "swin.encoder.layers.1.blocks.0.attention.self.relative_position_bias_table": (
        "swin.encoder.layers.1.blocks.0.attention.relative_position_bias"
        ".relative_position_bias_table"
    ),
    "beit.encoder.layer.0.attention.attention.relative_position_bias"
    ".relative_position_bias_table": (
        "beit.layers.0.relative_position_bias.relative_position_bias_table"
    ),
    "model.encoder.layers.0.self_attn.out_proj.weight": (
        "model.encoder.layers.0.self_attn.o_proj.weight"
    ),
    "model.decoder.layers.0.fc1.weight": "model.decoder.layers.0.mlp.fc1.weight",
    "model.decoder.layers.0.ca_qpos_sine_proj.weight": (
        "model.decoder.layers.0.encoder_attn.q_pos_sine_proj.weight"
    ),
    "model.backbone.conv_encoder.model.layer2.0.bn3.running_var": (
        "model.backbone.model.encoder.stages.1.layers.0.layer.2.normalization"
        ".running_var"
    ),
    "model.backbone.conv_encoder.model.layer1.0.downsample.0.weight": (
        "model.backbone.model.encoder.stages.0.layers.0.shortcut.convolution.weight"
    ),
    "bert.embeddings.LayerNorm.gamma": "bert.embeddings.LayerNorm.weight",
    "bert.embeddings.LayerNorm.beta": "bert.embeddings.LayerNorm.bias",
}
"""Names in Hub files against names in memory, as transformers 5 converts them."""


@pytest.mark.parametrize("on_disk", SPELLINGS)
def test_known_spellings_of_one_name(on_disk):
    found = align(named(on_disk), named(SPELLINGS[on_disk]))
    assert partners(found) == {on_disk: SPELLINGS[on_disk]}


def test_a_new_head_of_another_shape_is_reshaped_and_never_a_backbone():
    base = vit() + entries(pooler__dense__weight=(8, 8))
    child = vit("vit.") + entries(classifier__weight=(8, 8))
    found = align(base, child)
    assert [pair.base.name for pair in found.having("removed")] == [
        "pooler.dense.weight"
    ]
    assert [pair.child.name for pair in found.having("added")] == ["classifier.weight"]


def test_a_head_of_another_size_is_reshaped():
    found = align(entries(fc__weight=(10, 8)), entries(fc__weight=(3, 8)))
    assert [pair.status for pair in found.pairs] == ["reshaped"]


def test_unknown_names_are_found_by_content():
    base = named("blocks.0.alpha", "blocks.0.beta2", "blocks.1.alpha")
    child = named("units.x.second", "units.x.first", "units.y.first")
    content = {"alpha": 1, "beta2": 2, "first": 1, "second": 2}

    def digest(entry: TensorEntry) -> tuple[int, bool]:
        parts = entry.name.split(".")
        return content[parts[-1]], parts[1] in "1y"

    found = align(base, child, base_content=digest, child_content=digest)
    assert partners(found) == {
        "blocks.0.alpha": "units.x.first",
        "blocks.0.beta2": "units.x.second",
        "blocks.1.alpha": "units.y.first",
    }


def test_a_stored_checksum_is_content():
    base = [
        e._replace(crc32=c) for e, c in zip(named("a.x", "a.y"), (7, 8), strict=True)
    ]
    child = [
        e._replace(crc32=c) for e, c in zip(named("q.u", "q.v"), (8, 7), strict=True)
    ]
    assert partners(align(base, child)) == {"a.x": "q.v", "a.y": "q.u"}


def test_the_shapes_of_a_whole_block_pair_what_no_name_explains():
    base = entries(blocks__0__norm_a__weight=(8,), blocks__0__linear__weight=(8, 4))
    child = entries(blocks__0__proj__weight=(8, 4), blocks__0__bn__weight=(8,))
    assert partners(align(base, child)) == {
        "blocks.0.norm_a.weight": "blocks.0.bn.weight",
        "blocks.0.linear.weight": "blocks.0.proj.weight",
    }


def test_fused_attention_is_reported_and_not_guessed():
    at = "blocks.0.attn"
    base = [e for n in "qkv" for e in named(f"{at}.{n}.weight", shape=(8, 8))]
    child = named(f"{at}.qkv.weight", shape=(24, 8))
    found = align(base, child)
    assert (len(found.having("removed")), len(found.having("added"))) == (3, 1)


def test_tied_copies_are_listed_as_tied():
    table = named("decoder.embed_tokens.weight", shape=(40, 8))
    copy = named("lm_head.weight", shape=(40, 8))
    assert align(table + copy, table).pairs[1].status == "tied"
    assert align(table, table + copy).pairs[1].status == "tied"


def test_shared_storages_are_tied():
    left, right = (e._replace(storage="0") for e in named("a.weight", "b.weight"))
    assert align([left, right], [left]).pairs[1].status == "tied"


ODD = ("", "0", "00", "3", "²", "٣", "9" * 5000, "\n")
USUAL = ("layer", "layers", "block1", "stages", "features", "embed", "norm", "weight")
WORDS = st.sampled_from((*ODD, *USUAL, "bias", "classifier", "gamma"))
NAMES = st.lists(WORDS, max_size=6).map(".".join)
ANY = st.lists(
    st.builds(named, NAMES, shape=st.sampled_from([(), (8,), (8, 8)])), max_size=12
).map(lambda groups: list({e.name: e for group in groups for e in group}.values()))


@settings(deadline=None)
@given(ANY, ANY)
def test_any_names_at_all_end_in_one_pair_each(base, child):
    found = align(base, child)
    assert [pair.base for pair in found.pairs if pair.base] == base
    children = [pair.child.name for pair in found.pairs if pair.child]
    assert sorted(children) == sorted(names(child))
    assert all(found.role(pair).block for pair in found.pairs)


@pytest.mark.parametrize(("base", "child"), [([], []), (vit(), []), ([], vit())])
def test_nothing_to_pair(base, child):
    found = align(base, child)
    assert len(found.pairs) == len(base) + len(child)
    assert not partners(found)


def test_every_tensor_of_both_is_in_exactly_one_pair():
    found = align(vit(depth=4), vit("vit.", depth=3))
    assert [p.base.name for p in found.pairs if p.base] == names(vit(depth=4))
    assert {p.child.name for p in found.pairs if p.child} == set(names(vit("vit.")))
