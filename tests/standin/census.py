"""The families that the published study counted, made again on the stand-in: for each
of its 33 bases as many children of each kind as it found, its known errors mended.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatch

import pandas as pd

from core.derived.census_study import Study
from tests.standin.families import publish
from tests.standin.hub import Standin
from tests.standin.numbers import Numbers
from tests.standin.tiny import narrow_detr, tiny
from tests.standin.vit import Tensors, renew, tune

FAMILIES: dict[str, dict[str, int]] = {
    "facebook/detr-resnet-50": {
        "stage 1 frozen": 353, "head": 13, "other backbone": 1, "full": 53,
    },
    "facebook/detr-resnet-101": {"stage 1 frozen": 8, "full": 1},
    "microsoft/conditional-detr-resnet-50": {"stage 1 frozen": 42, "full": 4},
    "SenseTime/deformable-detr": {"stage 1 frozen": 7, "full": 1},
    "facebook/detr-resnet-50-dc5": {"stage 1 frozen": 16},
    "microsoft/table-transformer-structure-recognition": {"stage 1 frozen": 18},
    "microsoft/table-transformer-detection": {"stage 1 frozen": 11},
    "hustvl/yolos-small": {"full": 13},
    "hustvl/yolos-tiny": {"full": 11},
    "google/vit-base-patch16-224-in21k": {
        "head": 37, "from block 10": 1, "lora": 2, "from block 6": 2,
        "blocks 9 to 11 frozen": 1, "full": 1424,
    },
    "google/vit-large-patch16-224-in21k": {"head": 1, "full": 30},
    "google/vit-huge-patch14-224-in21k": {"full": 5},
    "facebook/dinov2-base": {"head": 3, "full": 23},
    "facebook/dinov2-large": {"head": 6, "embedding": 1, "full": 2},
    "nvidia/segformer-b0-finetuned-ade-512-512": {"full": 24},
    "nvidia/segformer-b1-finetuned-ade-512-512": {"full": 17},
    "nvidia/segformer-b2-finetuned-ade-512-512": {"full": 6},
    "nvidia/segformer-b1-finetuned-cityscapes-1024-1024": {"full": 7},
    "nvidia/segformer-b5-finetuned-cityscapes-1024-1024": {"full": 4},
    "google/mobilenet_v2_1.0_224": {
        "head or with drift": 2, "first 10 frozen": 1, "full": 29,
    },
    "google/efficientnet-b0": {"full": 5},
    "microsoft/resnet-18": {"head": 2, "statistics": 4, "full": 15},
    "microsoft/resnet-50": {"statistics": 13, "full": 98},
    "microsoft/resnet-101": {"full": 7},
    "microsoft/resnet-152": {"head": 1, "full": 7},
    "microsoft/trocr-large-printed": {"full": 4},
    "microsoft/trocr-base-printed": {"full": 7},
    "microsoft/trocr-base-stage1": {"full": 13},
    "Salesforce/blip-image-captioning-base": {"encoder frozen": 2, "full": 7},
    "naver-clova-ix/donut-base-finetuned-cord-v2": {"full": 27},
    "naver-clova-ix/donut-base": {"encoder frozen": 4, "full": 345},
    "nlpconnect/vit-gpt2-image-captioning": {"copy": 2, "full": 8},
    "microsoft/git-base": {"copy or head": 8, "full": 94},
}  # fmt: skip
"""How many children of each making the study counted, by base."""

KINDS = {
    "full": ["full"], "stage 1 frozen": ["frozen-prefix 1"], "head": ["head-only"],
    "other backbone": ["other-architecture"], "lora": ["low-rank"],
    "from block 10": ["frozen-prefix 10"], "from block 6": ["frozen-prefix 6"],
    "blocks 9 to 11 frozen": ["frozen-suffix 3"], "embedding": ["frozen-suffix 4"],
    "first 10 frozen": ["frozen-prefix 10"], "encoder frozen": ["component-frozen"],
    "statistics": ["head-only with drift", "statistics-only with drift"],
    "head or with drift": ["head-only", "head-only with drift"],
    "copy": ["identical"], "copy or head": ["identical", "head-only"],
}  # fmt: skip
"""What the children of one making are, in turn."""

HEAD = (
    "classifier*", "class_labels_classifier*", "bbox_predictor*", "class_embed*",
    "bbox_embed*", "*lm_head*", "*output_projection*", "output.*",
    "text_decoder.cls.*", "decode_head.classifier*",
)  # fmt: skip
BUFFERS = (
    "running_mean", "running_var", "num_batches_tracked", "position_ids",
    "relative_position_index",
)  # fmt: skip
STATISTICS = ("*running_mean", "*running_var")
STAGE_1 = ("*backbone*embedder.*", "*backbone*stages.0.*")
FIRST_10 = ("*conv_stem*", *(f"*.layer.{number}.*" for number in range(10)))
WRAPPED = {"google/vit": "vit.", "facebook/dinov2": "dinov2."}
"""Bases that are bare backbones, and what their classifiers put before each name."""


def census_family(hub: Standin, base: str, counts: Mapping[str, int]) -> dict[str, str]:
    """Add a base and so many children of each making; return each one's pattern."""
    publish(hub, base, tiny(base))
    truth = {}
    for making, count in counts.items():
        for number in range(count):
            kinds = KINDS[making]
            kind = kinds[number % len(kinds)]
            id = f"{making.replace(' ', '-')}/{base.partition('/')[2]}-{number}"
            child = _child(base, making, kind, f"{making} {number}")
            publish(hub, id, child, base_model=base)
            truth[id] = kind
    return truth


def few(base: str, most: int) -> dict[str, int]:
    """Return how many children of each making there are, at most `most` of one."""
    return {making: min(count, most) for making, count in FAMILIES[base].items()}


def shrunk(study: Study, most: int) -> Study:
    """Return the study as it would be, had it found at most `most` of each making."""
    bases = []
    for base in study.bases:
        findings = tuple(
            each if each.models is None else
            replace(each, models=min(each.models, most),
                    expected=min(each.expected, most))
            for each in base.findings
        )  # fmt: skip
        listed = sum(few(base.base, most).values())
        bases.append(replace(base, listed=listed, findings=findings))
    return replace(study, bases=tuple(bases))


def expected_standings(study: Study) -> list[str]:
    """Return the standing of each finding where the families are made as counted."""
    return [
        "not counted" if each.models is None else
        "corrected" if each.correction else "agrees"
        for base in study.bases for each in base.findings
    ]  # fmt: skip


def patterns_told(models: pd.DataFrame) -> Counter[str]:
    """Count the patterns found, spelled as in KINDS: with blocks, with drift."""
    rows = models.astype(object).where(models.notna(), None).itertuples()
    return Counter(
        " ".join([
            row.kind,
            *([] if row.frozen_blocks is None else [str(row.frozen_blocks)]),
            *(["with drift"] if row.statistics_drift else []),
        ])
        for row in rows
    )  # fmt: skip


def _child(base: str, making: str, kind: str, by: str) -> Tensors:
    if making == "other backbone":
        return narrow_detr()
    made = _with_head(base)
    if kind == "identical":
        return made
    if kind != "statistics-only with drift":
        made = renew(made, *HEAD, by=by)
    if kind.endswith("with drift"):
        made = tune(made, *STATISTICS, by=by)
    return tune(made, *_trained(made, making), by=by, **_delta(making))


def _with_head(base: str) -> Tensors:
    """Put a classifier on a base that is a bare backbone, as its children have."""
    tensors = tiny(base)
    prefix = next((p for start, p in WRAPPED.items() if base.startswith(start)), None)
    if prefix is None:
        return tensors
    kept = {n: t for n, t in tensors.items() if not n.startswith("pooler.")}
    width = kept["layernorm.weight"].shape[0]
    columns = 2 * width if prefix == "dinov2." else width
    head = {
        "classifier.weight": Numbers("classifier.weight", (3, columns)),
        "classifier.bias": Numbers("classifier.bias", (3,)),
    }
    return {f"{prefix}{name}": tensor for name, tensor in kept.items()} | head


def _delta(making: str) -> dict[str, object]:
    return {"rank": 2, "delta": 1e-2} if making == "lora" else {}


def _trained(tensors: Tensors, making: str) -> Iterator[str]:
    """Name the parameters of the body that training changed."""
    for name in tensors:
        is_frozen = name.endswith(BUFFERS) or _is_frozen_norm(name)
        if not is_frozen and _is_trained(name, making):
            yield name


def _is_frozen_norm(name: str) -> bool:
    return "backbone" in name and "normalization" in name


def _is_trained(name: str, making: str) -> bool:
    def among(patterns: tuple[str, ...]) -> bool:
        return any(fnmatch(name, pattern) for pattern in patterns)

    layer = next((int(p) for p in name.split(".") if p.isdigit()), -1)
    in_block = "layers." in name or ".layer." in name
    return {
        "full": True,
        "stage 1 frozen": not among(STAGE_1),
        "from block 10": layer >= 10 or not (in_block or "embeddings" in name),
        "from block 6": layer >= 6 or not (in_block or "embeddings" in name),
        "blocks 9 to 11 frozen": not in_block or layer < 9,
        "lora": name.endswith(("q_proj.weight", "v_proj.weight")),
        "embedding": "embeddings" in name and "mask_token" not in name,
        "first 10 frozen": not among(FIRST_10),
        "encoder frozen": not name.startswith(("encoder.", "vision_model.")),
    }.get(making, False)
