"""Someone trains six snapshots, puts them into the store, finds the best start for
another dataset, and takes its files out again.
"""

import os
import shlex
import subprocess
import sys

import pandas as pd
import pytest

from tests.journeys.digit_images import write_digits
from tests.journeys.errands import PICTURES

EPOCHS = "2" if PICTURES in os.environ else "1"

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Write another dataset: 90 images in three classes."""
    folder = tmp_path_factory.mktemp("other") / "three-digits"
    return write_digits(folder, (3, 5, 8), of_each=30)


def run(command, cache_root, folder):
    """Run a copied command in a folder, with the cache that the app uses."""
    words = shlex.split(command)
    assert words[0] == "python"
    environment = {**os.environ, "PEDIGREE_CACHE": str(cache_root)}
    environment["PYTHONPATH"] = os.getcwd()
    subprocess.run(
        [sys.executable, *words[1:]], cwd=folder, env=environment, check=True,
        capture_output=True,
    )  # fmt: skip


def test_six_snapshots_are_trained_stored_and_searched(
    errand, address, images, cache_root, tmp_path
):
    with errand.step(
        "Open *Snapshots*. Leave the tiny ResNet, the digits and six snapshots, lower "
        "the epochs for a first look, and press *Train*. Base, seed and depth of each "
        "are recorded; killed, it goes on where it was."
    ) as page:
        page.goto(f"{address}/snapshots")
        page.get_by_text("No snapshots yet.").wait_for()
        box = page.get_by_role("spinbutton", name="Epochs")
        box.fill(EPOCHS)
        box.press("Enter")
        page.wait_for_url(lambda url: f"epochs={EPOCHS}" in url)
        page.get_by_role("button", name="Train", exact=True).click()
    with errand.step(
        "Watch the accuracy grow epoch by epoch. Six snapshots and their base are then "
        "listed, each with its test accuracy and how many blocks were trained.",
        picture="snapshots",
    ) as page:
        page.get_by_text("7 snapshots").wait_for(timeout=300_000)
        page.locator(".st-key-curves .scatterlayer .point").first.wait_for()
        page.locator(".st-key-curves").scroll_into_view_if_needed()
    with errand.step(
        "Switch to *Store* and press *Put the 7 snapshots made here into the store*: "
        "each tensor is kept once, and the tree shows who was made from whom."
    ) as page:
        page.get_by_role("radio", name="Store").click()
        page.get_by_role("button", name="Put the 7 snapshots").click()
        page.locator(".st-key-lineage").wait_for()
        assert len(list((cache_root / "store" / "models").glob("*.json"))) == 7
    with errand.step(
        "Switch to *Search*, choose the store and *a folder of images*, type the path "
        "of the other dataset, and press *Rank the snapshots*. What they share is run "
        "once, and the base, the plain choice, is ranked with them. The "
        "address keeps the question.",
        picture="search",
    ) as page:
        page.get_by_role("radio", name="Search").click()
        errand.choose("Search", "the store")
        errand.choose("On", "a folder of images")
        box = page.get_by_role("textbox", name="Folder of images")
        box.fill(str(images))
        box.press("Enter")
        page.get_by_role("button", name="Rank the snapshots").click()
        page.get_by_text("Best for three-digits by LogME").wait_for()
        page.locator(".st-key-ranking .scatterlayer .point").first.wait_for()
        rows = pd.read_csv(errand.download("CSV"))
        assert len(rows) == 7 and rows["score"].is_monotonic_decreasing
        page.goto(page.url)
        page.locator(".st-key-ranking .scatterlayer .point").first.wait_for()
        page.locator(".st-key-ranking").scroll_into_view_if_needed()
    with errand.step(
        "Copy the command under the answer and run it: the files of the best snapshot "
        "come out of the store bit by bit, ready to go on training."
    ):
        run(errand.copy(), cache_root, tmp_path)
        (taken,) = tmp_path.glob("best-start/*.safetensors")
        made = cache_root / "snapshots" / rows["id"][0] / taken.name
        assert taken.read_bytes() == made.read_bytes()
