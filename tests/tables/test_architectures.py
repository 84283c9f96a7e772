"""One word for one architecture."""

import pytest

from core.tables.architectures import RENAMED, architecture_of


@pytest.mark.parametrize(
    ("source", "builder", "size", "word"),
    [
        ("timm", "resnet50", 224, "resnet50"),
        ("timm", "tf_efficientnetv2_s", 384, "efficientnetv2_s"),
        ("torchvision", "efficientnet_v2_s", None, "efficientnetv2_s"),
        ("timm", "deit_base_patch16_384", 384, "vit_base_patch16"),
        ("torchvision", "vit_b_16", None, "vit_base_patch16"),
        ("timm", "vit_large_patch14_clip_336", 336, "vit_large_patch14_clip"),
        ("open_clip", "ViT-L-14-336", None, "vit_large_patch14_clip"),
        ("open_clip", "ViT-H-14-378-quickgelu", None, "vit_huge_patch14_clip"),
        ("open_clip", "xlm-roberta-large-ViT-H-14", None, "vit_huge_patch14_clip"),
        ("open_clip", "ViT-B-16-SigLIP-512", None, "vit_base_patch16_siglip"),
        ("open_clip", "ViT-B-16-plus-240", None, "ViT-B-16-plus"),
        ("torchvision", "swin_v2_b", None, "swinv2_base_window8"),
        ("timm", "swinv2_base_window8_256", 256, "swinv2_base_window8"),
        ("timm", "swinv2_base_window16_256", 256, "swinv2_base_window16"),
        ("timm", "levit_256", 224, "levit_256"),
        ("timm", "mobilenetv2_100", 224, "mobilenetv2_100"),
        ("timm", "regnety_320", 384, "regnety_320"),
        ("torchvision", "regnet_y_32gf", None, "regnety_320"),
        ("torchvision", "alexnet", None, "alexnet"),
    ],
)
def test_known_words(source, builder, size, word):
    assert architecture_of(source, builder, size) == word


def test_a_word_is_its_own_word():
    words = {word for names in RENAMED.values() for word in names.values()}
    assert words == {architecture_of("timm", word) for word in words}
