"""open_clip's result files: where they are and how each is read."""

import re
from collections.abc import Callable, Sequence

import pandas as pd

from core.errors import SourceChanged
from core.tables.csv_table import REMEDY, read_csv
from core.tables.github import file_urls
from core.tables.source import Document

REPOSITORY = "mlfoundations/open_clip"
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
