"""Which family a published architecture belongs to, curated by hand for each source.

A rule per letter pattern would merge RegNetX with RegNetY or Swin with Swin V2, so each
family lists the stems of its builders' names and the longest stem wins.
"""

from functools import cache

UNKNOWN_FAMILY = "other"

FAMILIES: dict[str, dict[str, tuple[str, ...]]] = {
    "torchvision": {
        "AlexNet": ("alexnet",),
        "ConvNeXt": ("convnext",),
        "DeepLabV3": ("deeplabv3",),
        "DenseNet": ("densenet",),
        "EfficientNet": ("efficientnet",),
        "EfficientNetV2": ("efficientnet_v2",),
        "FCN": ("fcn",),
        "FCOS": ("fcos",),
        "Faster R-CNN": ("fasterrcnn",),
        "GoogLeNet": ("googlenet",),
        "Inception": ("inception",),
        "Keypoint R-CNN": ("keypointrcnn",),
        "LR-ASPP": ("lraspp",),
        "MNASNet": ("mnasnet",),
        "MViTv1": ("mvit_v1",),
        "MViTv2": ("mvit_v2",),
        "Mask R-CNN": ("maskrcnn",),
        "MaxViT": ("maxvit",),
        "MobileNetV2": ("mobilenet_v2",),
        "MobileNetV3": ("mobilenet_v3",),
        "RAFT": ("raft",),
        "RegNetX": ("regnet_x",),
        "RegNetY": ("regnet_y",),
        "ResNeXt": ("resnext",),
        "ResNet": ("resnet",),
        "ResNet3D": ("r3d", "mc3", "r2plus1d"),
        "RetinaNet": ("retinanet",),
        "S3D": ("s3d",),
        "SSD": ("ssd",),
        "SSDLite": ("ssdlite",),
        "ShuffleNetV2": ("shufflenet_v2",),
        "SqueezeNet": ("squeezenet",),
        "Swin": ("swin",),
        "SwinV2": ("swin_v2",),
        "VGG": ("vgg",),
        "ViT": ("vit",),
        "Video Swin": ("swin3d",),
        "Wide ResNet": ("wide_resnet",),
    },
}


def family_of(builder: str, source: str = "torchvision") -> str:
    """Return the family of a builder's name, "other" where nobody curated it yet.

    >>> family_of("regnet_x_400mf"), family_of("swin_v2_t"), family_of("brand_new")
    ('RegNetX', 'SwinV2', 'other')
    """
    return next(
        (family for stem, family in _longest_first(source) if builder.startswith(stem)),
        UNKNOWN_FAMILY,
    )


@cache
def _longest_first(source: str) -> tuple[tuple[str, str], ...]:
    stems = [(stem, name) for name, row in FAMILIES[source].items() for stem in row]
    return tuple(sorted(stems, key=lambda pair: -len(pair[0])))
