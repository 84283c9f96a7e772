"""The survey, a few rows of open_clip's table, and tiny models to try."""

import shutil

import numpy as np
import pandas as pd
import pytest
from PIL.Image import fromarray

from core.device import detect_device
from core.settings import load_settings
from core.zero_shot.catalog import SURVEY, load_catalog
from tests.standin.recognizers import make


@pytest.fixture(scope="session")
def catalog():
    return load_catalog()


@pytest.fixture
def folder(tmp_path):
    """Return a copy of the survey's files that a test may spoil."""
    return shutil.copytree(SURVEY, tmp_path / "survey")


@pytest.fixture(scope="session")
def open_clip():
    """Return three checkpoints: two of OpenAI's, one that no model owns."""
    rows = pd.DataFrame(
        {
            "weight": ["ViT-B-32/openai", "RN50x16/openai", "ViT-B-32/mine"],
            "params": [151e6, 291e6, 151e6],
            "gmacs": [7.39, 33.0, 7.39],
            "zero_shot@1": [0.63, 0.71, 0.55],
            "zero_shot_v2": [0.56, None, 0.50],
        }
    )
    missing = ["zero_shot_sketch", "zero_shot_a", "zero_shot_r", "zero_shot_mean"]
    return rows.assign(
        name=rows["weight"].str.replace("/", " · "),
        source="results.csv",
        revision="abc",
        fetched_at="2026-11-20T10:00:00Z",
        **dict.fromkeys(missing, float("nan")),
    )


@pytest.fixture(scope="session")
def nothing():
    """Return open_clip's table before its first refresh."""
    return pd.DataFrame()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """Return a function that makes a tiny model once, and answers its folder."""
    root, made = tmp_path_factory.mktemp("models"), {}

    def folder(name: str):
        if name not in made:
            made[name] = make(name, root / name)
        return made[name]

    return folder


@pytest.fixture(scope="session")
def photo():
    """Return an image of noise, wider than high."""
    values = np.random.default_rng(0).integers(0, 255, (60, 100, 3), np.uint8)
    return fromarray(values)


@pytest.fixture(scope="session")
def offline(tmp_path_factory):
    """Return settings of a cache of their own and a Hub that nobody answers."""
    root = str(tmp_path_factory.mktemp("cache"))
    return load_settings({"PEDIGREE_CACHE": root, "HF_ENDPOINT": "http://127.0.0.1:9"})


@pytest.fixture(scope="session")
def cpu():
    return detect_device("cpu")
