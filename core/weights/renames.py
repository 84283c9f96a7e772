"""Spellings of one tensor by different libraries, brought to one key. Knows names only.

Sources: the transformers 5 conversion mappings (names in memory against names in Hub
files), the old TensorFlow port of LayerNorm, torchvision's and HF's ResNet.
"""

import re
from functools import lru_cache


def _resnet_layer(match: re.Match[str]) -> str:
    stage, convolution = int(match[1]) - 1, int(match[4]) - 1
    part = "convolution" if match[3] == "conv" else "normalization"
    return f"encoder.stages.{stage}.layers.{match[2]}.layer.{convolution}.{part}."


def _resnet_shortcut(match: re.Match[str]) -> str:
    part = "convolution" if match[3] == "0" else "normalization"
    return f"encoder.stages.{int(match[1]) - 1}.layers.{match[2]}.shortcut.{part}."


_Q = {"query": "q_proj", "key": "k_proj", "value": "v_proj"}

RULES = (
    (r"(?<=\.)(?:_orig_mod|_fsdp_wrapped_module|base_layer|conv_encoder)\.", ""),
    (r"(?<=\.)gamma$", "weight"),
    (r"(?<=\.)beta$", "bias"),
    (r"\blayer(\d)\.(\d+)\.(conv|bn)(\d)\.", _resnet_layer),
    (r"\blayer(\d)\.(\d+)\.downsample\.([01])\.", _resnet_shortcut),
    (r"\bbackbone\.model\.conv1\.", "backbone.model.embedder.embedder.convolution."),
    (r"\bbackbone\.model\.bn1\.", "backbone.model.embedder.embedder.normalization."),
    (r"\bencoder\.patch_embeddings\.(\d+)\.", r"stages.\1.patch_embeddings."),
    (r"\bencoder\.layer_norm\.(\d+)\.", r"stages.\1.layer_norm."),
    (r"\bencoder\.block\.(\d+)\.(\d+)\.", r"stages.\1.blocks.\2."),
    (r"\bencoder\.layer\.(\d+)\.", r"layers.\1."),
    (
        r"(?:\.attention)?(?:\.attention|\.self)?(?:\.relative_position_bias)?"
        r"\.relative_position_bias_table$",
        ".relative_position_bias_table",
    ),
    (r"\.ca_([qkv])", r".encoder_attn.\1_"),
    (r"\.sa_([qkv])", r".self_attn.\1_"),
    (r"_attn\.v__proj\.", "_attn.v_proj."),
    (r"\battention\.self\.sr\.", "attention.sequence_reduction.sequence_reduction."),
    (r"\battention\.self\.layer_norm\.", "attention.sequence_reduction.layer_norm."),
    (
        r"\battention\.(?:attention|self)\.(query|key|value)\.",
        lambda match: f"attention.{_Q[match[1]]}.",
    ),
    (r"\battention\.output\.dense\.", "attention.o_proj."),
    (r"_attn\.o_proj\.", "_attn.out_proj."),
    (r"\bintermediate\.dense\.", "mlp.fc1."),
    (r"(?<=\d)\.output\.dense\.", ".mlp.fc2."),
    (r"(?<=\d)\.fc([12])\.", r".mlp.fc\1."),
    (r"\bmlp\.dense([12])\.", r"mlp.fc\1."),
    (r"\blayer_norm_1\.", "layernorm_before."),
    (r"\blayer_norm_2\.", "layernorm_after."),
    (r"\bencoder\.interpolation\.", "encoder."),
    (r"\blinear_c\.", "linear_projections."),
)
_COMPILED = tuple((re.compile(pattern), new) for pattern, new in RULES)


@lru_cache(maxsize=1 << 16)
def canonical(name: str) -> str:
    """Spell a tensor's name in the one way that its known spellings share.

    >>> canonical("vit.encoder.layer.3.attention.attention.query.weight")
    'vit.layers.3.attention.q_proj.weight'
    >>> canonical("vit._orig_mod.layers.3.attention.q_proj.weight")
    'vit.layers.3.attention.q_proj.weight'
    >>> canonical("bert.encoder.layer.0.output.LayerNorm.gamma")
    'bert.layers.0.output.LayerNorm.weight'
    """
    for pattern, new in _COMPILED:
        name = pattern.sub(new, name)
    return name
