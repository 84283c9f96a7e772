"""Curated families."""

import csv

import pytest

from core.tables.families import FAMILIES, UNKNOWN_FAMILY, family_of
from core.tables.torchvision.package import installed_records

TORCHVISION = {
    "regnet_x_400mf": "RegNetX",
    "regnet_y_400mf": "RegNetY",
    "swin_t": "Swin",
    "swin_v2_t": "SwinV2",
    "swin3d_b": "Video Swin",
    "efficientnet_b0": "EfficientNet",
    "efficientnet_v2_s": "EfficientNetV2",
    "ssd300_vgg16": "SSD",
    "ssdlite320_mobilenet_v3_large": "SSDLite",
    "resnext50_32x4d": "ResNeXt",
    "wide_resnet50_2": "Wide ResNet",
    "deeplabv3_resnet50": "DeepLabV3",
    "mvit_v1_b": "MViTv1",
    "r2plus1d_18": "ResNet3D",
}
TIMM = {
    "regnetx_002": "RegNetX",
    "regnety_002": "RegNetY",
    "regnetz_b16": "RegNetZ",
    "regnetv_040": "RegNetV",
    "nf_regnet_b1": "NF-RegNet",
    "swin_base_patch4_window7_224": "Swin",
    "swin_s3_tiny_224": "Swin-S3",
    "swinv2_tiny_window8_256": "SwinV2",
    "swinv2_cr_small_224": "SwinV2-CR",
    "tf_efficientnet_b0": "EfficientNet",
    "tf_efficientnetv2_s": "EfficientNetV2",
    "gc_efficientnetv2_rw_t": "EfficientNetV2",
    "tf_efficientnet_lite0": "EfficientNet-Lite",
    "tf_efficientnet_el": "EfficientNet-EdgeTPU",
    "tf_mixnet_l": "MixNet",
    "tf_mobilenetv3_large_100": "MobileNetV3",
    "mobilenetv4_conv_small": "MobileNetV4",
    "mobilenet_edgetpu_v2_m": "MobileNet-EdgeTPU",
    "mobilevit_s": "MobileViT",
    "mobilevitv2_050": "MobileViTv2",
    "resnet50": "ResNet",
    "resnetv2_50": "ResNetV2",
    "resnetv2_50x1_bit": "BiT",
    "resnetrs50": "ResNet-RS",
    "resnest50d": "ResNeSt",
    "resnext50_32x4d": "ResNeXt",
    "res2next50": "Res2Net",
    "resmlp_12_224": "ResMLP",
    "seresnet50": "SE-ResNet",
    "seresnext50_32x4d": "SE-ResNeXt",
    "legacy_seresnext50_32x4d": "SE-ResNeXt",
    "legacy_senet154": "SENet",
    "skresnext50_32x4d": "SK-ResNet",
    "ecaresnet50d": "ECA-ResNet",
    "gcresnet50t": "GC-ResNet",
    "gcvit_tiny": "GCViT",
    "wide_resnet50_2": "Wide ResNet",
    "dm_nfnet_f0": "NFNet",
    "eca_nfnet_l0": "NFNet",
    "eca_halonext26ts": "HaloNet",
    "vit_base_patch16_224": "ViT",
    "vit_so400m_patch14_siglip_378": "ViT",
    "vit_base_r50_s16_384": "Hybrid ViT",
    "tiny_vit_5m_224": "TinyViT",
    "flexivit_base": "FlexiViT",
    "deit_base_patch16_224": "DeiT",
    "deit3_base_patch16_224": "DeiT III",
    "beit_base_patch16_224": "BEiT",
    "beitv2_base_patch16_224": "BEiTv2",
    "beit3_base_patch16_224": "BEiT-3",
    "eva_giant_patch14_224": "EVA",
    "eva02_large_patch14_448": "EVA-02",
    "convnext_base": "ConvNeXt",
    "convnextv2_base": "ConvNeXtV2",
    "convit_base": "ConViT",
    "convmixer_768_32": "ConvMixer",
    "convformer_s18": "ConvFormer",
    "coat_tiny": "CoaT",
    "coatnet_0_rw_224": "CoAtNet",
    "maxvit_tiny_tf_224": "MaxViT",
    "maxxvit_rmlp_nano_rw_256": "MaxxViT",
    "efficientvit_b0": "EfficientViT (MIT)",
    "efficientvit_m0": "EfficientViT (MSRA)",
    "efficientformer_l1": "EfficientFormer",
    "efficientformerv2_s0": "EfficientFormerV2",
    "inception_v3": "Inception",
    "inception_resnet_v2": "Inception-ResNet",
    "inception_next_tiny": "InceptionNeXt",
    "hgnetv2_b0": "HGNetV2",
    "nasnetalarge": "NASNet",
    "pnasnet5large": "PNASNet",
    "mnasnet_100": "MNASNet",
    "semnasnet_100": "MNASNet (SE)",
    "xcit_nano_12_p8_224": "XCiT",
    "xception41": "Xception",
}
OPEN_CLIP = {
    "ViT-L-14-336": "ViT",
    "ViT-B-16-SigLIP-512": "SigLIP",
    "ViT-H-14-CLIPA-336": "CLIPA",
    "coca_ViT-L-14": "CoCa",
    "EVA01-g-14": "EVA",
    "EVA02-E-14-plus": "EVA-02",
    "RN50x64": "ResNet",
    "convnext_large_d_320": "ConvNeXt",
    "nllb-clip-base": "NLLB-CLIP",
}


@pytest.mark.parametrize(("builder", "family"), TORCHVISION.items())
def test_torchvision(builder, family):
    assert family_of(builder) == family


@pytest.mark.parametrize(("builder", "family"), TIMM.items())
def test_timm(builder, family):
    assert family_of(builder, "timm") == family


@pytest.mark.parametrize(("builder", "family"), OPEN_CLIP.items())
def test_open_clip(builder, family):
    assert family_of(builder, "open_clip") == family


def test_every_builder_of_the_installed_package_has_a_family():
    families = {family_of(record.builder) for record in installed_records()}
    assert families == set(FAMILIES["torchvision"])


def test_classification_has_22_families():
    records = installed_records()
    plain = [r.builder for r in records if r.module == "torchvision.models"]
    assert len({family_of(builder) for builder in plain}) == 22


def test_no_published_name_is_left_over(find_shared):
    for source, file in {
        "timm": "timm/results-imagenet.csv",
        "open_clip": "open_clip/openclip_results.csv",
    }.items():
        with find_shared(file).open() as lines:
            names = {row[0].partition(".")[0] for row in csv.reader(lines)}
        others = {name for name in names if family_of(name, source) == UNKNOWN_FAMILY}
        assert others <= {"model", "name"}


def test_a_port_is_no_family():
    names = {name.lower() for rows in FAMILIES.values() for name in rows}
    assert not names & {"tf", "legacy", "gluon", "dm", "ig"}
