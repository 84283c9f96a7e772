"""Families with a known truth: small checkpoints with the names of real Hub files, and
children made from them by one named change. The truth is written here by hand, block
by block; nothing is asked of the code under test.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from core.weights.checkpoint import open_checkpoint

WIDTH = 32
Shapes = dict[str, tuple[int, ...]]
Weights = dict[str, np.ndarray]
BUFFERS = ("running_mean", "running_var", "num_batches_tracked", "position_ids")
NORM_WORDS = ("norm", "Norm", "bn1", "bn2", "bn3", "downsample.1", "ln_")


@dataclass(frozen=True)
class Layout:
    """One architecture: its blocks in forward order, and its head.

    `parts` names the component of each block; `tail` are the final norms, which belong
    to no block; `tables` are embedding tables, `lora` the matrices a LoRA would touch.
    """

    name: str
    blocks: dict[str, Shapes]
    head: Shapes
    parts: dict[str, str] = field(default_factory=dict)
    tail: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    lora: tuple[str, ...] = ()
    frozen_norms: bool = False
    unreached: tuple[str, ...] = ()

    @property
    def shapes(self) -> Shapes:
        merged = {}
        for block in self.blocks.values():
            merged |= block
        return merged | self.head

    def is_norm(self, name: str) -> bool:
        return any(word in name.rpartition(".")[0] for word in NORM_WORDS)

    def is_buffer(self, name: str) -> bool:
        if self.frozen_norms and "backbone" in name and self.is_norm(name):
            return True
        return name.endswith(BUFFERS)

    def parameters(self, *blocks: str) -> list[str]:
        """The trainable parameters of some blocks (of the whole body by default)."""
        chosen = blocks or tuple(self.blocks)
        return [
            name
            for block in chosen
            for name in self.blocks[block]
            if not self.is_buffer(name) and name not in self.unreached
        ]

    def statistics(self) -> list[str]:
        if self.frozen_norms:
            return []
        return [n for n in self.shapes if n.endswith(("running_mean", "running_var"))]

    def numbered(self) -> list[str]:
        return [b for b in self.blocks if b[-1].isdigit()]


def _linear(name: str, rows: int, columns: int, *, bias: bool = True) -> Shapes:
    shapes = {f"{name}.weight": (rows, columns)}
    return shapes | ({f"{name}.bias": (rows,)} if bias else {})


def _norm(name: str, width: int = WIDTH) -> Shapes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _batch_norm(name: str, width: int = 8, *, counter: bool = True) -> Shapes:
    shapes = _norm(name, width)
    shapes |= {f"{name}.running_mean": (width,), f"{name}.running_var": (width,)}
    return shapes | ({f"{name}.num_batches_tracked": ()} if counter else {})


def _conv(name: str, out: int = 8, into: int = 8, size: int = 3) -> Shapes:
    return {f"{name}.weight": (out, into, size, size)}


def _linears(pattern: str, *names: str) -> Shapes:
    merged = {}
    for name in names:
        merged |= _linear(pattern.format(name), WIDTH, WIDTH)
    return merged


def _vit_block(at: str, *, scaled: bool = False) -> Shapes:
    names = "query", "key", "value"
    shapes = _linears(f"{at}.attention.attention.{{}}", *names)
    shapes |= _linear(f"{at}.attention.output.dense", WIDTH, WIDTH)
    if scaled:
        shapes |= _norm(f"{at}.norm1") | _norm(f"{at}.norm2")
        shapes |= {f"{at}.layer_scale1.lambda1": (WIDTH,)}
        shapes |= _linear(f"{at}.mlp.fc1", 2 * WIDTH, WIDTH)
        return shapes | _linear(f"{at}.mlp.fc2", WIDTH, 2 * WIDTH)
    shapes |= _norm(f"{at}.layernorm_before") | _norm(f"{at}.layernorm_after")
    shapes |= _linear(f"{at}.intermediate.dense", 2 * WIDTH, WIDTH)
    return shapes | _linear(f"{at}.output.dense", WIDTH, 2 * WIDTH)


def _vit_stem(at: str) -> Shapes:
    return {
        f"{at}.cls_token": (1, 1, WIDTH),
        f"{at}.position_embeddings": (1, 5, WIDTH),
        f"{at}.patch_embeddings.projection.weight": (WIDTH, 3, 4, 4),
        f"{at}.patch_embeddings.projection.bias": (WIDTH,),
    }


def _decoder_block(at: str) -> Shapes:
    shapes = {}
    for attention in ("self_attn", "encoder_attn"):
        names = "q_proj", "k_proj", "v_proj", "out_proj"
        shapes |= _linears(f"{at}.{attention}.{{}}", *names)
        shapes |= _norm(f"{at}.{attention}_layer_norm")
    shapes |= _linear(f"{at}.fc1", 2 * WIDTH, WIDTH)
    shapes |= _linear(f"{at}.fc2", WIDTH, 2 * WIDTH)
    return shapes | _norm(f"{at}.final_layer_norm")


def _bert_block(at: str, *, cross: bool = False) -> Shapes:
    shapes = {}
    for attention in ("attention", "crossattention")[: 1 + cross]:
        shapes |= _linears(f"{at}.{attention}.self.{{}}", "query", "key", "value")
        shapes |= _linear(f"{at}.{attention}.output.dense", WIDTH, WIDTH)
        shapes |= _norm(f"{at}.{attention}.output.LayerNorm")
    shapes |= _linear(f"{at}.intermediate.dense", 2 * WIDTH, WIDTH)
    shapes |= _linear(f"{at}.output.dense", WIDTH, 2 * WIDTH)
    return shapes | _norm(f"{at}.output.LayerNorm")


def _clip_block(at: str, *projections: str) -> Shapes:
    shapes = _linears(f"{at}.self_attn.{{}}", *projections)
    shapes |= _norm(f"{at}.layer_norm1") | _norm(f"{at}.layer_norm2")
    shapes |= _linear(f"{at}.mlp.fc1", 2 * WIDTH, WIDTH)
    return shapes | _linear(f"{at}.mlp.fc2", WIDTH, 2 * WIDTH)


def _bottleneck(at: str) -> Shapes:
    """A ResNet block in timm's names, its norms frozen: no counters."""
    shapes = {}
    for i in (1, 2, 3):
        shapes |= _conv(f"{at}.conv{i}")
        shapes |= _batch_norm(f"{at}.bn{i}", counter=False)
    shapes |= _conv(f"{at}.downsample.0", size=1)
    return shapes | _batch_norm(f"{at}.downsample.1", counter=False)


def vit() -> Layout:
    layers = {
        f"block {i}": _vit_block(f"vit.encoder.layer.{i}") for i in range(4)
    }  # fmt: skip
    blocks = {"stem": _vit_stem("vit.embeddings")} | layers
    blocks |= {"norm": _norm("vit.layernorm")}
    lora = ("attention.query.weight", "attention.value.weight")
    head = _linear("classifier", 3, WIDTH)
    return Layout("vit", blocks, head, tail=("norm",), lora=lora)


def dinov2() -> Layout:
    at = "dinov2.encoder.layer"
    layers = {f"block {i}": _vit_block(f"{at}.{i}", scaled=True) for i in range(3)}
    stem = _vit_stem("dinov2.embeddings")
    stem["dinov2.embeddings.mask_token"] = (1, WIDTH)
    blocks = {"stem": stem} | layers | {"norm": _norm("dinov2.layernorm")}
    return Layout(
        "dinov2", blocks, _linear("classifier", 3, 2 * WIDTH), tail=("norm",),
        lora=("attention.query.weight", "attention.value.weight"),
        unreached=("dinov2.embeddings.mask_token",),
    )  # fmt: skip


def resnet() -> Layout:
    def unit(at: str) -> Shapes:
        return _conv(f"{at}.convolution") | _batch_norm(f"{at}.normalization")

    blocks = {"stem": unit("resnet.embedder.embedder")}
    for stage in range(4):
        at = f"resnet.encoder.stages.{stage}.layers"
        blocks[f"stage {stage + 1}"] = (
            unit(f"{at}.0.shortcut") | unit(f"{at}.0.layer.0") | unit(f"{at}.1.layer.0")
        )
    return Layout("resnet", blocks, _linear("classifier.1", 3, 8))


def mobilenet_v2() -> Layout:
    def unit(at: str) -> Shapes:
        return _conv(f"{at}.convolution") | _batch_norm(f"{at}.normalization")

    at = "mobilenet_v2"
    blocks = {
        "stem": unit(f"{at}.conv_stem.first_conv") | unit(f"{at}.conv_stem.conv_3x3")
    }
    for i in range(4):
        layer = f"{at}.layer.{i}"
        blocks[f"block {i}"] = unit(f"{layer}.expand_1x1") | unit(f"{layer}.reduce_1x1")
    blocks["top"] = unit(f"{at}.conv_1x1")
    return Layout("mobilenet_v2", blocks, _linear("classifier", 3, 8))


def efficientnet() -> Layout:
    at = "efficientnet"
    stem = _conv(f"{at}.embeddings.convolution") | _batch_norm(
        f"{at}.embeddings.batchnorm"
    )
    blocks = {"stem": stem}
    for i in range(4):
        block = f"{at}.encoder.blocks.{i}"
        blocks[f"block {i}"] = (
            _conv(f"{block}.depthwise_conv.depthwise_conv", into=1)
            | _batch_norm(f"{block}.depthwise_conv.depthwise_norm")
            | _linear(f"{block}.squeeze_excite.reduce", 4, 8)
            | _conv(f"{block}.projection.project_conv", size=1)
            | _batch_norm(f"{block}.projection.project_bn")
        )
    blocks["top"] = _conv(f"{at}.encoder.top_conv") | _batch_norm(
        f"{at}.encoder.top_bn"
    )
    return Layout("efficientnet", blocks, _linear("classifier", 3, 8))


def detr() -> Layout:
    backbone = "model.backbone.conv_encoder.model"
    stem = _conv(f"{backbone}.conv1") | _batch_norm(f"{backbone}.bn1", counter=False)
    blocks = {"stem": stem}
    for stage in range(1, 5):
        blocks[f"stage {stage}"] = _bottleneck(f"{backbone}.layer{stage}.0")
    parts = dict.fromkeys(blocks, "backbone")
    projection = _conv("model.input_projection", WIDTH, 8, 1)
    blocks["encoder stem"] = projection | {"model.input_projection.bias": (WIDTH,)}
    for i in range(2):
        at = f"model.encoder.layers.{i}"
        names = "q_proj", "k_proj", "v_proj", "out_proj"
        blocks[f"encoder block {i}"] = (
            _linears(f"{at}.self_attn.{{}}", *names)
            | _norm(f"{at}.self_attn_layer_norm")
            | _linear(f"{at}.fc1", 2 * WIDTH, WIDTH)
            | _norm(f"{at}.final_layer_norm")
        )
    parts |= dict.fromkeys(blocks.keys() - parts.keys(), "encoder")
    blocks["decoder stem"] = {"model.query_position_embeddings.weight": (6, WIDTH)}
    for i in range(2):
        blocks[f"decoder block {i}"] = _decoder_block(f"model.decoder.layers.{i}")
    blocks["decoder norm"] = _norm("model.decoder.layernorm")
    parts |= dict.fromkeys(blocks.keys() - parts.keys(), "decoder")
    head = _linear("class_labels_classifier", 4, WIDTH)
    head |= _linear("bbox_predictor.layers.0", WIDTH, WIDTH)
    return Layout(
        "detr", blocks, head, parts, tail=("decoder norm",), frozen_norms=True,
        tables=("model.query_position_embeddings.weight",),
        lora=("self_attn.q_proj.weight", "self_attn.v_proj.weight"),
    )  # fmt: skip


def segformer() -> Layout:
    at = "segformer.encoder"
    blocks = {}
    for stage in range(4):
        block = f"{at}.block.{stage}.0"
        blocks[f"encoder stage {stage + 1}"] = (
            {f"{at}.patch_embeddings.{stage}.proj.weight": (WIDTH, 3, 3, 3)}
            | _norm(f"{at}.patch_embeddings.{stage}.layer_norm")
            | _norm(f"{block}.layer_norm_1")
            | _linears(f"{block}.attention.self.{{}}", "query", "key", "value")
            | _linear(f"{block}.mlp.dense1", 2 * WIDTH, WIDTH)
            | _norm(f"{at}.layer_norm.{stage}")
        )
    parts = dict.fromkeys(blocks, "encoder")
    decode = {"decode_head.linear_fuse.weight": (8, 8, 1, 1)}
    for i in range(4):
        decode |= _linear(f"decode_head.linear_c.{i}.proj", 8, WIDTH)
    blocks["decode head"] = decode | _batch_norm("decode_head.batch_norm")
    parts["decode head"] = "decoder"
    head = _conv("decode_head.classifier", 5, 8, 1) | {
        "decode_head.classifier.bias": (5,)
    }
    return Layout(
        "segformer", blocks, head, parts,
        lora=("self.query.weight", "self.value.weight"),
    )  # fmt: skip


def trocr() -> Layout:
    blocks = {"encoder stem": _vit_stem("encoder.embeddings")}
    for i in range(2):
        blocks[f"encoder block {i}"] = _vit_block(f"encoder.encoder.layer.{i}")
    blocks["encoder norm"] = _norm("encoder.layernorm")
    parts = dict.fromkeys(blocks, "encoder")
    at = "decoder.model.decoder"
    tables = f"{at}.embed_tokens.weight", f"{at}.embed_positions.weight"
    blocks["decoder stem"] = {
        tables[0]: (40, WIDTH),
        tables[1]: (12, WIDTH),
    } | _norm(f"{at}.layernorm_embedding")
    for i in range(2):
        blocks[f"decoder block {i}"] = _decoder_block(f"{at}.layers.{i}")
    parts |= dict.fromkeys(blocks.keys() - parts.keys(), "decoder")
    head = {"decoder.output_projection.weight": (40, WIDTH)}
    head |= _linear("encoder.pooler.dense", WIDTH, WIDTH)
    return Layout(
        "trocr", blocks, head, parts, tail=("encoder norm",), tables=tables,
        lora=("self_attn.q_proj.weight", "self_attn.v_proj.weight"),
    )  # fmt: skip


def donut() -> Layout:
    blocks = {
        "encoder stem": {
            "encoder.embeddings.patch_embeddings.projection.weight": (WIDTH, 3, 4, 4)
        }
        | _norm("encoder.embeddings.norm")
    }
    for stage in range(3):
        at = f"encoder.encoder.layers.{stage}.blocks.0"
        blocks[f"encoder stage {stage + 1}"] = (
            _norm(f"{at}.layernorm_before")
            | _linears(f"{at}.attention.self.{{}}", "query", "key", "value")
            | {f"{at}.attention.self.relative_position_bias_table": (9, 2)}
            | _linear(f"{at}.output.dense", WIDTH, 2 * WIDTH)
        )
    parts = dict.fromkeys(blocks, "encoder")
    at = "decoder.model.decoder"
    tables = f"{at}.embed_tokens.weight", f"{at}.embed_positions.weight"
    blocks["decoder stem"] = {tables[0]: (40, WIDTH), tables[1]: (12, WIDTH)}
    for i in range(2):
        blocks[f"decoder block {i}"] = _decoder_block(f"{at}.layers.{i}")
    blocks["decoder norm"] = _norm(f"{at}.layer_norm")
    parts |= dict.fromkeys(blocks.keys() - parts.keys(), "decoder")
    return Layout(
        "donut", blocks, {"decoder.lm_head.weight": (40, WIDTH)}, parts,
        tail=("decoder norm",), tables=tables,
        lora=("self_attn.q_proj.weight", "self_attn.v_proj.weight"),
    )  # fmt: skip


def blip() -> Layout:
    blocks = {
        "vision stem": {
            "vision_model.embeddings.class_embedding": (1, 1, WIDTH),
            "vision_model.embeddings.position_embedding": (1, 5, WIDTH),
            "vision_model.embeddings.patch_embedding.weight": (WIDTH, 3, 4, 4),
            "vision_model.embeddings.patch_embedding.bias": (WIDTH,),
        }
    }
    for i in range(2):
        at = f"vision_model.encoder.layers.{i}"
        blocks[f"vision block {i}"] = _clip_block(at, "projection") | _linear(
            f"{at}.self_attn.qkv", 3 * WIDTH, WIDTH
        )
    blocks["vision norm"] = _norm("vision_model.post_layernorm")
    parts = dict.fromkeys(blocks, "vision")
    at = "text_decoder.bert"
    tables = tuple(
        f"{at}.embeddings.{kind}_embeddings.weight" for kind in ("word", "position")
    )
    blocks["text stem"] = {
        tables[0]: (40, WIDTH),
        tables[1]: (12, WIDTH),
        f"{at}.embeddings.position_ids": (1, 12),
    } | _norm(f"{at}.embeddings.LayerNorm")
    for i in range(2):
        blocks[f"text block {i}"] = _bert_block(f"{at}.encoder.layer.{i}", cross=True)
    parts |= dict.fromkeys(blocks.keys() - parts.keys(), "text")
    cls = "text_decoder.cls.predictions"
    head = _linear(f"{cls}.transform.dense", WIDTH, WIDTH) | {f"{cls}.bias": (40,)}
    head |= _norm(f"{cls}.transform.LayerNorm") | _linear(f"{cls}.decoder", 40, WIDTH)
    return Layout(
        "blip", blocks, head, parts, tail=("vision norm",), tables=tables,
        lora=("self.query.weight", "self.value.weight"),
    )  # fmt: skip


def git() -> Layout:
    vision = "git.image_encoder.vision_model"
    blocks = {
        "vision stem": {
            f"{vision}.embeddings.class_embedding": (WIDTH,),
            f"{vision}.embeddings.patch_embedding.weight": (WIDTH, 3, 4, 4),
            f"{vision}.embeddings.position_embedding.weight": (5, WIDTH),
            f"{vision}.embeddings.position_ids": (1, 5),
        }
        | _norm(f"{vision}.pre_layrnorm")
    }
    names = "q_proj", "k_proj", "v_proj", "out_proj"
    for i in range(2):
        at = f"{vision}.encoder.layers.{i}"
        blocks[f"vision block {i}"] = _clip_block(at, *names)
    blocks["vision norm"] = _norm(f"{vision}.post_layernorm")
    parts = dict.fromkeys(blocks, "vision")
    tables = tuple(
        f"git.embeddings.{kind}_embeddings.weight" for kind in ("word", "position")
    )
    blocks["text stem"] = {tables[0]: (40, WIDTH), tables[1]: (12, WIDTH)}
    blocks["text stem"] |= _norm("git.embeddings.LayerNorm")
    for i in range(2):
        blocks[f"text block {i}"] = _bert_block(f"git.encoder.layer.{i}")
    parts |= dict.fromkeys(blocks.keys() - parts.keys(), "text")
    at = "git.visual_projection.visual_projection"
    blocks["projection"] = _linear(f"{at}.0", WIDTH, WIDTH) | _norm(f"{at}.1")
    parts["projection"] = "projection"
    return Layout(
        "git", blocks, _linear("output", 40, WIDTH), parts, tail=("vision norm",),
        tables=tables, lora=("self.query.weight", "self.value.weight"),
    )  # fmt: skip


LAYOUTS = {
    make.__name__: make()
    for make in (
        vit, resnet, detr, segformer, dinov2, mobilenet_v2, efficientnet, trocr, blip,
        donut, git,
    )
}  # fmt: skip


@dataclass(frozen=True)
class Child:
    """A child of known kind: its tensors, and what else is to be found."""

    weights: Weights
    kind: str
    frozen_blocks: int | None = None
    adapter: bool = False
    dtypes: dict[str, str] = field(default_factory=dict)


class Family:
    """A base of one layout and the children that can be made from it."""

    def __init__(self, layout: Layout, seed: int = 0) -> None:
        self.layout = layout
        self.random = np.random.default_rng(seed)
        self.base = {n: self.fresh(n, s) for n, s in layout.shapes.items()}

    def fresh(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        if name.endswith("position_ids"):
            return np.arange(np.prod(shape)).reshape(shape)
        if name.endswith("num_batches_tracked"):
            return np.array(100)
        drawn = self.random.standard_normal(shape).astype(np.float32)
        return np.abs(drawn) + 0.5 if "running_var" in name else drawn

    def child(self, kind: str) -> Child:
        """Make the child of one kind."""
        return getattr(self, f"_{kind.replace('-', '_')}")()

    def trained(self, *names: str, scale: float = 0.1) -> Weights:
        """The base with some tensors trained."""
        child = dict(self.base)
        for name in names:
            step = self.random.standard_normal(child[name].shape) * scale
            child[name] = (child[name] + step).astype(np.float32)
        return child

    def _identical(self) -> Child:
        return Child(dict(self.base), "identical")

    def _cast(self) -> Child:
        return Child(dict(self.base), "cast", dtypes=dict.fromkeys(self.base, "F16"))

    def _head_only(self) -> Child:
        return Child(self.trained(*self.layout.head), "head-only")

    def _statistics_only(self) -> Child:
        return Child(self.trained(*self.layout.statistics()), "statistics-only")

    def _norm_only(self) -> Child:
        chosen = [n for n in self.layout.parameters() if self.layout.is_norm(n)]
        return Child(self.trained(*chosen, *self.layout.head), "norm-only")

    def _bias_and_norm(self) -> Child:
        chosen = [
            name
            for name in self.layout.parameters()
            if self.layout.is_norm(name) or name.endswith(".bias")
        ]
        return Child(self.trained(*chosen, *self.layout.head), "bias-and-norm")

    def _rows_only(self) -> Child:
        child = dict(self.base)
        table = child[self.layout.tables[0]].copy()
        table[[1, 3]] += 1
        return Child(child | {self.layout.tables[0]: table}, "rows-only")

    def _low_rank(self) -> Child:
        child = self.trained(*self.layout.head)
        for name in self.layout.parameters():
            if name.endswith(self.layout.lora):
                rows, columns = child[name].shape
                left = self.random.standard_normal((rows, 2))
                right = self.random.standard_normal((2, columns))
                child[name] = (child[name] + left @ right).astype(np.float32)
        return Child(child, "low-rank")

    def _component_frozen(self) -> Child:
        first = next(iter(self.layout.parts.values()))
        blocks = [b for b, part in self.layout.parts.items() if part != first]
        changed = self.layout.parameters(*blocks)
        return Child(self.trained(*changed, *self.layout.head), "component-frozen")

    def _frozen_prefix(self) -> Child:
        second = self.layout.numbered()[1]
        blocks = list(self.layout.blocks)
        rest = self.layout.parameters(*blocks[blocks.index(second) :])
        return Child(self.trained(*rest, *self.layout.head), "frozen-prefix", 1)

    def _frozen_suffix(self) -> Child:
        last = self.layout.numbered()[-1]
        blocks = list(self.layout.blocks)
        trained = self.layout.parameters(*blocks[: blocks.index(last)])
        return Child(self.trained(*trained, *self.layout.head), "frozen-suffix", 1)

    def _reinitialized(self) -> Child:
        child = dict(self.base)
        for name in [*self.layout.parameters(), *self.layout.head]:
            child[name] = self.fresh(name, child[name].shape)
        return Child(child, "reinitialized")

    def _full(self) -> Child:
        changed = self.layout.parameters()
        return Child(self.trained(*changed, *self.layout.head), "full")

    def _partial(self) -> Child:
        numbered = self.layout.numbered()
        island = self.layout.parameters(numbered[1])
        rest = set(self.layout.parameters()) - set(island)
        first = self.layout.parameters(numbered[0])[0]
        return Child(self.trained(*(rest - {first})), "partial")

    def _other_architecture(self) -> Child:
        last = self.layout.blocks[self.layout.numbered()[-1]]
        child = self.trained(*self.layout.parameters())
        kept = {name: array for name, array in child.items() if name not in last}
        return Child(kept, "other-architecture")

    def _quantized(self) -> Child:
        name = next(n for n in self.layout.parameters() if self.base[n].ndim > 1)
        dtypes = {name: "I8"}
        return Child(dict(self.base), "quantized", dtypes=dtypes)

    def _adapter(self) -> Child:
        at = "base_model.model.encoder.layer.0.attention.query"
        shapes = {f"{at}.lora_A.weight": (4, WIDTH), f"{at}.lora_B.weight": (WIDTH, 4)}
        weights = {name: self.fresh(name, shape) for name, shape in shapes.items()}
        return Child(weights, "adapter", adapter=True)


def kinds_of(layout: Layout) -> list[str]:
    """The kinds that a child of this layout can have."""
    kinds = [
        "quantized", "adapter", "other-architecture", "identical", "cast", "head-only",
        "norm-only", "frozen-prefix", "frozen-suffix", "reinitialized", "full",
        "partial",
    ]  # fmt: skip
    optional = {
        "statistics-only": layout.statistics(),
        "bias-and-norm": [
            name
            for name in layout.parameters()
            if name.endswith(".bias") and not layout.is_norm(name)
        ],
        "rows-only": layout.tables,
        "low-rank": layout.lora,
        "component-frozen": layout.parts,
    }
    return kinds + [kind for kind, possible in optional.items() if possible]


def encode(array: np.ndarray, dtype: str) -> bytes:
    """Write an array in a dtype of safetensors; integers stay what they are."""
    if dtype == "I8":
        return np.clip(np.round(array * 50), -127, 127).astype(np.int8).tobytes()
    if array.dtype.kind == "i":
        return array.astype(np.int64).tobytes()
    if dtype == "BF16":
        bits = np.ascontiguousarray(array, np.float32).view(np.uint32).astype(np.uint64)
        bits += 0x7FFF + ((bits >> np.uint64(16)) & np.uint64(1))
        return (bits >> np.uint64(16)).astype(np.uint16).tobytes()
    return array.astype({"F16": np.float16, "F32": np.float32}[dtype]).tobytes()


def stored(child: Child, dtype: str) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    """Every tensor of a child as (dtype, shape, bytes)."""
    return {
        name: (
            "I64" if array.dtype.kind == "i" else child.dtypes.get(name, dtype),
            array.shape,
            encode(array, child.dtypes.get(name, dtype)),
        )
        for name, array in child.weights.items()
    }


def write_safetensors(file: Path, tensors: dict) -> None:
    header, body = {}, b""
    for name, (dtype, shape, content) in tensors.items():
        spot = [len(body), len(body) + len(content)]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": spot}
        body += content
    text = json.dumps(header).encode()
    file.write_bytes(len(text).to_bytes(8, "little") + text + body)


def write_shards(folder: Path, tensors: dict) -> None:
    names = list(tensors)
    halves = names[::2], names[1::2]
    weight_map = {}
    for number, half in enumerate(halves, start=1):
        file = f"model-{number:05}-of-00002.safetensors"
        write_safetensors(folder / file, {name: tensors[name] for name in half})
        weight_map |= dict.fromkeys(half, file)
    index = json.dumps({"metadata": {}, "weight_map": weight_map})
    (folder / "model.safetensors.index.json").write_text(index)


def write_torch(folder: Path, tensors: dict, *, is_zip: bool) -> None:
    import torch

    types = {
        "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
        "I64": torch.int64, "I8": torch.int8,
    }  # fmt: skip
    state = {
        name: torch.frombuffer(bytearray(content), dtype=types[dtype]).reshape(shape)
        for name, (dtype, shape, content) in tensors.items()
    }
    file = folder / "pytorch_model.bin"
    torch.save(state, file, _use_new_zipfile_serialization=is_zip)


def write(
    folder: Path, child: Child, *, dtype: str = "F32", form: str = "safetensors"
) -> Path:
    """Write a model folder in one of the formats (an adapter in its own)."""
    folder.mkdir(parents=True)
    tensors = stored(child, dtype)
    if child.adapter:
        write_safetensors(folder / "adapter_model.safetensors", tensors)
        (folder / "adapter_config.json").write_text('{"r": 4, "lora_alpha": 8}')
    elif form == "safetensors":
        write_safetensors(folder / "model.safetensors", tensors)
    elif form == "shards":
        write_shards(folder, tensors)
    else:
        write_torch(folder, tensors, is_zip=form == "torch-zip")
    return folder


@pytest.fixture(scope="session")
def family() -> Callable[[str], Family]:
    """Return a builder of families by the name of their layout."""
    return lambda name: Family(LAYOUTS[name])


@pytest.fixture
def checkpoint(tmp_path: Path):
    """Return a function that writes a child and opens it."""
    opened = []

    def open_child(
        child: Child | Weights, *, dtype: str = "F32", form: str = "safetensors"
    ):
        folder = tmp_path / f"model-{len(opened)}"
        made = child if isinstance(child, Child) else Child(child, "")
        opened.append(open_checkpoint(write(folder, made, dtype=dtype, form=form)))
        return replace(opened[-1], name=folder.name)

    yield open_child
    for one in opened:
        one.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `layout_name` and `kind` on every pair that can be, and
    one that asks for `vit_kind` on every kind of the ViT.
    """
    if "vit_kind" in metafunc.fixturenames:
        metafunc.parametrize("vit_kind", kinds_of(LAYOUTS["vit"]))
    if {"layout_name", "kind"} <= set(metafunc.fixturenames):
        cases = [(n, kind) for n, at in LAYOUTS.items() for kind in kinds_of(at)]
        metafunc.parametrize(("layout_name", "kind"), cases)
