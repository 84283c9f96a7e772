"""Roles that names give away, in the spellings of the libraries people use."""

import pytest

from core.weights.entry import TensorEntry
from core.weights.layout import is_buffer, layout


def entry(
    name: str, shape: tuple[int, ...] = (8, 8), dtype: str = "F32"
) -> TensorEntry:
    return TensorEntry(name, dtype, shape, 0, 0)


def roles(*names: str):
    return layout([entry(name) for name in names])


def blocks(*names: str) -> list[str]:
    """The blocks of some tensors, in forward order."""
    found = sorted(roles(*names).values(), key=lambda role: role.order)
    return [role.block for role in found]


FORWARD = {
    "vit (hub)": {
        "vit.embeddings.cls_token": "stem",
        "vit.encoder.layer.0.attention.attention.query.weight": "block 0",
        "vit.encoder.layer.11.output.dense.bias": "block 11",
        "vit.layernorm.weight": "norm",
        "classifier.weight": "head",
    },
    "vit (transformers 5)": {
        "vit.embeddings.position_embeddings": "stem",
        "vit.layers.0.attention.q_proj.weight": "block 0",
        "vit.layers.11.mlp.fc1.bias": "block 11",
    },
    "vit (timm)": {
        "pos_embed": "stem",
        "blocks.0.attn.qkv.weight": "block 0",
        "blocks.11.mlp.fc1.bias": "block 11",
        "norm.weight": "norm",
        "head.weight": "head",
    },
    "vit (torchvision)": {
        "class_token": "stem",
        "conv_proj.weight": "stem",
        "encoder.layers.encoder_layer_0.mlp.0.bias": "block 0",
        "encoder.ln.weight": "norm",
        "heads.head.weight": "head",
    },
    "resnet (torchvision)": {
        "conv1.weight": "stem",
        "bn1.weight": "stem",
        "layer1.0.conv1.weight": "stage 1",
        "layer4.2.downsample.1.weight": "stage 4",
        "fc.weight": "head",
    },
    "resnet (hub)": {
        "resnet.embedder.embedder.convolution.weight": "stem",
        "resnet.encoder.stages.0.layers.0.layer.0.convolution.weight": "stage 1",
        "resnet.encoder.stages.3.layers.2.shortcut.convolution.weight": "stage 4",
        "classifier.1.weight": "head",
    },
    "convnext (hub)": {
        "convnext.embeddings.patch_embeddings.weight": "stem",
        "convnext.encoder.stages.0.layers.0.dwconv.weight": "stage 1",
        "convnext.encoder.stages.1.downsampling_layer.0.weight": "stage 2",
        "convnext.layernorm.weight": "norm",
    },
    "convnext (timm)": {
        "stem.0.weight": "stem",
        "stages.0.blocks.0.conv_dw.weight": "stage 1",
        "stages.1.downsample.1.weight": "stage 2",
        "head.fc.weight": "head",
    },
    "swin (hub)": {
        "swin.embeddings.norm.weight": "stem",
        "swin.encoder.layers.0.blocks.1.attention.self.query.weight": "stage 1",
        "swin.encoder.layers.1.downsample.norm.weight": "stage 2",
        "swin.layernorm.weight": "norm",
    },
    "efficientnet (timm)": {
        "conv_stem.weight": "stem",
        "bn1.weight": "stem",
        "blocks.0.0.conv_dw.weight": "stage 1",
        "blocks.6.0.bn3.weight": "stage 7",
        "conv_head.weight": "top",
        "classifier.weight": "head",
    },
    "efficientnet (hub)": {
        "efficientnet.embeddings.convolution.weight": "stem",
        "efficientnet.encoder.blocks.0.projection.project_conv.weight": "block 0",
        "efficientnet.encoder.blocks.15.squeeze_excite.reduce.weight": "block 15",
        "efficientnet.encoder.top_conv.weight": "top",
        "classifier.weight": "head",
    },
    "mobilenet (torchvision)": {
        "features.0.0.weight": "stem",
        "features.1.conv.0.0.weight": "block 1",
        "features.18.0.weight": "block 18",
        "classifier.1.weight": "head",
    },
    "mobilenet (hub)": {
        "mobilenet_v2.conv_stem.first_conv.convolution.weight": "stem",
        "mobilenet_v2.layer.0.expand_1x1.convolution.weight": "block 0",
        "mobilenet_v2.layer.15.reduce_1x1.convolution.weight": "block 15",
        "mobilenet_v2.conv_1x1.convolution.weight": "top",
    },
    "segformer (hub)": {
        "segformer.encoder.patch_embeddings.0.proj.weight": "encoder stage 1",
        "segformer.encoder.block.0.0.mlp.dense1.weight": "encoder stage 1",
        "segformer.encoder.layer_norm.3.weight": "encoder stage 4",
        "decode_head.linear_c.0.proj.weight": "decode head",
        "decode_head.classifier.weight": "head",
    },
    "detr (hub, timm backbone)": {
        "model.backbone.conv_encoder.model.conv1.weight": "stem",
        "model.backbone.conv_encoder.model.layer1.0.conv1.weight": "stage 1",
        "model.input_projection.weight": "encoder stem",
        "model.encoder.layers.5.fc1.weight": "encoder block 5",
        "model.query_position_embeddings.weight": "decoder stem",
        "model.decoder.layers.0.encoder_attn.q_proj.weight": "decoder block 0",
        "model.decoder.layernorm.weight": "decoder norm",
        "class_labels_classifier.weight": "head",
        "bbox_predictor.layers.0.weight": "head",
    },
    "conditional and deformable detr": {
        "model.input_proj.0.0.weight": "encoder stem",
        "model.encoder.layers.0.fc1.weight": "encoder block 0",
        "model.reference_points.weight": "decoder stem",
        "model.decoder.query_scale.layers.0.weight": "decoder stem",
        "model.decoder.layers.0.fc1.weight": "decoder block 0",
        "class_embed.0.weight": "head",
        "bbox_embed.0.layers.1.weight": "head",
    },
    "yolos": {
        "vit.encoder.mid_position_embeddings": "stem",
        "vit.encoder.layer.0.layernorm_before.weight": "block 0",
        "bbox_predictor.layers.0.weight": "head",
    },
    "trocr": {
        "encoder.embeddings.cls_token": "encoder stem",
        "encoder.encoder.layer.0.layernorm_before.weight": "encoder block 0",
        "encoder.layernorm.weight": "encoder norm",
        "decoder.model.decoder.embed_tokens.weight": "decoder stem",
        "decoder.model.decoder.layers.0.fc1.weight": "decoder block 0",
        "decoder.output_projection.weight": "head",
        "encoder.pooler.dense.weight": "head",
    },
    "vit-gpt2": {
        "encoder.encoder.layer.0.layernorm_before.weight": "encoder block 0",
        "decoder.transformer.wte.weight": "decoder stem",
        "decoder.transformer.h.0.crossattention.c_attn.weight": "decoder block 0",
        "decoder.transformer.ln_f.weight": "decoder norm",
        "decoder.lm_head.weight": "head",
    },
    "donut": {
        "encoder.encoder.layers.0.blocks.0.layernorm_before.weight": "encoder stage 1",
        "decoder.model.decoder.embed_tokens.weight": "decoder stem",
        "decoder.model.decoder.layers.0.fc1.weight": "decoder block 0",
        "decoder.model.decoder.layer_norm.weight": "decoder norm",
        "decoder.lm_head.weight": "head",
    },
    "blip": {
        "vision_model.encoder.layers.0.self_attn.qkv.weight": "vision block 0",
        "vision_model.post_layernorm.weight": "vision norm",
        "text_decoder.bert.embeddings.word_embeddings.weight": "text stem",
        "text_decoder.bert.encoder.layer.0.output.dense.weight": "text block 0",
        "text_decoder.cls.predictions.decoder.weight": "head",
    },
    "git": {
        "git.image_encoder.vision_model.post_layernorm.weight": "vision norm",
        "git.embeddings.word_embeddings.weight": "text stem",
        "git.encoder.layer.0.output.dense.weight": "text block 0",
        "git.visual_projection.visual_projection.0.weight": "projection",
        "output.weight": "head",
    },
    "clip": {
        "vision_model.pre_layrnorm.weight": "vision stem",
        "text_model.encoder.layers.0.mlp.fc1.weight": "text block 0",
        "text_model.final_layer_norm.weight": "text norm",
        "visual_projection.weight": "projection",
        "logit_scale": "projection",
    },
    "open_clip": {
        "visual.transformer.resblocks.0.mlp.c_fc.weight": "vision block 0",
        "visual.ln_post.weight": "vision norm",
        "token_embedding.weight": "text stem",
        "transformer.resblocks.0.mlp.c_fc.weight": "text block 0",
    },
}
"""Names and their blocks, in forward order."""


@pytest.mark.parametrize("library", FORWARD)
def test_blocks_are_found_in_forward_order(library):
    names = FORWARD[library]
    assert blocks(*names) == list(names.values())


@pytest.mark.parametrize("library", FORWARD)
def test_the_order_of_the_file_changes_nothing(library):
    names = FORWARD[library]
    assert roles(*names) == roles(*reversed(names))


def test_a_prefix_changes_no_block():
    for names in FORWARD.values():
        wrapped = roles(*(f"module.{name}" for name in names))
        assert [role.block for role in wrapped.values()] == list(names.values())


@pytest.mark.parametrize(
    "name",
    [
        "classifier.weight", "head.weight", "fc.bias", "score.weight", "cls.dense.bias",
        "decoder.lm_head.weight", "decoder.output_projection.weight", "output.weight",
        "vit.pooler.dense.weight", "class_labels_classifier.weight",
        "bbox_predictor.layers.2.bias", "class_embed.weight", "bbox_embed.0.bias",
        "decode_head.classifier.weight", "distillation_classifier.weight",
    ],
)  # fmt: skip
def test_heads(name):
    role = roles(name)[name]
    assert role.is_head
    assert not role.decides


@pytest.mark.parametrize(
    "name",
    [
        "encoder.layer.0.output.dense.weight", "blocks.0.mlp.fc1.weight", "cls_token",
        "decode_head.linear_fuse.weight", "encoder.layer.3.attention.output.dense.bias",
    ],
)  # fmt: skip
def test_what_only_sounds_like_a_head(name):
    assert not roles(name)[name].is_head


@pytest.mark.parametrize(
    "name",
    [
        "bn1.running_mean", "bn1.running_var", "bn1.num_batches_tracked", "inv_freq",
        "embeddings.position_ids", "attn.relative_position_index",
        "h.0.attn.masked_bias",
    ],
)  # fmt: skip
def test_buffers_are_no_parameters(name):
    assert is_buffer(entry(name))


def test_a_causal_mask_is_a_buffer_and_a_bias_is_none():
    assert is_buffer(entry("h.0.attn.bias", (1, 1, 16, 16)))
    assert not is_buffer(entry("h.0.attn.bias", (16,)))


def test_a_frozen_batch_norm_is_told_by_its_missing_counter():
    at = "model.backbone.conv_encoder.model.bn1"
    names = [f"{at}.{n}" for n in ("weight", "bias", "running_mean", "running_var")]
    frozen = roles(*names)[names[0]]
    trained = roles(*names, f"{at}.num_batches_tracked")[names[0]]
    assert (frozen.is_frozen_by_architecture, frozen.is_parameter) == (True, False)
    assert (trained.is_frozen_by_architecture, trained.is_parameter) == (False, True)


def test_a_batch_norm_outside_a_backbone_is_never_frozen():
    names = [f"bn1.{n}" for n in ("weight", "bias", "running_mean", "running_var")]
    assert not roles(*names)["bn1.weight"].is_frozen_by_architecture


def test_norms_inside_a_sequential_are_told_by_their_shape():
    found = layout(
        [
            entry("features.1.0.block.2.weight", (8,)),
            entry("features.1.0.block.2.bias", (8,)),
            entry("features.1.0.block.3.weight", (32, 8)),
            entry("features.1.0.block.3.bias", (32,)),
        ]
    )
    assert [role.is_norm for role in found.values()] == [True, True, False, False]
    assert [role.is_bias for role in found.values()] == [False, True, False, True]


def test_tables_are_embeddings_and_patches_are_not():
    names = "wte.weight", "patch_embeddings.projection.weight", "embed_tokens.weight"
    assert [role.is_embedding for role in roles(*names).values()] == [True, False, True]


def test_a_mask_token_decides_nothing():
    role = roles("dinov2.embeddings.mask_token")["dinov2.embeddings.mask_token"]
    assert role.is_parameter
    assert not role.decides


def test_no_tensors_have_no_roles():
    assert layout([]) == {}
