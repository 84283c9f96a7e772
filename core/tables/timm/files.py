"""timm's result files: which there are, what their names say, how each is read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from core.errors import SourceChanged
from core.tables.csv_table import REMEDY, read_csv
from core.tables.github import file_urls, listing_urls, read_listing
from core.tables.source import Document

REPOSITORY = "huggingface/pytorch-image-models"
FOLDER = "results"
BRANCH = "main"
ACCURACY = {
    "imagenet": "results-imagenet.csv",
    "real": "results-imagenet-real.csv",
    "v2": "results-imagenetv2-matched-frequency.csv",
    "sketch": "results-sketch.csv",
    "a": "results-imagenet-a.csv",
    "r": "results-imagenet-r.csv",
}
# Asked for when the list of files cannot be had; the newest of each device.
KNOWN_BENCHMARKS = (
    "benchmark-infer-amp-nchw-pt291-cu130-5090",
    "benchmark-infer-amp-nchw-pt291-cu128-4090",
    "benchmark-infer-amp-nchw-pt291-cu130-pro6000maxq",
    "benchmark-infer-amp-nchw-pt240-cu124-rtx3090",
    "benchmark-infer-fp32-nchw-pt240-cpu-i7_12700h-dynamo",
    "benchmark-infer-fp32-nchw-pt240-cpu-i9_10940x-dynamo",
    "benchmark-train-amp-nchw-pt112-cu113-rtx3090",
    "benchmark-train-amp-nhwc-pt112-cu113-rtx3090",
)
MAX_BENCHMARKS = 60
NAME = re.compile(
    r"benchmark-(?P<kind>infer|train)-(?P<precision>\w+)-(?P<layout>nchw|nhwc)"
    r"-pt(?P<torch>\d+)-(?P<toolkit>cpu|cu\d+)-(?P<device>\w+?)(?P<compiled>-dynamo)?"
)
DEVICES = {
    "3090": "RTX 3090",
    "rtx3090": "RTX 3090",
    "4090": "RTX 4090",
    "rtx4090": "RTX 4090",
    "5090": "RTX 5090",
    "pro6000maxq": "RTX PRO 6000 Max-Q",
    "i7_12700h": "Core i7-12700H",
    "i9_10940x": "Core i9-10940X",
}


@dataclass(frozen=True)
class Benchmark:
    """What a benchmark file's name says: on what, how and with what it was measured."""

    name: str
    kind: str
    device: str
    precision: str
    layout: str
    torch: int
    toolkit: str
    is_compiled: bool


def benchmark(name: str) -> Benchmark | None:
    """Read a benchmark file's name without its ending, None where it is not one.

    >>> found = benchmark("benchmark-infer-amp-nchw-pt291-cu130-5090-dynamo")
    >>> found.device, found.precision, found.torch, found.is_compiled
    ('RTX 5090', 'amp', 291, True)
    """
    said = NAME.fullmatch(name)
    if said is None:
        return None
    return Benchmark(
        name=name,
        kind=said["kind"],
        device=DEVICES.get(said["device"], said["device"]),
        precision=said["precision"],
        layout=said["layout"],
        torch=int(said["torch"]),
        toolkit=said["toolkit"],
        is_compiled=said["compiled"] is not None,
    )


LISTING = Document(
    "listing", listing_urls(REPOSITORY, BRANCH, FOLDER), read_listing, max_bytes=2**21
)


def documents(names: Sequence[str] | None) -> list[Document]:
    """Return the accuracy files and every benchmark that the listing names.

    Without a listing the newest known benchmarks are guessed to be there.
    """
    accuracy = [
        Document(key, _urls(name), read_accuracy, is_required=key == "imagenet")
        for key, name in ACCURACY.items()
    ]
    known = KNOWN_BENCHMARKS if names is None else names
    found = [name for name in known if benchmark(name)]
    benchmarks = [
        Document(name, _urls(f"{name}.csv"), read_benchmark, is_guess=names is None)
        for name in found[:MAX_BENCHMARKS]
    ]
    return accuracy + benchmarks


def read_accuracy(content: bytes, url: str) -> pd.DataFrame:
    """Read one accuracy file: model, img_size, top1, top5 (percent), params (M)."""
    rows = read_csv(
        content,
        url,
        text=["model"],
        numbers=["img_size", "top1", "top5", "param_count"],
        aliases={"top1": ["acc1"], "top5": ["acc5"], "img_size": ["image_size"]},
    )
    rows = rows.dropna(subset=["img_size", "top1"])
    if not rows["top1"].between(0, 100).all():
        raise SourceChanged(url, "gives an accuracy that is no percentage", REMEDY)
    return _once(rows, ["model", "img_size"], url)


def read_benchmark(content: bytes, url: str) -> pd.DataFrame:
    """Read one benchmark file: model (no tag), img_size, images_per_second, ...

    Its columns start with what its name says was measured; some files leave out
    `gmacs` and `macts` (M).
    """
    prefix = "train" if "/benchmark-train-" in url else "infer"
    rows = read_csv(
        content,
        url,
        text=["model"],
        numbers=[f"{prefix}_img_size", f"{prefix}_samples_per_sec"],
        optional=[f"{prefix}_batch_size", f"{prefix}_gmacs", f"{prefix}_macts"],
    )
    rows.columns = [name.removeprefix(f"{prefix}_") for name in rows]
    rows = rows.rename(columns={"samples_per_sec": "images_per_second"})
    rows = rows.dropna(subset=["img_size", "images_per_second"])
    return _once(rows, ["model", "img_size"], url)


def _once(rows: pd.DataFrame, key: list[str], url: str) -> pd.DataFrame:
    if rows.empty:
        raise SourceChanged(url, "has no rows", REMEDY)
    twice = rows[rows.duplicated(key)]
    if not twice.empty:
        raise SourceChanged(url, f"lists {twice['model'].iloc[0]} twice", REMEDY)
    return rows.reset_index(drop=True)


def _urls(name: str) -> tuple[str, ...]:
    return file_urls(REPOSITORY, BRANCH, f"{FOLDER}/{name}")
