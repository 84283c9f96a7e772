"""Costs from configurations: against published counts, closed forms and real runs."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import UnsupportedFormat, UsageError
from core.zero_shot.configurations import (
    Configuration,
    find_configuration,
    known_configurations,
)
from core.zero_shot.footprint import footprint
from core.zero_shot.workload import Workload

PUBLISHED = Path(__file__).parents[2] / "../shared/data/zero_shot/footprint.json"
NAMES = {
    "ViT-B/16@224": "vit-base-patch16-224",
    "CLIP ViT-B/32": "clip-vit-base-patch32",
    "CLIP ViT-B/16": "clip-vit-base-patch16",
    "CLIP ViT-L/14@224": "clip-vit-large-patch14",
    "SigLIP so400m/14@384": "siglip-so400m-patch14-384",
    "MetaCLIP H/14": "metaclip-h14-fullcc2.5b",
    "OWLv2-B/16@960": "owlv2-base-patch16-ensemble",
    "OWL-ViT-B/32@768": "owlvit-base-patch32",
    "CLIPSeg rd64@352": "clipseg-rd64-refined",
    "SAM ViT-B@1024": "sam-vit-base",
    "SAM ViT-H@1024": "sam-vit-huge",
}
OPEN_CLIP = {"siglip-base-patch16-224": (203_160_000, 46.44)}
"""open_clip's own parameters and GFLOPs, rounded as it publishes them."""
TINY = {
    "model_type": "vit", "architectures": ["ViTForImageClassification"],
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 64, "image_size": 32, "patch_size": 8, "num_labels": 5,
}  # fmt: skip


@pytest.fixture(scope="module")
def warm(offline):
    """Import what a first estimate imports."""
    footprint(Configuration("tiny", "transformers", TINY, "here"))


def small_vit(**changes) -> Configuration:
    return Configuration("tiny", "transformers", TINY | changes, "here")


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published counts are absent")
@pytest.mark.parametrize("published", NAMES)
def test_published_counts_offline_and_quickly(published, offline, warm):
    rows = {row["name"]: row for row in json.loads(PUBLISHED.read_text())}
    row, start = rows[published], time.process_time()
    found = footprint(find_configuration(NAMES[published], offline))
    seconds = time.process_time() - start
    assert found.params == row["params"] and found.workload.attention == "fused"
    assert found.macs == pytest.approx(row["gflops"] * 1e9 / 2, rel=0.005)
    assert seconds < 6  # 2 s on an idle machine: bench/footprint.py


def test_siglip_as_open_clip_counts_it(offline, warm):
    for name, (params, gflops) in OPEN_CLIP.items():
        found = footprint(find_configuration(name, offline))
        assert found.params == pytest.approx(params, rel=1e-4)
        assert 2 * found.macs / 1e9 == pytest.approx(gflops, rel=0.005)


def test_a_tiny_transformer_costs_what_the_formula_says(warm):
    found = footprint(small_vit())
    tokens, width, wide = 17, 32, 64
    block = 4 * tokens * width**2 + 2 * tokens**2 * width + 2 * tokens * width * wide
    assert found.macs == 16 * width * 3 * 64 + 2 * block + 5 * width


def test_memory_grows_with_batch_and_shrinks_with_half_precision(warm):
    workload = Workload(attention="plain")
    one, eight, half = (
        footprint(small_vit(), replace(workload, **change)).activation_bytes
        for change in ({}, {"batch": 8}, {"dtype": "float16"})
    )
    assert eight == pytest.approx(8 * one, rel=0.01)
    assert one / 2 <= half < 0.6 * one  # softmax stays in float32


def test_fused_attention_never_takes_more_and_costs_the_same(warm):
    config = small_vit(image_size=256)
    fused, plain = (
        footprint(config, Workload(attention=attention))
        for attention in ("fused", "plain")
    )
    assert fused.activation_bytes < plain.activation_bytes
    assert fused.macs == plain.macs


def test_training_counts_gradients_states_and_what_is_kept(warm):
    inference, training = (
        footprint(small_vit(num_hidden_layers=8), Workload(batch=4, training=training))
        for training in (False, True)
    )
    assert training.gradient_bytes == training.weight_bytes
    assert training.optimizer_bytes == 2 * training.weight_bytes
    assert training.activation_bytes > 3 * inference.activation_bytes
    assert inference.gradient_bytes == inference.optimizer_bytes == 0
    assert training.macs == inference.macs


def test_another_image_size_keeps_the_parameters(warm):
    small, large = (
        footprint(small_vit()),
        footprint(small_vit(), Workload(image_size=64)),
    )
    assert large.params == small.params and large.macs > 3 * small.macs


def test_libraries_are_known_by_their_names(offline, warm):
    resnet = footprint(find_configuration("torchvision/resnet18", offline))
    timm = footprint(find_configuration("timm/resnet18.a1_in1k", offline))
    assert resnet.params == timm.params == 11_689_512
    assert resnet.macs == timm.macs == pytest.approx(1.814e9, rel=0.005)


def test_what_depends_on_values_is_unknown_with_its_reason(offline, warm):
    found = footprint(find_configuration("torchvision/fcos_resnet50_fpn", offline))
    assert found.params > 0 and found.macs is None and found.activation_bytes is None
    assert "cannot be traced" in found.unknown


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"model_type": "nobody"}, "unknown"), ({"hidden_size": -1}, "cannot be built"),
     ({"hidden_size": 3 * 10**6}, "trillion")],
)  # fmt: skip
def test_a_bad_configuration_is_one_sentence(changes, says, warm):
    with pytest.raises(UnsupportedFormat, match=says):
        footprint(small_vit(**changes))


def test_numbers_that_contradict_each_other_are_unknown(warm):
    found = footprint(small_vit(patch_size=64))
    assert found.params > 0 and found.macs is None and found.unknown


def test_limits_of_a_workload():
    for wrong in ({"batch": 0}, {"labels": 10**9}, {"image_size": -3}):
        with pytest.raises(UsageError, match="use 1 to"):
            Workload(**wrong)


def test_every_configuration_of_the_catalog_names_its_source():
    known = known_configurations()
    assert len({entry.name for entry in known}) == len(known) >= 13
    assert all(entry.source and "/" in entry.name for entry in known)
