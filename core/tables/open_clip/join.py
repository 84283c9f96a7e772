"""open_clip's readings as tables, with the costs of both towers.

Its FLOPs count multiplications and additions apart, so they are halved to MACs, and
they cover an image and a text.
"""

from collections.abc import Callable

import pandas as pd

from core.tables.architectures import architecture_of
from core.tables.families import family_of
from core.tables.open_clip.files import PROFILE, RETRIEVAL, ZERO_SHOT
from core.tables.open_clip.tags import pretraining
from core.tables.schema import FLOPS_PER_MAC, NOT_STATED, completed
from core.tables.source import Joined, Reading, Readings


def join(readings: Readings) -> Joined:
    """Lay the results out as tables and give every row its towers."""
    profile = readings.get("profile")
    builders: dict[str, Callable[[Reading], pd.DataFrame]] = {
        "classification": _classification,
        "retrieval": _retrieval,
        "multilingual": _multilingual,
    }
    parts = [
        completed(_with_towers(build(readings[key]), profile))
        for key, build in builders.items()
        if key in readings
    ]
    return Joined(pd.concat(parts, ignore_index=True))


def _classification(reading: Reading) -> pd.DataFrame:
    rows = reading.rows
    scores = {name: rows[column] for column, name in ZERO_SHOT.items()}
    means = {"zero_shot_mean": rows["mean"], "zero_shot_datasets": rows["datasets"]}
    return _models(reading, "classification", "", scores | means).assign(
        task="Zero-shot image classification",
        dataset="ImageNet-1K",
        metric="zero_shot@1",
        accuracy=scores["zero_shot@1"],
    )


def _retrieval(reading: Reading) -> pd.DataFrame:
    rows = reading.rows
    scores = {name: rows[column] for column, name in RETRIEVAL.items()}
    scores["retrieval_mean"] = rows["mean"]
    return _models(reading, "retrieval", "@retrieval", scores).assign(
        task="Zero-shot image and text retrieval",
        dataset="Flickr30k, MS COCO, WinoGAViL",
        metric="retrieval_mean",
        accuracy=rows["mean"],
    )


def _multilingual(reading: Reading) -> pd.DataFrame:
    scores = {"retrieval_mean": reading.rows["mean"]}
    return _models(reading, "multilingual-retrieval", "@multilingual", scores).assign(
        task="Zero-shot multilingual retrieval",
        dataset="Crossmodal-3600, Multilingual MS COCO",
        metric="retrieval_mean",
        accuracy=scores["retrieval_mean"],
    )


def _models(
    reading: Reading, table: str, ending: str, scores: dict[str, pd.Series]
) -> pd.DataFrame:
    rows = reading.rows
    names, tags = rows["name"], rows["pretrained"]
    columns = {
        "table": f"open_clip/{table}",
        "protocol": "zero-shot",
        "id": "open_clip/" + names + "/" + tags + ending,
        "name": names + " · " + tags,
        "weight": names + "/" + tags,
        "builder": names,
        "arch": [architecture_of("open_clip", name) for name in names],
        "family": [family_of(name, "open_clip") for name in names],
        "variant": tags,
        "pretraining": [pretraining(tag) for tag in tags],
        "licence": NOT_STATED,
    }
    if "params (M)" in rows:
        columns["params"] = (rows["params (M)"] * 1e6).round()
        columns["gmacs"] = (rows["FLOPs (B)"] / FLOPS_PER_MAC).round(6)
        columns["cost_source"] = f"{reading.citation} (FLOPs halved)"
    return pd.DataFrame(columns | scores | reading.provenance)


def _with_towers(models: pd.DataFrame, profile: Reading | None) -> pd.DataFrame:
    if profile is None:
        return models
    rows = profile.rows.set_index("name").reindex(models["builder"])
    towers = rows.set_axis(models.index)
    for name in PROFILE.values():
        scale = 1e6 if name.endswith("params") else 1 / FLOPS_PER_MAC
        models[name] = (towers[name] * scale).round(6)
    models["image_size"] = towers["image_size"]
    said = f"{profile.citation} (FLOPs halved)"
    known = towers["image_gmacs"].notna()
    models["cost_source"] = models.get("cost_source", "")
    models.loc[known, "cost_source"] = said
    for whole in ("params", "gmacs"):
        if whole not in models:
            models[whole] = models[f"image_{whole}"] + models[f"text_{whole}"]
    return models
