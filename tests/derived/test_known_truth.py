"""Every kind, in every layout that can have it, is found in files with Hub names; and
every kind of one layout in every format and dtype.
"""

from dataclasses import replace

import numpy as np
import pytest

from core.derived.compare import compare_checkpoints

OTHER_DTYPE = {"F32": "F16", "F16": "BF16", "BF16": "F16"}


def test_the_kind_is_the_one_it_was_made_as(family, checkpoint, layout_name, kind):
    made = family(layout_name)
    child = made.child(kind)
    found = compare_checkpoints(checkpoint(made.base), checkpoint(child))
    assert (found.kind, found.frozen_blocks) == (kind, child.frozen_blocks), found.runs


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
@pytest.mark.parametrize("form", ["safetensors", "shards", "torch-zip", "torch-legacy"])
def test_the_kind_is_found_in_every_format_and_dtype(
    family, checkpoint, vit_kind, form, dtype
):
    made = family("vit")
    made.base = {name: np.round(w * 4) / 4 for name, w in made.base.items()}
    child = made.child(vit_kind)
    if vit_kind == "cast":
        child = replace(child, dtypes=dict.fromkeys(child.dtypes, OTHER_DTYPE[dtype]))
    base = checkpoint(made.base, dtype=dtype, form=form)
    found = compare_checkpoints(base, checkpoint(child, dtype=dtype, form=form))
    assert (found.kind, found.frozen_blocks) == (vit_kind, child.frozen_blocks)


@pytest.mark.parametrize("dtype", ["F16", "BF16"])
@pytest.mark.parametrize("kind", ["head-only", "frozen-prefix", "full", "low-rank"])
def test_a_child_stored_in_16_bits_keeps_its_kind(family, checkpoint, kind, dtype):
    made = family("vit")
    child = checkpoint(made.child(kind), dtype=dtype)
    found = compare_checkpoints(checkpoint(made.base), child)
    name = {"F16": "float16", "BF16": "bfloat16"}[dtype]
    assert (found.kind, found.flags.cast_dtype) == (kind, name)


def test_a_missing_pooler_is_no_trained_backbone(family, checkpoint):
    made = family("vit")
    pooler = {"pooler.dense.weight": (32, 32), "pooler.dense.bias": (32,)}
    base = {n.removeprefix("vit."): w for n, w in made.base.items() if "vit." in n}
    base |= {name: made.fresh(name, shape) for name, shape in pooler.items()}
    found = compare_checkpoints(checkpoint(base), checkpoint(made.base))
    assert (found.kind, found.flags.missing_pooler) == ("head-only", True)
    assert (found.flags.renamed_prefix, found.counts.removed) == ("vit.", 2)


@pytest.mark.parametrize("name", ["resnet", "mobilenet_v2", "efficientnet"])
def test_a_trained_head_with_drifting_statistics_is_head_only(family, checkpoint, name):
    made = family(name)
    changed = [*made.layout.head, *made.layout.statistics()]
    found = compare_checkpoints(
        checkpoint(made.base), checkpoint(made.trained(*changed))
    )
    assert (found.kind, found.flags.statistics_drift) == ("head-only", True)


def test_statistics_alone_drift_no_parameter(family, checkpoint):
    made = family("resnet")
    child = checkpoint(made.child("statistics-only"))
    found = compare_checkpoints(checkpoint(made.base), child)
    assert found.flags.statistics_drift
    assert found.counts.changed == len(made.layout.statistics())


def test_a_detr_trained_everywhere_else_is_full(family, checkpoint):
    made = family("detr")
    found = compare_checkpoints(checkpoint(made.base), checkpoint(made.child("full")))
    assert (found.kind, found.flags.frozen_by_architecture) == ("full", True)
    assert found.counts.equal > 50
    assert not found.flags.statistics_drift


def test_frozen_norms_that_moved_still_drift_nothing(family, checkpoint):
    made = family("detr")
    moved = [n for n in made.base if n.endswith("running_mean")]
    found = compare_checkpoints(checkpoint(made.base), checkpoint(made.trained(*moved)))
    assert (found.kind, found.flags.statistics_drift) == ("identical", False)


def test_a_detr_with_equal_stem_and_stage_1_is_a_frozen_prefix(family, checkpoint):
    made = family("detr")
    child = checkpoint(made.child("frozen-prefix"))
    found = compare_checkpoints(checkpoint(made.base), child)
    assert (found.kind, found.frozen_blocks) == ("frozen-prefix", 1)
    assert found.runs == "stem – stage 1 equal, stage 2 – head changed"


def test_a_mask_token_that_training_never_reaches_decides_nothing(family, checkpoint):
    made = family("dinov2")
    name = "dinov2.embeddings.mask_token"
    left_out = {n: w for n, w in made.base.items() if n != name}
    found = compare_checkpoints(checkpoint(made.base), checkpoint(left_out))
    assert found.kind == "identical"


def test_a_tied_copy_left_out_decides_nothing(family, checkpoint):
    made = family("donut")
    name = "decoder.lm_head.weight"
    made.base[name] = made.base["decoder.model.decoder.embed_tokens.weight"]
    left_out = {n: w for n, w in made.base.items() if n != name}
    found = compare_checkpoints(checkpoint(made.base), checkpoint(left_out))
    assert (found.kind, found.counts.removed) == ("identical", 1)


def test_new_rows_of_a_table_are_rows_only(family, checkpoint):
    made = family("trocr")
    table = "decoder.model.decoder.embed_tokens.weight"
    head = "decoder.output_projection.weight"
    grown = {
        name: made.fresh(name, (43, made.base[name].shape[1])) for name in (table, head)
    }
    for name, rows in grown.items():
        rows[:40] = made.base[name]
    found = compare_checkpoints(checkpoint(made.base), checkpoint(made.base | grown))
    assert (found.kind, found.counts.reshaped) == ("rows-only", 2)


def test_a_wider_model_is_another_architecture(family, checkpoint):
    made = family("vit")
    wider = {
        name: made.fresh(name, (*array.shape[:-1], array.shape[-1] + 8))
        for name, array in made.base.items()
    }
    found = compare_checkpoints(checkpoint(made.base), checkpoint(wider))
    assert found.kind == "other-architecture"


def test_a_replaced_backbone_is_another_architecture(family, checkpoint):
    made = family("detr")
    kept = {n: w for n, w in made.base.items() if "backbone" not in n}
    at = "model.backbone.conv_encoder.model.blocks"
    new = {f"{at}.{i}.conv.weight": made.fresh("", (8, 8, 3, 3)) for i in range(6)}
    found = compare_checkpoints(checkpoint(made.base), checkpoint(kept | new))
    assert found.kind == "other-architecture"


def test_gptq_companions_make_a_model_quantized(family, checkpoint):
    made = family("vit")
    at = "vit.encoder.layer.0.output.dense"
    child = {n: w for n, w in made.base.items() if n != f"{at}.weight"}
    packed = np.arange(64).reshape(8, 8)
    child |= {f"{at}.scales": made.fresh("", (1, 32)), f"{at}.qweight": packed}
    found = compare_checkpoints(checkpoint(made.base), checkpoint(child, dtype="F16"))
    assert (found.kind, found.flags.cast_dtype) == ("quantized", None)


def test_a_causal_mask_stored_as_bytes_is_no_quantized_matrix(family, checkpoint):
    made = family("vit")
    name = "decoder.transformer.h.0.attn.bias"
    base = made.base | {name: np.ones((1, 1, 4, 4), np.float32)}
    child = replace(made.child("identical"), weights=base, dtypes={name: "I8"})
    assert compare_checkpoints(checkpoint(base), checkpoint(child)).kind == "identical"


def test_a_decoder_put_on_an_equal_backbone_is_a_new_head(family, checkpoint):
    made = family("segformer")
    decode = made.layout.blocks["decode head"].keys() | made.layout.head.keys()
    base = {n: w for n, w in made.base.items() if n not in decode}
    found = compare_checkpoints(checkpoint(base), checkpoint(made.base))
    assert found.kind == "head-only"
