"""The 33 bases of the published study as tiny models: the tensor names and shapes that
transformers gives a model of the right class, a few numbers wide. Depths are those of
the real models where the study speaks of blocks or counts tensors, else small.

Names are those that the installed transformers holds in memory. Counters and indices
are stored as float32, which changes no verdict.
"""

from collections.abc import Callable
from functools import cache

from tests.standin.numbers import Numbers
from tests.standin.vit import Tensors

WIDTH = 8
BOTTLENECK = (3, 4, 6, 3)
DECODER = {
    "d_model": WIDTH, "decoder_ffn_dim": WIDTH, "decoder_attention_heads": 2,
    "vocab_size": 40, "max_position_embeddings": 8, "pad_token_id": 1,
    "bos_token_id": 0, "eos_token_id": 2, "decoder_start_token_id": 2,
}  # fmt: skip


@cache
def tiny(base: str) -> Tensors:
    """Return the tensors of a tiny stand-in for a base of the study."""
    return _tensors(MODELS[base])


@cache
def narrow_detr() -> Tensors:
    """Return a DETR on a ResNet-18 of another width: "a different backbone"."""
    return _tensors(
        lambda: _detr("Detr", (2, 2, 2, 2), layer_type="basic", width=12), "narrow/"
    )


def _tensors(build: Callable[[], object], key: str = "") -> Tensors:
    import torch

    with torch.device("meta"):
        model = build()
    shapes = {name: tuple(t.shape) for name, t in model.state_dict().items()}
    return {name: Numbers(key + name, shape) for name, shape in shapes.items()}


def _resnet_config(depths: tuple[int, ...], layer_type: str, width: int = WIDTH):
    from transformers import ResNetConfig

    # As in the real sizes, the first stage widens what a bottleneck gets.
    narrow = width // 2 if layer_type == "bottleneck" else width
    return ResNetConfig(
        embedding_size=narrow, hidden_sizes=[width] * 4, depths=list(depths),
        layer_type=layer_type, out_features=["stage2", "stage3", "stage4"],
        num_labels=3,
    )  # fmt: skip


def _detr(
    name: str,
    depths: tuple[int, ...],
    *,
    layer_type: str = "bottleneck",
    width: int = WIDTH,
    d_model: int = WIDTH,
):
    import transformers

    backbone = _resnet_config(depths, layer_type, width)
    if name != "DeformableDetr":
        backbone.out_features = ["stage4"]
    config = getattr(transformers, f"{name}Config")(
        backbone_config=backbone, use_timm_backbone=False,
        use_pretrained_backbone=False, backbone=None, d_model=d_model,
        encoder_layers=2, decoder_layers=2, encoder_ffn_dim=WIDTH,
        decoder_ffn_dim=WIDTH, encoder_attention_heads=2, decoder_attention_heads=2,
        num_queries=4, num_labels=3,
    )  # fmt: skip
    return getattr(transformers, f"{name}ForObjectDetection")(config)


def _vit_config(depth: int, width: int = WIDTH):
    from transformers import ViTConfig

    return ViTConfig(
        hidden_size=width, num_hidden_layers=depth, num_attention_heads=2,
        intermediate_size=2 * width, image_size=32, patch_size=16,
    )  # fmt: skip


def _vit(depth: int, width: int = WIDTH):
    from transformers import ViTModel

    return ViTModel(_vit_config(depth, width))


def _dinov2(depth: int):
    from transformers import Dinov2Config, Dinov2Model

    config = Dinov2Config(
        hidden_size=WIDTH, num_hidden_layers=depth, num_attention_heads=2,
        mlp_ratio=2, image_size=32, patch_size=16,
    )  # fmt: skip
    return Dinov2Model(config)


def _yolos():
    from transformers import YolosConfig, YolosForObjectDetection

    config = YolosConfig(
        hidden_size=WIDTH, num_hidden_layers=4, num_attention_heads=2,
        intermediate_size=16, image_size=[32, 32], patch_size=16,
        num_detection_tokens=3,
    )  # fmt: skip
    return YolosForObjectDetection(config)


def _segformer(*depths: int):
    from transformers import SegformerConfig, SegformerForSemanticSegmentation

    config = SegformerConfig(
        hidden_sizes=[WIDTH] * 4, depths=list(depths), decoder_hidden_size=WIDTH,
        num_attention_heads=[1, 1, 2, 2],
    )  # fmt: skip
    return SegformerForSemanticSegmentation(config)


def _mobilenet():
    from transformers import MobileNetV2Config, MobileNetV2ForImageClassification

    config = MobileNetV2Config(depth_multiplier=0.1, num_labels=3)
    return MobileNetV2ForImageClassification(config)


def _efficientnet():
    from transformers import EfficientNetConfig, EfficientNetForImageClassification

    config = EfficientNetConfig(
        width_coefficient=0.1, depth_coefficient=1.0, hidden_dim=16, num_labels=3
    )
    return EfficientNetForImageClassification(config)


def _resnet(depths: tuple[int, ...], layer_type: str = "bottleneck"):
    from transformers import ResNetForImageClassification

    return ResNetForImageClassification(_resnet_config(depths, layer_type))


def _reader(encoder, decoder):
    """Join an encoder and a decoder, as image-to-text models are."""
    from transformers import VisionEncoderDecoderConfig, VisionEncoderDecoderModel

    join = VisionEncoderDecoderConfig.from_encoder_decoder_configs
    return VisionEncoderDecoderModel(join(encoder, decoder))


def _trocr(depth: int):
    from transformers import TrOCRConfig

    return _reader(_vit_config(depth), TrOCRConfig(decoder_layers=2, **DECODER))


def _donut():
    from transformers import DonutSwinConfig, MBartConfig

    encoder = DonutSwinConfig(
        embed_dim=WIDTH, depths=[2, 2, 2, 2], num_heads=[1, 1, 2, 2], image_size=32,
        window_size=2,
    )  # fmt: skip
    return _reader(encoder, MBartConfig(decoder_layers=2, **DECODER))


def _vit_gpt2():
    from transformers import GPT2Config

    decoder = GPT2Config(
        n_embd=WIDTH, n_layer=2, n_head=2, vocab_size=40, n_positions=16,
        add_cross_attention=True, bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    return _reader(_vit_config(2), decoder)


def _blip():
    from transformers import BlipConfig, BlipForConditionalGeneration

    tower = {
        "hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": WIDTH,
    }  # fmt: skip
    text = tower | {
        "vocab_size": 40, "encoder_hidden_size": WIDTH, "bos_token_id": 0,
        "pad_token_id": 1, "eos_token_id": 2, "sep_token_id": 2,
    }  # fmt: skip
    vision = tower | {"image_size": 32, "patch_size": 16}
    return BlipForConditionalGeneration(
        BlipConfig(text_config=text, vision_config=vision)
    )


def _git():
    from transformers import GitConfig, GitForCausalLM

    tower = {
        "hidden_size": WIDTH, "num_attention_heads": 2, "intermediate_size": WIDTH,
    }  # fmt: skip
    vision = tower | {"num_hidden_layers": 2, "image_size": 32, "patch_size": 16}
    config = GitConfig(
        **tower, num_hidden_layers=2, vocab_size=40, vision_config=vision,
        bos_token_id=0, eos_token_id=2,
    )  # fmt: skip
    return GitForCausalLM(config)


MODELS: dict[str, Callable[[], object]] = {
    "facebook/detr-resnet-50": lambda: _detr("Detr", BOTTLENECK),
    "facebook/detr-resnet-101": lambda: _detr("Detr", (3, 4, 23, 3)),
    "microsoft/conditional-detr-resnet-50": lambda: _detr(
        "ConditionalDetr", BOTTLENECK
    ),
    "SenseTime/deformable-detr": lambda: _detr(
        "DeformableDetr", BOTTLENECK, d_model=32
    ),
    "facebook/detr-resnet-50-dc5": lambda: _detr("Detr", BOTTLENECK),
    "microsoft/table-transformer-structure-recognition": lambda: _detr(
        "TableTransformer", (2, 2, 2, 2), layer_type="basic"
    ),
    "microsoft/table-transformer-detection": lambda: _detr(
        "TableTransformer", (2, 2, 2, 2), layer_type="basic"
    ),
    "hustvl/yolos-small": _yolos,
    "hustvl/yolos-tiny": _yolos,
    "google/vit-base-patch16-224-in21k": lambda: _vit(12, 32),
    "google/vit-large-patch16-224-in21k": lambda: _vit(4),
    "google/vit-huge-patch14-224-in21k": lambda: _vit(4),
    "facebook/dinov2-base": lambda: _dinov2(4),
    "facebook/dinov2-large": lambda: _dinov2(4),
    "nvidia/segformer-b0-finetuned-ade-512-512": lambda: _segformer(2, 2, 2, 2),
    "nvidia/segformer-b1-finetuned-ade-512-512": lambda: _segformer(2, 2, 2, 2),
    "nvidia/segformer-b2-finetuned-ade-512-512": lambda: _segformer(2, 2, 3, 2),
    "nvidia/segformer-b1-finetuned-cityscapes-1024-1024": lambda: _segformer(
        2, 2, 2, 2
    ),
    "nvidia/segformer-b5-finetuned-cityscapes-1024-1024": lambda: _segformer(
        2, 2, 4, 2
    ),
    "google/mobilenet_v2_1.0_224": _mobilenet,
    "google/efficientnet-b0": _efficientnet,
    "microsoft/resnet-18": lambda: _resnet((2, 2, 2, 2), "basic"),
    "microsoft/resnet-50": lambda: _resnet(BOTTLENECK),
    "microsoft/resnet-101": lambda: _resnet((2, 2, 3, 2)),
    "microsoft/resnet-152": lambda: _resnet((2, 2, 4, 2)),
    "microsoft/trocr-large-printed": lambda: _trocr(4),
    "microsoft/trocr-base-printed": lambda: _trocr(2),
    "microsoft/trocr-base-stage1": lambda: _trocr(2),
    "Salesforce/blip-image-captioning-base": _blip,
    "naver-clova-ix/donut-base-finetuned-cord-v2": _donut,
    "naver-clova-ix/donut-base": _donut,
    "nlpconnect/vit-gpt2-image-captioning": _vit_gpt2,
    "microsoft/git-base": _git,
}
