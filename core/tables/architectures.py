"""One word for an architecture that several sources publish under names of their own.

The words are timm's without the resolution: torchvision's `vit_b_16` at 224 and 384 px
and timm's `vit_base_patch16_224` are all `vit_base_patch16`. Knows no numbers.
"""

import re

PREFIXES = ("tf_", "gluon_")
RENAMED = {
    "torchvision": {
        "efficientnet_v2_s": "efficientnetv2_s",
        "efficientnet_v2_m": "efficientnetv2_m",
        "efficientnet_v2_l": "efficientnetv2_l",
        "maxvit_t": "maxvit_tiny_tf",
        "mnasnet0_5": "mnasnet_050",
        "mnasnet0_75": "mnasnet_075",
        "mnasnet1_0": "mnasnet_100",
        "mobilenet_v2": "mobilenetv2_100",
        "mobilenet_v3_large": "mobilenetv3_large_100",
        "mobilenet_v3_small": "mobilenetv3_small_100",
        "regnet_x_400mf": "regnetx_004_tv",
        "regnet_x_800mf": "regnetx_008",
        "regnet_x_1_6gf": "regnetx_016",
        "regnet_x_3_2gf": "regnetx_032",
        "regnet_x_8gf": "regnetx_080",
        "regnet_x_16gf": "regnetx_160",
        "regnet_x_32gf": "regnetx_320",
        "regnet_y_400mf": "regnety_004",
        "regnet_y_800mf": "regnety_008_tv",
        "regnet_y_1_6gf": "regnety_016",
        "regnet_y_3_2gf": "regnety_032",
        "regnet_y_8gf": "regnety_080_tv",
        "regnet_y_16gf": "regnety_160",
        "regnet_y_32gf": "regnety_320",
        "regnet_y_128gf": "regnety_1280",
        "swin_t": "swin_tiny_patch4_window7",
        "swin_s": "swin_small_patch4_window7",
        "swin_b": "swin_base_patch4_window7",
        "swin_v2_t": "swinv2_tiny_window8",
        "swin_v2_s": "swinv2_small_window8",
        "swin_v2_b": "swinv2_base_window8",
        "vit_b_16": "vit_base_patch16",
        "vit_b_32": "vit_base_patch32",
        "vit_l_16": "vit_large_patch16",
        "vit_l_32": "vit_large_patch32",
        "vit_h_14": "vit_huge_patch14",
    },
    "timm": {
        "deit_tiny_patch16": "vit_tiny_patch16",
        "deit_small_patch16": "vit_small_patch16",
        "deit_base_patch16": "vit_base_patch16",
    },
    # The image tower's architecture; several text towers share one.
    "open_clip": {
        "ViT-B-32": "vit_base_patch32_clip",
        "ViT-B-16": "vit_base_patch16_clip",
        "ViT-L-14": "vit_large_patch14_clip",
        "ViT-H-14": "vit_huge_patch14_clip",
        "ViT-g-14": "vit_giant_patch14_clip",
        "ViT-bigG-14": "vit_gigantic_patch14_clip",
        "ViT-B-16-SigLIP": "vit_base_patch16_siglip",
        "ViT-L-16-SigLIP": "vit_large_patch16_siglip",
        "ViT-SO400M-14-SigLIP": "vit_so400m_patch14_siglip",
        "roberta-ViT-B-32": "vit_base_patch32_clip",
        "xlm-roberta-base-ViT-B-32": "vit_base_patch32_clip",
        "xlm-roberta-large-ViT-H-14": "vit_huge_patch14_clip",
        "nllb-clip-base": "vit_base_patch32_clip",
        "nllb-clip-large": "vit_huge_patch14_clip",
        "nllb-clip-base-siglip": "vit_base_patch16_siglip",
        "nllb-clip-large-siglip": "vit_so400m_patch14_siglip",
        "ViT-B-16-SigLIP-i18n": "vit_base_patch16_siglip",
        "EVA01-g-14": "eva_giant_patch14",
        "EVA01-g-14-plus": "eva_giant_patch14",
        "EVA02-B-16": "eva02_base_patch16_clip",
        "EVA02-L-14": "eva02_large_patch14_clip",
        "EVA02-E-14": "eva02_enormous_patch14_clip",
        "EVA02-E-14-plus": "eva02_enormous_patch14_clip",
        "convnext_base_w": "convnext_base",
        "convnext_base_w_320": "convnext_base",
        "convnext_large_d": "convnext_large_mlp",
        "convnext_large_d_320": "convnext_large_mlp",
        "RN50": "resnet50_clip",
        "RN101": "resnet101_clip",
        "RN50x4": "resnet50x4_clip",
        "RN50x16": "resnet50x16_clip",
        "RN50x64": "resnet50x64_clip",
    },
}


def architecture_of(source: str, builder: str, image_size: float | None = None) -> str:
    """Return the shared word for what a source builds.

    >>> architecture_of("torchvision", "vit_b_16")
    'vit_base_patch16'
    >>> architecture_of("timm", "vit_base_patch16_384", 384)
    'vit_base_patch16'
    >>> [architecture_of("timm", name, 224) for name in ("levit_256", "tf_mixnet_s")]
    ['levit_256', 'mixnet_s']
    >>> architecture_of("open_clip", "ViT-L-14-336")
    'vit_large_patch14_clip'
    """
    plain = builder
    if source == "open_clip":
        plain = re.sub(r"-quickgelu$|-\d{3}(?=$|-quickgelu)", "", plain)
        plain = plain.removesuffix("-quickgelu")
    if source == "timm":
        plain = _without_resolution(_without_prefix(plain), image_size)
    return RENAMED.get(source, {}).get(plain, plain)


def _without_prefix(builder: str) -> str:
    for prefix in PREFIXES:
        builder = builder.removeprefix(prefix)
    return builder


def _without_resolution(builder: str, image_size: float | None) -> str:
    """Drop a last number that is a resolution: `levit_256` ends in a width."""
    is_size = re.search(r"(patch|window)\d+.*_\d{3}$", builder)
    if image_size and builder.endswith(f"_{image_size:.0f}"):
        is_size = True
    return re.sub(r"_\d{3}$", "", builder) if is_size else builder
