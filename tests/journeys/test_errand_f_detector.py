"""Someone chooses a zero-shot detector that fits 8 GB and tries it on a photo. A tiny
model of the same architecture stands in for the download.
"""

from pathlib import Path

import pandas as pd
import pytest

from tests.standin.recognizers import make

MODEL = "google/owlv2-base-patch16-ensemble"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Make a model folder of OWLv2's architecture, with random weights."""
    return make("owlv2", tmp_path_factory.mktemp("models") / "tiny-owlv2")


@pytest.fixture(scope="module")
def photo():
    """Return scikit-learn's photo of a flower."""
    import sklearn.datasets

    return Path(sklearn.datasets.__file__).parent / "images" / "flower.jpg"


def test_a_detector_that_fits_is_tried_on_a_photo(errand, address, tiny, photo):
    with errand.step(
        "Open *Zero-shot* and choose *Detection*: how several benchmarks rank the "
        "detectors, where they agree, and score against cost."
    ) as page:
        page.goto(f"{address}/zero_shot")
        page.get_by_role("radio", name="Detection").click()
        page.locator(".st-key-consensus .point").first.wait_for(state="attached")
    with errand.step(
        "Under *Filters* leave the memory at 8 GiB, switch off *Keep what is unknown*, "
        "and ask for *Open*, *Easy* and *Fits*. A sentence says what is left."
    ) as page:
        page.get_by_role("button", name="Filters").click()
        page.get_by_text("Keep what is unknown").click()
        page.wait_for_url(lambda url: "undecided=false" in url)
        errand.choose("Criteria to meet", "Open", "Easy", "Fits")
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
    with errand.step(
        "Choose OWLv2 under *Details of*: why each criterion is met, its places and "
        "results. Press *Does it fit my machine?*"
    ) as page:
        errand.choose("Details of", "OWLv2")
        page.get_by_text("Open: yes.").wait_for()
        page.get_by_role("button", name="Does it fit my machine?").click()
        page.get_by_role("button", name="Work it out").wait_for()
        page.wait_for_url(lambda url: "section=Fits" in url and "owlv2" in url)
    with errand.step(
        "Type 8 under *Memory of another device* and press *Work it out*: parameters, "
        "GMACs and peak memory from the configuration alone, against 8 GiB.",
        picture="fit",
    ) as page:
        box = page.get_by_role("spinbutton", name="Memory of another device")
        box.fill("8")
        box.press("Enter")
        page.get_by_role("button", name="Work it out").click()
        page.get_by_text("and fits a GPU of 8 GiB").wait_for()
        page.get_by_text("155 M").wait_for()
        bars = page.locator(".js-plotly-plot .bars path")
        bars.nth(2).wait_for(state="attached")
        assert bars.count() == 3  # weights, activations, overhead
    with errand.step(
        "Press *Try it on an image*, give a photo and the labels to look for, and "
        "press *Try it*. The model is fetched once; one that lies in a folder here "
        "needs no network."
    ) as page:
        page.get_by_role("button", name="Try it on an image").click()
        page.get_by_text(MODEL).first.wait_for()
        page.locator("input[type=file]").set_input_files(photo)
        page.get_by_role("textbox", name="Labels").fill("flower, leaf")
        models = page.get_by_role("combobox", name="Models")
        models.press("Backspace")
        models.fill(str(tiny))
        models.press("Enter")
        models.press("Escape")
        page.get_by_role("button", name="Try it", exact=True).click()
        page.get_by_text("Detection:").wait_for()
    with errand.step(
        "Change *Least score* until what is drawn makes sense to you, and take the "
        "boxes as CSV. Time and peak memory of the run stand above the picture."
    ) as page:
        page.locator(".js-plotly-plot .imagelayer image").wait_for(state="attached")
        rows = pd.read_csv(errand.download("CSV"))
        assert set(rows["label"]) <= {"flower", "leaf"} and len(rows)
        assert rows["score"].between(0.1, 1).all()
