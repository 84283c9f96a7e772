"""Curated families."""

import pytest

from core.tables.families import FAMILIES, UNKNOWN_FAMILY, family_of
from core.tables.torchvision.package import installed_records


@pytest.mark.parametrize(
    ("builder", "family"),
    [
        ("regnet_x_400mf", "RegNetX"),
        ("regnet_y_400mf", "RegNetY"),
        ("swin_t", "Swin"),
        ("swin_v2_t", "SwinV2"),
        ("swin3d_b", "Video Swin"),
        ("efficientnet_b0", "EfficientNet"),
        ("efficientnet_v2_s", "EfficientNetV2"),
        ("ssd300_vgg16", "SSD"),
        ("ssdlite320_mobilenet_v3_large", "SSDLite"),
        ("resnext50_32x4d", "ResNeXt"),
        ("wide_resnet50_2", "Wide ResNet"),
        ("deeplabv3_resnet50", "DeepLabV3"),
        ("mvit_v1_b", "MViTv1"),
    ],
)
def test_neighbors_stay_apart(builder, family):
    assert family_of(builder) == family


def test_every_builder_of_the_installed_package_has_a_family():
    families = {record.builder: family_of(record.builder) for record in _records()}
    assert UNKNOWN_FAMILY not in families.values()


def test_every_family_has_a_builder():
    assert set(FAMILIES["torchvision"]) == {family_of(r.builder) for r in _records()}


def test_classification_has_22_families():
    plain = [r.builder for r in _records() if r.module == "torchvision.models"]
    assert len({family_of(builder) for builder in plain}) == 22


def _records():
    return installed_records()
