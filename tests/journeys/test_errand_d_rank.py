"""Someone ranks backbones for a folder of images; the command line says the same."""

import json
import os
import subprocess
import sys

import pandas as pd
import pytest

from core.demo.build_records import build_records
from core.demo.zoo import ZOO
from core.settings import Settings
from tests.journeys.digit_images import write_digits
from tests.journeys.errands import PICTURES

CHOSEN = ("resnet-small-digits", "vit-small-digits", "resnet-small-quarter-turns")

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def backbones(cache_root):
    """Train some of the demo's backbones where the app looks for them; return names."""
    zoo = [one for one in ZOO if PICTURES in os.environ or one.name in CHOSEN]
    build_records(Settings(cache_root), zoo=zoo, questions=("parity",))
    return [one.name for one in zoo]


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Write 400 images in five classes."""
    return write_digits(tmp_path_factory.mktemp("my") / "digits", range(5), of_each=80)


def features(folder, names, cache_root):
    """Ask the command line for the same, and return its rows."""
    models = cache_root / "demo" / "records" / "models"
    asked = [part for name in names for part in ("--backbone", str(models / name))]
    done = subprocess.run(
        [sys.executable, "-m", "core", "features", str(folder), *asked, "--json"],
        env={**os.environ, "PEDIGREE_CACHE": str(cache_root)}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    return pd.DataFrame(json.loads(done.stdout)["rows"]).set_index("backbone")


def test_backbones_are_ranked_for_a_folder(
    errand, address, backbones, images, cache_root
):
    with errand.step(
        "Open *Transfer*, section *My images*, and type the full path of a folder that "
        "holds one folder of images for each class. Nothing is uploaded."
    ) as page:
        page.goto(f"{address}/transfer")
        page.get_by_role("radio", name="My images").click()
        box = page.get_by_role("textbox", name="Folder of images")
        box.fill(str(images))
        box.press("Enter")
        page.get_by_text("Nothing is known of this folder yet").wait_for()
    with errand.step(
        "Choose backbones: torchvision's and timm's by name, `owner/name` on the Hub, "
        "model folders of your own, or, with no network, the demo's small ones."
    ) as page:
        shown = [f"demo: {name}" for name in backbones]
        errand.choose("Backbones", *shown, by_typing=True)
        page.keyboard.press("Escape")
    with errand.step(
        "Press *Score*. Every image runs through every backbone once; a head is "
        "trained on three quarters of the features and measured on the rest.",
        picture="transfer",
    ) as page:
        page.get_by_role("button", name="Score", exact=True).click()
        page.get_by_text("comes first: a head trained on it").wait_for()
        page.locator(".st-key-own-heads .point").first.wait_for(state="attached")
        page.locator(".st-key-own-heads").scroll_into_view_if_needed()
    with errand.step(
        "Read the answer: the best backbone with its interval, which others cannot be "
        "told from it, and what plain choices reach: the largest backbone, and always "
        "naming the largest class."
    ) as page:
        rows = pd.read_csv(errand.download("CSV"))
        said = page.get_by_text("comes first: a head trained on it").inner_text()
        assert said.startswith(rows["backbone"][0])
        assert rows["head_accuracy"].is_monotonic_decreasing
        assert "Always naming the largest class: 20.0 %" in said
    with errand.step(
        "Under *Would a score have found it?* hold any score that trains nothing "
        "against these heads, beside the static list by size."
    ) as page:
        page.locator(".st-key-own-scatter .point").first.wait_for(state="attached")
        page.get_by_text("The static list by size has").wait_for()
    with errand.step(
        "For a script: `python -m core features FOLDER --backbone NAME --json` gives "
        "the same numbers. What was computed is kept, so it takes seconds."
    ):
        told = features(images, backbones, cache_root)["head_accuracy"]
        shown = rows.set_index("backbone")["head_accuracy"]
        pd.testing.assert_series_equal(told.sort_index(), shown.sort_index())
