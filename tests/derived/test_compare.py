"""What a comparison reports beside the kind: names, counts, bytes, its document."""

import json

import numpy as np
import pytest

from core.derived.compare import compare_checkpoints, compare_paths, to_document
from core.errors import NoWeights, UsageError
from core.weights.measure import KeptBase

PREFIXES = ["module.", "_orig_mod.", "base_model.model.", "model.", "backbone."]


@pytest.fixture
def compare(family, checkpoint):
    """Return a function that compares a family's base with a child's weights."""

    def run(base, child, **options):
        return compare_checkpoints(checkpoint(base), checkpoint(child), **options)

    return run


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("kind", ["identical", "head-only", "frozen-prefix", "full"])
def test_a_renamed_and_shuffled_child_compares_alike(family, compare, kind, prefix):
    made = family("vit")
    weights = made.child(kind).weights
    names = list(weights)
    made.random.shuffle(names)
    plain = compare(made.base, weights)
    renamed = compare(made.base, {prefix + name: weights[name] for name in names})
    assert (plain.kind, plain.counts, plain.runs) == (
        renamed.kind, renamed.counts, renamed.runs,
    )  # fmt: skip
    assert renamed.flags.renamed_prefix == prefix


@pytest.mark.parametrize("name", ["vit", "resnet", "detr", "trocr", "git"])
def test_names_that_say_nothing_are_matched_by_content(family, compare, name):
    made = family(name)
    weights = made.child("identical").weights
    anonymous = {f"tensor_{i}": weight for i, weight in enumerate(weights.values())}
    found = compare(made.base, anonymous)
    equal = {t.base_name for t in found.tensors if t.verdict == "equal"}
    assert set(made.layout.parameters()) <= equal


def test_counts_are_of_tensors_and_add_up(family, compare):
    made = family("resnet")
    child = made.trained(*made.layout.head)
    del child["resnet.embedder.embedder.normalization.num_batches_tracked"]
    child["extra.weight"] = made.fresh("", (2, 2))
    counts = compare(made.base, child).counts
    assert (counts.changed, counts.added, counts.removed) == (2, 1, 1)
    assert counts.equal == len(made.base) - 3


def test_the_document_is_plain_json_without_nan(family, compare):
    made = family("vit")
    child = made.child("full").weights
    child["classifier.bias"] = np.full(3, np.nan, np.float32)
    document = to_document(compare(made.base, child, metrics=True))
    again = json.loads(json.dumps(document, allow_nan=False))
    assert list(again) == [
        "base", "child", "kind", "frozen_blocks", "flags", "counts", "runs",
        "sentence", "bytes_read", "tensors",
    ]  # fmt: skip
    row = next(t for t in again["tensors"] if t["name"] == "classifier.bias")
    assert row["verdict"] == "changed"
    assert row["cosine"] is None
    assert (row["shape"], row["dtype"], row["block"]) == ([3], "F32", "head")


def test_every_tensor_has_all_metrics_or_none(family, compare):
    made = family("vit")
    child = made.child("head-only").weights
    child["classifier.weight"] = made.fresh("", (9, 32))
    measured = to_document(compare(made.base, child, metrics=True))["tensors"]
    assert all({"cosine", "mse", "bit_distance"} <= set(row) for row in measured)
    plain = to_document(compare(made.base, child))["tensors"]
    assert not any("cosine" in row for row in plain)


def test_sentences_name_what_stayed(family, compare):
    told = {
        ("trocr", "component-frozen"): "The encoder equals the base; the rest was",
        ("vit", "frozen-suffix"): "The last of 4 blocks equals the base; earlier ones",
        ("segformer", "frozen-prefix"): "The first of 4 blocks equals the base; the",
        ("detr", "frozen-prefix"): "The stem and the first of 8 blocks equal the base;",
    }
    for (name, kind), start in told.items():
        made = family(name)
        found = compare(made.base, made.child(kind).weights)
        assert found.sentence.startswith(start)


def test_metrics_agree_with_numpy(family, compare):
    made = family("vit")
    child = made.child("full").weights
    for tensor in compare(made.base, child, metrics=True).tensors[:20]:
        x = made.base[tensor.base_name].astype(np.float64)
        y = child[tensor.name].astype(np.float64)
        assert tensor.metrics.mse == pytest.approx(np.mean((y - x) ** 2))
        relative = np.linalg.norm(y - x) / np.linalg.norm(x)
        assert tensor.metrics.relative_l2 == pytest.approx(relative)


def test_metrics_change_no_verdict(family, compare):
    made = family("segformer")
    for kind in ("full", "reinitialized", "component-frozen"):
        weights = made.child(kind).weights
        with_them = compare(made.base, weights, metrics=True)
        without = compare(made.base, weights)
        assert with_them.kind == without.kind == kind
        assert with_them.counts == without.counts


def test_an_identical_pair_reads_both_files_once(family, checkpoint):
    made = family("vit")
    base, child = checkpoint(made.base), checkpoint(made.base)
    found = compare_checkpoints(base, child)
    assert found.bytes_read == base.size_bytes + child.size_bytes


def test_children_that_share_norms_are_told_the_same(family, checkpoint):
    made = family("vit")
    base, kept = checkpoint(made.base), KeptBase()
    for kind in ("full", "head-only"):
        child = checkpoint(made.child(kind))
        alone = compare_checkpoints(base, child, metrics=True)
        assert compare_checkpoints(base, child, metrics=True, kept=kept) == alone


def test_an_adapter_reads_no_weights(family, checkpoint):
    made = family("vit")
    base = checkpoint(made.base)
    found = compare_checkpoints(base, checkpoint(made.child("adapter")))
    assert found.bytes_read < base.size_bytes / 4
    assert {tensor.evidence for tensor in found.tensors} == {"header"}
    assert found.counts.added == 2


def test_evidence_is_bytes_where_bytes_were_read(family, compare):
    made = family("vit")
    child = made.trained("vit.layernorm.weight")
    child["classifier.weight"] = made.fresh("", (9, 32))
    evidence = {t.name: t.evidence for t in compare(made.base, child).tensors}
    assert evidence["vit.layernorm.weight"] == "bytes"
    assert evidence["classifier.weight"] == "header"


def test_blocks_of_a_child_are_named_as_the_base_names_them(family, compare):
    made = family("vit")
    wrapped = {f"encoder.{name}": w for name, w in made.base.items()}
    wrapped["decoder.embed_tokens.weight"] = made.fresh("", (5, 32))
    blocks = {t.role.block for t in compare(made.base, wrapped).tensors}
    assert blocks == {"stem", *(f"block {i}" for i in range(4)), "norm", "head"}


def test_two_children_compare_with_each_other(family, compare):
    made = family("vit")
    first, second = made.child("head-only"), made.child("frozen-prefix")
    assert compare(first.weights, first.weights).kind == "identical"
    assert compare(first.weights, second.weights).kind == "frozen-prefix"


QUERY = "encoder.layer.{}.attention.attention.query.{}"


@pytest.fixture
def attention():
    """Two wide query matrices with their biases, and a function that adds deltas."""
    random = np.random.default_rng(0)
    shapes = {"weight": (192, 192), "bias": (192,)}
    base = {
        QUERY.format(i, part): random.standard_normal(shape).astype(np.float32)
        for i in range(2)
        for part, shape in shapes.items()
    }

    def merged(rank: int, scale: float):
        child = dict(base)
        for i in range(2):
            left, right = random.standard_normal((2, 192, rank))
            delta = scale / rank**0.5 * left @ right.T
            name = QUERY.format(i, "weight")
            child[name] = (base[name] + delta).astype(np.float32)
        return child

    return base, merged


@pytest.mark.parametrize("rank", [4, 8])
@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
def test_a_merged_lora_is_found_with_its_rank(attention, checkpoint, rank, dtype):
    base, merged = attention
    child = checkpoint(merged(rank, scale=0.05), dtype=dtype)
    found = compare_checkpoints(checkpoint(base, dtype=dtype), child)
    assert (found.kind, found.flags.low_rank) == ("low-rank", "yes")
    assert f"of rank {rank}," in found.sentence


def test_a_lora_that_rounding_hides_is_undecided(attention, checkpoint):
    base, merged = attention
    child = checkpoint(merged(8, scale=2e-4), dtype="BF16")
    found = compare_checkpoints(checkpoint(base, dtype="BF16"), child)
    assert found.flags.low_rank == "undecided"
    assert found.kind != "low-rank"
    assert found.sentence.endswith("Rounding hides whether the change is low-rank.")


def test_a_delta_of_full_rank_is_not_low_rank(attention, checkpoint):
    base, merged = attention
    found = compare_checkpoints(checkpoint(base), checkpoint(merged(192, scale=0.05)))
    assert (found.kind, found.flags.low_rank) == ("partial", "no")


def test_paths_that_cannot_be_compared_are_named(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        compare_paths(tmp_path / "a", tmp_path / "b")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoWeights, match="empty"):
        compare_paths(tmp_path / "empty", tmp_path / "empty")
