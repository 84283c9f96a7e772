"""open_clip's published zero-shot results, joined with its profile of both towers.

Its FLOPs count multiplications and additions apart, so they are halved to MACs, and
they cover an image and a text.
"""

import re
from collections.abc import Callable, Sequence

import pandas as pd

from core.errors import SourceChanged
from core.tables.architectures import architecture_of
from core.tables.csv_table import REMEDY, read_csv
from core.tables.families import family_of
from core.tables.github import file_urls
from core.tables.schema import NO_PRETRAINING, NOT_STATED, completed
from core.tables.source import Document, Joined, Reading, Readings, Source

REPOSITORY = "mlfoundations/open_clip"
FLOPS_PER_MAC = 2
ZERO_SHOT = {
    "ImageNet 1k": "zero_shot@1",
    "ImageNet v2": "zero_shot_v2",
    "ImageNet Sketch": "zero_shot_sketch",
    "ImageNet-A": "zero_shot_a",
    "ImageNet-R": "zero_shot_r",
}
RETRIEVAL = {
    "Flickr image retr. R@1": "flickr_image_r@1",
    "Flickr text retr. R@1": "flickr_text_r@1",
    "MSCOCO image retr. R@1": "coco_image_r@1",
    "MSCOCO text retr. R@1": "coco_text_r@1",
}
PROFILE = {
    "image_mparams": "image_params",
    "text_mparams": "text_params",
    "image_gflops": "image_gmacs",
    "text_gflops": "text_gmacs",
}
DATA = {
    "openai": "WIT-400M (OpenAI)",
    "webli": "WebLI",
    "laion400m": "LAION-400M",
    "laion2b": "LAION-2B",
    "laion5b": "LAION-5B",
    "laion": "LAION-Aesthetic",
    "dfn2b": "DFN-2B",
    "dfn5b": "DFN-5B",
    "datacomp": "DataComp",
    "datacomp1b": "DataComp-1B",
    "commonpool": "CommonPool",
    "metaclip": "MetaCLIP",
    "merged2b": "Merged-2B",
    "cc12m": "CC12M",
    "yfcc15m": "YFCC-15M",
}


def documents(names: Sequence[str] | None = None) -> list[Document]:
    """Return the four files; the classification results are the ones that must be."""
    required, *others = [
        ("classification", "openclip_classification_results.csv", read_results),
        ("retrieval", "openclip_retrieval_results.csv", read_results),
        ("multilingual", "openclip_multilingual_retrieval_results.csv", read_languages),
        ("profile", "model_profile.csv", read_profile),
    ]
    return [
        _document(*required, is_required=True),
        *(_document(*one) for one in others),
    ]


def read_results(content: bytes, url: str) -> pd.DataFrame:
    """Read a file of scores (fractions): name, pretrained, params (M), the scores.

    `mean` is the file's own average; `datasets` counts what it is over.
    """
    known = [*ZERO_SHOT] if "classification" in url else [*RETRIEVAL]
    rows = read_csv(
        content,
        url,
        text=["name", "pretrained"],
        numbers=["params (M)", "FLOPs (B)", "mean", *known],
        aliases={"mean": [*_averages(content)]},
    )
    rows["datasets"] = _over(content)
    return _checked(rows, ["name", "pretrained"], ["mean", *known], url)


def read_languages(content: bytes, url: str) -> pd.DataFrame:
    """Read the multilingual retrieval results: name, pretrained, mean."""
    aliases = {"name": ["model"], "pretrained": ["version"], "mean": ["avg"]}
    rows = read_csv(
        content, url, text=["name", "pretrained"], numbers=["mean"], aliases=aliases
    )
    return _checked(rows, ["name", "pretrained"], ["mean"], url)


def read_profile(content: bytes, url: str) -> pd.DataFrame:
    """Read the profile: model, image_size (px), parameters (M) and GFLOPs by tower."""
    rows = read_csv(content, url, text=["model"], numbers=["image_size", *PROFILE])
    rows = rows.rename(columns=PROFILE).rename(columns={"model": "name"})
    return _checked(rows, ["name"], [], url)


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


def pretraining(tag: str) -> str:
    """Return the image-text data that a tag starts from.

    >>> pretraining("laion2b_s32b_b82k"), pretraining("mscoco_finetuned_laion2b_s13b")
    ('LAION-2B', 'LAION-2B')
    """
    parts = re.split(r"[_.]", tag)
    return next((DATA[part] for part in parts if part in DATA), NO_PRETRAINING)


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


def _document(
    key: str,
    name: str,
    read: Callable[[bytes, str], pd.DataFrame],
    is_required: bool = False,
) -> Document:
    urls = file_urls(REPOSITORY, "main", f"docs/{name}")
    return Document(key, urls, read, is_required=is_required)


def _averages(content: bytes) -> list[str]:
    """Return how the file names its average: it counts the datasets in the name."""
    found = re.findall(rb"Average (?:perf\. on \d+ datasets|score)", content[:10_000])
    return [name.decode() for name in found]


def _over(content: bytes) -> float:
    found = re.search(rb"Average perf\. on (\d+) datasets", content[:10_000])
    return float(found[1]) if found else float("nan")


def _checked(
    rows: pd.DataFrame, key: list[str], fractions: list[str], url: str
) -> pd.DataFrame:
    rows = rows.dropna(subset=fractions[:1]).reset_index(drop=True)
    if rows.empty:
        raise SourceChanged(url, "has no rows", REMEDY)
    scores = rows[fractions]
    if not (scores.isna() | scores.ge(0) & scores.le(1)).all(axis=None):
        raise SourceChanged(url, "gives a score that is no fraction", REMEDY)
    if rows.duplicated(key).any():
        twice = rows[rows.duplicated(key)].iloc[0]
        raise SourceChanged(url, f"lists {twice['name']} twice", REMEDY)
    return rows


OPEN_CLIP = Source(
    name="open_clip",
    title="open_clip's zero-shot results",
    licence="MIT-style",
    documents=documents,
    join=join,
)
