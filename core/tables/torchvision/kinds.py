"""What torchvision's tables hold and what a weight's name says, whatever was read.

The installed package and the documentation page share these words, so that their rows
compare.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from core.errors import SourceChanged
from core.tables.architectures import architecture_of
from core.tables.families import family_of
from core.tables.schema import NO_PRETRAINING, tidy

DOCUMENTATION = "https://docs.pytorch.org/vision/stable/models/generated"
LEAST_CLASSIFICATION_ROWS = 100
SENTINEL = ("AlexNet_Weights.IMAGENET1K_V1", 0.56522)
PRETRAINING = {"SWAG": "SWAG (IG-3.6B)", "IMAGENET22K": "ImageNet-22K"}


@dataclass(frozen=True)
class TableKind:
    """What one of torchvision's tables holds.

    `metrics` are columns of the schema, the primary one first; `cost` is the unit of
    the operations that the source counts; a page with fewer rows than `least_rows` is
    not believed.
    """

    task: str
    dataset: str
    metrics: tuple[str, ...]
    cost: str = "gmacs"
    least_rows: int = 1


KINDS: dict[str, TableKind] = {
    "classification": TableKind(
        "Image classification",
        "ImageNet-1K",
        ("acc@1", "acc@5"),
        least_rows=LEAST_CLASSIFICATION_ROWS,
    ),
    "quantized": TableKind(
        "Quantized image classification",
        "ImageNet-1K",
        ("acc@1", "acc@5"),
        cost="gips",
        least_rows=10,
    ),
    "segmentation": TableKind(
        "Semantic segmentation",
        "COCO-val2017-VOC-labels",
        ("miou", "pixel_acc"),
        least_rows=4,
    ),
    "detection": TableKind(
        "Object detection", "COCO-val2017", ("box_map",), least_rows=6
    ),
    "instance": TableKind(
        "Instance segmentation", "COCO-val2017", ("mask_map", "box_map")
    ),
    "keypoint": TableKind(
        "Keypoint detection", "COCO-val2017", ("keypoint_map", "box_map")
    ),
    "video": TableKind(
        "Video classification", "Kinetics-400", ("acc@1", "acc@5"), least_rows=3
    ),
    "optical-flow": TableKind("Optical flow", "", ("epe",)),
}


def frames(rows: Iterable[Mapping[str, object]]) -> dict[str, pd.DataFrame]:
    """Group rows into the tables of KINDS, in their order, and give them names."""
    everything = tidy(with_names(rows))
    tables = {key: everything["table"] == f"torchvision/{key}" for key in KINDS}
    return {
        key: everything[found].reset_index(drop=True)
        for key, found in tables.items()
        if found.any()
    }


def check_sentinel(tables: Mapping[str, pd.DataFrame], subject: object) -> None:
    """Raise SourceChanged unless the classification table is the one we know."""
    remedy = "the table's format changed: keep the last good copy"
    rows = tables.get("classification", tidy([])).set_index("id")["accuracy"]
    if len(rows) < LEAST_CLASSIFICATION_ROWS:
        found = f"has {len(rows)} classification rows"
        raise SourceChanged(
            subject, f"{found}, not {LEAST_CLASSIFICATION_ROWS} or more", remedy
        )
    weight, accuracy = SENTINEL
    found = rows.get(weight, "nothing")
    if found != accuracy:
        happened = f"gives {found} as the accuracy of {weight}, not {accuracy}"
        raise SourceChanged(subject, happened, remedy)


def identity(key: str, weight: str, builder: str, module: str) -> dict[str, object]:
    """Return what a weight's name alone says about its row.

    >>> row = identity("quantized", "ResNet50_QuantizedWeights.IMAGENET1K_FBGEMM_V2",
    ...                "resnet50", "torchvision.models.quantization")
    >>> row["family"], row["variant"], row["metric"]
    ('ResNet', 'FBGEMM V2', 'acc@1')
    """
    kind = KINDS[key]
    extra = [said for tag, said in PRETRAINING.items() if tag in weight]
    return {
        "table": f"torchvision/{key}",
        "task": kind.task,
        "dataset": kind.dataset,
        "id": weight,
        "weight": weight,
        "protocol": "supervised",
        "builder": builder,
        "arch": architecture_of("torchvision", builder),
        "family": family_of(builder),
        "variant": variant(weight),
        "metric": kind.metrics[0],
        "pretraining": extra[0] if extra else NO_PRETRAINING,
        "doc_url": f"{DOCUMENTATION}/{module}.{builder}.html",
    }


def variant(weight: str) -> str:
    """Return a weight's recipe without the dataset that its table already names.

    >>> variant("ViT_B_16_Weights.IMAGENET1K_SWAG_E2E_V1")
    'SWAG E2E V1'
    """
    tag = weight.partition(".")[2]
    datasets = r"^(IMAGENET1K|COCO_WITH_VOC_LABELS|COCO|KINETICS400)_"
    return re.sub(datasets, "", tag).replace("_", " ")


def architecture(weight: str) -> str:
    """Return the architecture of a weight as people write it.

    >>> architecture("ShuffleNet_V2_X0_5_Weights.IMAGENET1K_V1")
    'ShuffleNet V2 X0.5'
    >>> architecture("ResNeXt101_32X8D_Weights.IMAGENET1K_V2")
    'ResNeXt101 32X8D'
    """
    enum = weight.partition(".")[0]
    plain = enum.replace("_QuantizedWeights", "_int8").removesuffix("_Weights")
    # "X0_5", "1_6GF" and "0_75" are decimals; "MC3_18" and "32X8D" are not.
    decimal = r"(?<!\d)(\d)_(?=\d(?!\d)|75)"
    return re.sub(decimal, r"\1.", plain).replace("_", " ")


def with_names(rows: Iterable[Mapping[str, object]]) -> list[dict[str, object]]:
    """Give each row a short name: architecture, then variant where it has several,
    then resolution where that is not enough.
    """
    rows = list(rows)
    short = [architecture(str(row["weight"])) for row in rows]
    tags = [f" · {row['variant']}" for row in rows]
    sizes = [
        f" · {row['image_size']} px" if row.get("image_size") else "" for row in rows
    ]
    names = _extended(_extended(short, tags), sizes)
    return [{**row, "name": name} for row, name in zip(rows, names, strict=True)]


def fraction(percent: float) -> float:
    """Turn percent into a fraction without floating-point noise.

    >>> fraction(56.522)
    0.56522
    """
    return round(percent / 100, 8)


def _extended(names: list[str], endings: list[str]) -> list[str]:
    uses = Counter(names)
    pairs = zip(names, endings, strict=True)
    return [name + ending if uses[name] > 1 else name for name, ending in pairs]
