"""Small records made on the spot, and the published ones where they lie beside."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.transfer.records import Records, read_records

PUBLISHED = Path(__file__).parents[2] / "../shared/data/transfer"


def build_records(models: int = 6, tasks: int = 24, *, noise: float = 0.02) -> Records:
    """Models that differ in size, tasks that differ in domain, classes and samples."""
    random = np.random.default_rng(0)
    names = [f"model{at}" for at in range(models)]
    known = pd.DataFrame(
        {
            "family": [f"family{at % 3}" for at in range(models)],
            "params": np.linspace(5e6, 80e6, models),
            "gmacs": np.linspace(0.5, 15, models),
            "imagenet_accuracy": np.linspace(0.7, 0.85, models),
        },
        index=names,
    )
    described = pd.DataFrame(
        {
            "domain": [("photo", "sketch", "scan")[at % 3] for at in range(tasks)],
            "classes": [float(2 ** (1 + at % 4)) for at in range(tasks)],
            "samples": [float(100 * (1 + at % 5)) for at in range(tasks)],
            "samples_per_class": [float((10, 30)[at % 2]) for at in range(tasks)],
            "labels": [f"cat{at % 6}, dog{at % 6}" for at in range(tasks)],
        },
        index=[f"task{at}" for at in range(tasks)],
    )
    level = 1.5 - 0.3 * np.log2(described["classes"].to_numpy())
    logits = level[None] + np.linspace(0, 1, models)[:, None]
    logits = logits + noise * random.normal(size=logits.shape)
    accuracy = pd.DataFrame(1 / (1 + np.exp(-logits)), names, described.index)
    return Records(accuracy, known, described)


@pytest.fixture(scope="session")
def make_records() -> Callable[..., Records]:
    """The builder of small records."""
    return build_records


@pytest.fixture(scope="session")
def published_folder() -> Path:
    """The folder of the published files; skips where it is not beside the project."""
    if not PUBLISHED.is_dir():
        pytest.skip("the published records are not beside the project")
    return PUBLISHED


@pytest.fixture(scope="session")
def published(published_folder: Path) -> Records:
    """The published 10 x 270 records, mended."""
    return read_records(
        published_folder / "record_domainnet_10_270.csv",
        published_folder / "source_model_meta_data.csv",
        published_folder / "target_dataset_meta_data.csv",
    )
