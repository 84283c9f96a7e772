"""What is kept of a tensor: the same elements of every child, and names of contents."""

from math import prod

import numpy as np
import pytest
from safetensors.numpy import save_file

from core.derived.base_weights import BaseWeights
from core.derived.cascade import compare_cheaply
from core.derived.compare import compare_checkpoints
from core.derived.comparisons import (
    kept_imprints,
    read_result,
    succeeded,
    write_result,
)
from core.derived.imprint import Subject, imprints, sample_parts
from core.derived.probes import parts
from core.weights.checkpoint import open_checkpoint
from core.weights.entry import DTYPE_BITS, TensorEntry
from core.weights.layout import TensorRole

BIG = "vit.encoder.layer.0.output.dense.weight"
TABLE = TensorRole("w", "stem", "encoder", 0, is_embedding=True)
PLAIN = TensorRole("w", "block 0", "encoder", 1)


def weights(seed=0, step=0.0):
    base, noise = (np.random.default_rng(each) for each in (0, seed))
    shapes = {BIG: (300, 300), BIG.replace("weight", "bias"): (300,)}
    shapes |= {f"{BIG[:-7]}{n}.weight": (300, 1300) for n in range(3)}
    return {
        name: (base.normal(size=s) + step * noise.normal(size=s)).astype(np.float32)
        for name, s in shapes.items()
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("imprint")
    save_file(weights(), place / "base.safetensors")
    save_file(weights(1, 0.1), place / "tuned.safetensors")
    head = {"classifier.weight": np.ones((5, 300), np.float32)}
    save_file(weights(1, 0.1) | head, place / "again.safetensors")
    return place


@pytest.mark.parametrize("dtype", ["F64", "F32", "BF16", "I8"])
@pytest.mark.parametrize("shape", [(7,), (40, 1000), (5000, 70), (20, 9000), (33, 33)])
@pytest.mark.parametrize("role", [TABLE, PLAIN])
def test_a_sample_lies_where_the_probes_look(dtype, shape, role):
    entry = TensorEntry("w", dtype, shape, 0, prod(shape) * DTYPE_BITS[dtype] // 8)
    places = parts(entry, role)
    assert all(
        any(a <= first < last <= b for a, b in places)
        for first, last in sample_parts(entry, role)
    )


def test_a_sketch_estimates_the_length_of_the_whole_delta(folder):
    with (
        open_checkpoint(folder / "base.safetensors") as base,
        open_checkpoint(folder / "tuned.safetensors") as child,
    ):
        found = compare_checkpoints(base, child, keep="contents").imprints
    drawn = [np.frombuffer(taken.sketch, np.float32) for taken in found.values()]
    squared = sum(float(sketch @ sketch) for sketch in drawn)
    truth = sum(
        np.square(weights(1, 0.1)[name] - array).sum()
        for name, array in weights().items()
    )
    assert squared == pytest.approx(truth, rel=0.54)  # 3 errors, of 64 numbers


def test_probes_keep_the_samples_of_the_whole_comparison(folder):
    with (
        open_checkpoint(folder / "base.safetensors") as base,
        open_checkpoint(folder / "again.safetensors") as child,
    ):
        whole = compare_checkpoints(base, child, keep="contents").imprints
        cheap, _ = compare_cheaply(BaseWeights(base, "base"), child)
    assert child.size_bytes > 4 * 2**20
    assert {n: (i.sample, i.sketch) for n, i in cheap.imprints.items()} == {
        n: (i.sample, i.sketch) for n, i in whole.items()
    }
    assert cheap.imprints[BIG].digest is None
    small = BIG.replace("weight", "bias")
    assert cheap.imprints[small].digest == whole[small].digest is not None


def test_an_equal_content_has_an_equal_digest_under_another_name(folder, tmp_path):
    renamed = {f"model.{name}": array for name, array in weights(1, 0.1).items()}
    save_file(renamed, tmp_path / "renamed.safetensors")
    digests = []
    for path in (folder / "tuned.safetensors", tmp_path / "renamed.safetensors"):
        with open_checkpoint(path) as child:
            chosen = [Subject(None, entry, PLAIN) for entry in child.entries]
            taken = imprints(child, child, chosen)
            digests.append({i.digest for i in taken.values()})
    assert digests[0] == digests[1] and len(digests[0]) == 5


def test_nothing_is_kept_of_what_equals_the_base(folder):
    with open_checkpoint(folder / "base.safetensors") as base:
        assert compare_checkpoints(base, base, keep="contents").imprints == {}


def test_what_was_kept_outlives_the_disk_and_a_deeper_comparison(folder, tmp_path):
    with (
        open_checkpoint(folder / "base.safetensors") as opened,
        open_checkpoint(folder / "again.safetensors") as child,
    ):
        base = BaseWeights(opened, "base")
        first, _ = compare_cheaply(base, child)
        write_result(tmp_path / "again.parquet", succeeded("again", first, "s"))
        kept = kept_imprints(read_result(tmp_path / "again.parquet"))
        known = {t.name: (t.verdict, t.evidence) for t in first.tensors}
        again, _ = compare_cheaply(
            base, child, certify="probable", known=known, kept=kept
        )
    assert kept == first.imprints and again.imprints == first.imprints
    assert len(kept) == 6
