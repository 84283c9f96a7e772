"""The cheap comparison against the whole one: the same verdicts from fewer bytes, and
no more claimed than was seen.
"""

import numpy as np
import pytest
from safetensors.numpy import save_file

from core.derived.base_weights import BaseWeights, identity_of
from core.derived.cascade import compare_cheaply
from core.derived.compare import compare_checkpoints
from core.hub.budget import ByteBudget
from core.weights.array import read_tensor
from core.weights.checkpoint import open_checkpoint
from tests.standin import cast, generated_safetensors, renew, tune, vit

SHAPE = {"width": 264, "depth": 4, "image": 64}
BIG = "encoder.layer.1.intermediate.dense.weight"


def made():
    return vit(prefix="vit.", labels=10, pooler=False, **SHAPE)


CHANGES = {
    "head": renew(made(), "classifier*", by="h"),
    "full": tune(made(), "*", by="f"),
    "cast": cast(vit(**SHAPE), "F16"),
    "cast-full": cast(tune(made(), "*", by="c"), "BF16"),
    "norms": tune(made(), "*layernorm*", by="n"),
    "biases": tune(made(), "*bias", by="b"),
    "lora": tune(made(), "*query.weight", "*value.weight", by="l", rank=4),
    "dense": tune(made(), "*dense.weight", by="d"),
    "first-2": tune(made(), "*r.2.*", "*r.3.*", "vit.layernorm*", by="p"),
    "again": renew(made(), "*", by="r"),
    "wide": vit(width=300, depth=4, image=64),
    "shallow": vit(width=264, depth=3, image=64),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The base and every change of it as files of 12 MB."""
    folder = tmp_path_factory.mktemp("cascade")
    for name, tensors in {"base": vit(**SHAPE), **CHANGES}.items():
        file = generated_safetensors(tensors)
        path = folder / f"{name}.safetensors"
        path.write_bytes(file.read(0, file.size))
    return folder


@pytest.fixture(scope="module")
def base(folder):
    with open_checkpoint(folder / "base.safetensors") as opened:
        yield BaseWeights(opened, "base")


def counted(found):
    return found.kind, found.frozen_blocks, found.counts, found.flags


@pytest.mark.parametrize("change", list(CHANGES))
def test_the_verdict_is_that_of_the_whole_comparison(folder, base, change):
    with open_checkpoint(folder / f"{change}.safetensors") as child:
        found, level = compare_cheaply(base, child)
        whole = compare_checkpoints(base.checkpoint, child)
    assert counted(found) == counted(whole)
    probable = any(tensor.evidence == "probe" for tensor in found.tensors)
    assert level == ("none" if probable else "probable")
    assert found.bytes_read < 0.6 * whole.bytes_read
    told = {t.name or t.base_name: t.verdict for t in found.tensors}
    assert told == {t.name or t.base_name: t.verdict for t in whole.tensors}


@pytest.mark.parametrize("change", ["head", "first-2", "cast"])
def test_certified_tensors_are_read_in_full(folder, base, change):
    with open_checkpoint(folder / f"{change}.safetensors") as child:
        probable, level = compare_cheaply(base, child, certify="probable")
    assert level == "probable"
    assert {t.evidence for t in probable.tensors} <= {"bytes", "header"}
    assert all(tensor.missed is None for tensor in probable.tensors)


def test_a_full_comparison_measures_distances(folder, base):
    with open_checkpoint(folder / "full.safetensors") as child:
        found, level = compare_cheaply(base, child, certify="full")
        whole = compare_checkpoints(base.checkpoint, child, metrics=True)
    assert level == "full" and found.tensors == whole.tensors


def test_no_budget_leaves_what_is_probable_as_it_is(folder, base):
    with open_checkpoint(folder / "head.safetensors") as child:
        plain, _ = compare_cheaply(base, child)
        for certify in ("probable", "full"):
            found, level = compare_cheaply(
                base, child, certify=certify, budget=ByteBudget(0)
            )
            assert level == "none" and found == plain


def test_what_nothing_is_left_to_read_of_is_certain(folder, base):
    with open_checkpoint(folder / "full.safetensors") as child:
        assert compare_cheaply(base, child, budget=ByteBudget(0))[1] == "probable"


def test_what_is_known_is_not_read_again(folder, base):
    with open_checkpoint(folder / "first-2.safetensors") as child:
        first, _ = compare_cheaply(base, child)
        known = {t.name: (t.verdict, t.evidence) for t in first.tensors}
        again, _ = compare_cheaply(base, child, known=known)
        assert again.tensors == first.tensors
        assert again.bytes_read < 0.1 * first.bytes_read


def arrays(base):
    entries = base.checkpoint.entries
    return {entry.name: read_tensor(base.checkpoint, entry) for entry in entries}


def test_a_change_between_the_probes_is_probable_until_it_is_read(base, tmp_path):
    weights = arrays(base)
    weights[BIG].reshape(-1)[100_000] += 1
    save_file(weights, tmp_path / "hidden.safetensors")
    with open_checkpoint(tmp_path / "hidden.safetensors") as child:
        seen, _ = compare_cheaply(base, child)
        read, _ = compare_cheaply(base, child, certify="probable")
    told = [
        next((t.verdict, t.evidence) for t in found.tensors if t.name == BIG)
        for found in (seen, read)
    ]
    assert told == [("equal", "probe"), ("changed", "bytes")]
    assert seen.kind == "identical" and read.kind == "partial"


def test_nans_of_other_bits_are_a_change(base, tmp_path):
    weights = arrays(base)
    weights[BIG].reshape(-1)[0] = np.nan
    save_file(weights, tmp_path / "nan.safetensors")
    with open_checkpoint(tmp_path / "nan.safetensors") as child:
        found, _ = compare_cheaply(base, child)
    assert found.counts.changed == 1


@pytest.fixture(scope="module")
def zipped(base, tmp_path_factory):
    """Children that torch.save wrote, whose directory holds checksums."""
    import torch

    folder = tmp_path_factory.mktemp("zip")
    own = {name: torch.from_numpy(value) for name, value in arrays(base).items()}
    tuned = {name: value + 1e-3 for name, value in own.items()}
    halves = {name: value.half() for name, value in own.items()}
    turned = {n: v.t().contiguous().t() if v.ndim == 2 else v for n, v in own.items()}
    for name, weights in {
        "same": own, "full": tuned, "half": halves, "turned": turned,
    }.items():  # fmt: skip
        torch.save(weights, folder / f"{name}.bin")
    return folder


@pytest.mark.parametrize(
    "name, kind", [("same", "identical"), ("full", "full"), ("half", "cast")]
)
def test_checksums_decide_a_zip_without_its_weights(base, zipped, name, kind):
    with open_checkpoint(zipped / f"{name}.bin") as child:
        found, _ = compare_cheaply(base, child)
        assert found.kind == kind
        assert {t.evidence for t in found.tensors} == {"crc32"}
        assert found.bytes_read < 0.02 * child.size_bytes


def test_strided_tensors_are_gathered_before_they_are_compared(base, zipped):
    with open_checkpoint(zipped / "turned.bin") as child:
        found, _ = compare_cheaply(base, child)
        assert found.kind == "identical" and found.counts.changed == 0
        assert "unknown" not in {t.verdict for t in found.tensors}


def test_a_nan_in_the_base_leaves_a_cast_to_the_probes(base, tmp_path):
    import torch

    weights = {name: torch.from_numpy(value) for name, value in arrays(base).items()}
    weights[BIG].reshape(-1)[7] = torch.nan
    torch.save(weights, tmp_path / "base.bin")
    torch.save({n: v.half() for n, v in weights.items()}, tmp_path / "half.bin")
    with (
        open_checkpoint(tmp_path / "base.bin") as ours,
        open_checkpoint(tmp_path / "half.bin") as theirs,
    ):
        found, _ = compare_cheaply(BaseWeights(ours, "nan"), theirs)
    told = {t.name: (t.verdict, t.evidence) for t in found.tensors}
    assert told.pop(BIG) == ("equal", "probe")
    assert set(told.values()) == {("equal", "crc32")}


def test_an_identity_tells_files_and_where_their_tensors_are(base):
    one, other = "0" * 64, "1" * 64
    entries = base.checkpoint.entries
    assert identity_of({"a": one}, entries) != identity_of({"a": other}, entries)
    assert identity_of({"a": one, "b": None}) is None and identity_of({}) is None
