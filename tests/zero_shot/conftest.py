"""The survey as it is, a copy to spoil, and a few rows of open_clip's table."""

import shutil

import pandas as pd
import pytest

from core.zero_shot.catalog import SURVEY, load_catalog


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
