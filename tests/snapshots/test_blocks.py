"""Blocks of real networks, on the meta device, against the study's own counts."""

import pytest
import torch

from core.errors import UsageError
from core.snapshots.architecture import build_network, find_architecture
from core.snapshots.block_costs import block_costs
from core.snapshots.blocks import (
    find_blocks,
    model_blocks,
    module_roots,
    retrain_index,
    retrained_blocks,
    split_points,
)

STUDY = {
    "resnet18": 9, "resnet34": 17, "resnet50": 17, "resnet101": 34, "resnet152": 51,
    "mobilenet_v2": 19, "efficientnet_v2_s": 42, "efficientnet_v2_l": 81,
    "vit_b_16": 13, "vit_l_32": 25,
}  # fmt: skip
OTHERS = (
    "torchvision/swin_t", "torchvision/convnext_tiny", "torchvision/densenet121",
    "torchvision/vgg11", "timm/swin_tiny_patch4_window7_224", "timm/convnext_atto",
    "timm/mobilenetv3_small_050", "transformers/swin", "transformers/dinov2",
    "transformers/convnext", "transformers/segformer", "transformers/mobilenet_v2",
)  # fmt: skip


def meta(name: str) -> torch.nn.Module:
    with torch.device("meta"):
        return build_network(find_architecture(name), 10)


@pytest.mark.parametrize("name", STUDY)
def test_split_points_are_those_of_the_study(name):
    assert split_points(model_blocks(meta(f"torchvision/{name}"))) == STUDY[name]


@pytest.mark.parametrize("name", OTHERS)
def test_every_tensor_is_in_exactly_one_block_and_its_modules_hold_no_other(name):
    network = meta(name)
    blocks = model_blocks(network)
    tensors = [tensor for block in blocks for tensor in block.tensors]
    assert sorted(tensors) == sorted(network.state_dict())
    assert len({block.name for block in blocks}) == len(blocks) > 4
    # each stage of a Segformer has patch embeddings of its own, and nothing else does
    assert (blocks[0].part == "stem") != name.endswith("segformer")
    assert blocks[-1].part == "head"
    roots = module_roots(network, blocks)
    for block in blocks:
        for path in roots[block.name]:
            inside = {f"{path}.{n}" for n in network.get_submodule(path).state_dict()}
            assert inside <= set(block.tensors)


def test_an_index_trains_the_head_and_the_last_blocks_and_is_found_again():
    blocks = model_blocks(meta("torchvision/vit_b_16"))
    assert retrained_blocks(blocks, 0) == ("head",)
    assert retrained_blocks(blocks, 2) == ("block 10", "block 11", "norm", "head")
    for index in range(split_points(blocks)):
        chosen = retrained_blocks(blocks, index)
        assert "stem" not in chosen
        assert retrain_index(blocks, chosen) == index


def test_a_mask_with_a_hole_has_no_index():
    blocks = find_blocks(
        ["conv1.bias"] + [f"layer{name}.bn.bias" for name in ("1.0", "1.1", "2.0")]
    )
    assert retrain_index(blocks, ["stage 1.0", "stage 2"]) is None
    assert retrain_index(blocks, ["stem", "stage 1.0", "stage 1.1", "stage 2"]) is None


@pytest.mark.parametrize("index", [-1, 9])
def test_an_index_that_is_not_there_is_refused(index):
    blocks = model_blocks(meta("torchvision/resnet18"))
    with pytest.raises(UsageError, match="between 0 and 8"):
        retrained_blocks(blocks, index)


def test_costs_count_every_parameter_and_tell_real_shapes():
    network = meta("torchvision/resnet18")
    rows = block_costs(network, torch.zeros(2, 3, 64, 64, device="meta"))
    assert rows["params"].sum() == sum(p.numel() for p in network.parameters())
    shapes = dict(zip(rows["block"], rows["output"], strict=True))
    assert shapes["stage 1.1"] == "64 x 16 x 16" and shapes["head"] == "10"
    assert rows["seconds"].isna().all()


def test_costs_are_measured_and_leave_the_network_as_it_was(tiny):
    network = build_network(tiny["vit"], 10).train()
    rows = block_costs(network, torch.zeros(2, 3, 16, 16), repeats=2)
    assert (rows["low"] <= rows["seconds"]).all() and (rows["seconds"] > 0).all()
    assert network.training and rows["output"].iloc[-1] == "10"


@pytest.mark.parametrize(
    "name", ["torchvision/nothing", "resnet18", "torch/x", "timm/"]
)
def test_an_unknown_architecture_is_one_sentence(name):
    with pytest.raises(UsageError, match="is unknown"):
        find_architecture(name)


def test_options_that_do_not_fit_are_one_sentence():
    odd = find_architecture("torchvision/resnet18", side=32, widths=3)
    with pytest.raises(UsageError, match="torchvision/resnet18 cannot be built"):
        build_network(odd, 10)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("timm/test_vit", {"pretrained": True}),
        ("timm/test_vit", {"checkpoint_path": "model.pth"}),
        ("timm/test_vit", {"depth": 100_000}),
        ("torchvision/resnet18", {"weights": "DEFAULT"}),
        ("torchvision/resnet18", {"norm_layer": "x"}),
        ("transformers/detr", {"use_pretrained_backbone": True}),
        ("transformers/resnet", {"depths": [2, 2, 5000]}),
        ("transformers/vit", {"_attn_implementation": "owner/code"}),
    ],
)
def test_options_that_would_fetch_or_claim_too_much_are_refused(name, options):
    with pytest.raises(UsageError, match=f"Option {next(iter(options))} of {name}"):
        build_network(find_architecture(name, side=32, **options), 10)
