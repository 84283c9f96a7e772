"""Frames, a real Chromium and the PDF tools for the tests of charts."""

import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from core.charts.renderer import Renderer, find_browser


@pytest.fixture(scope="session")
def renderer():
    """Yield one renderer for all tests, or skip where no browser is installed."""
    if find_browser() is None:
        pytest.skip("no Chromium on this machine")
    with Renderer() as shared:
        yield shared


@pytest.fixture
def models():
    """Return 40 models of ten families, one of them hostile, one without accuracy."""
    draw = np.random.default_rng(0)
    count = 40
    frame = pd.DataFrame(
        {
            "id": [f"torchvision/M{number}" for number in range(count)],
            "name": [f"M{number}" for number in range(count)],
            "family": [f"F{number * number % 10}" for number in range(count)],
            "accuracy": draw.uniform(0.5, 0.9, count),
            "params": 10 ** draw.uniform(6, 9, count),
            "pretraining": np.where(draw.random(count) < 0.2, "SWAG", "none named"),
            "metric": "acc@1",
            "dataset": "ImageNet-1K",
            "licence": "",
        }
    )
    frame.loc[0, ["id", "name"]] = ["evil", "<script>alert(1)</script> & <b>bold</b>"]
    frame.loc[1, "accuracy"] = np.nan
    return frame


@pytest.fixture(scope="session")
def pdf_tool():
    """Return a function that runs pdftotext, pdfimages or pdffonts on a file."""

    def run(tool, path, *arguments):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (Debian: poppler-utils)")
        command = [tool, *arguments, str(path)]
        if tool == "pdftotext":
            command.append("-")
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout

    return run
