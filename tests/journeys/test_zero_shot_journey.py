"""Someone tries two models on an image, and sees what they found."""

from urllib.parse import urlencode

import numpy as np
import pytest
from PIL.Image import fromarray

from tests.standin.recognizers import make

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Make two tiny models and a photo of noise, in one folder."""
    root = tmp_path_factory.mktemp("try")
    for name in ("clip", "owlv2"):
        make(name, root / name)
    noise = np.random.default_rng(0).integers(0, 255, (60, 100, 3), np.uint8)
    fromarray(noise).save(root / "photo.png")
    return root


def open_try(page, address, **query):
    asked = urlencode({"section": "Try it", **query}, doseq=True)
    page.goto(f"{address}/zero_shot?{asked}")


def test_two_models_are_drawn_side_by_side(page, address, folders):
    models = [str(folders / name) for name in ("clip", "owlv2")]
    open_try(
        page, address, try_models=models, try_threshold="0.3",
        try_path=str(folders / "photo.png"), try_labels="cat, dog",
    )  # fmt: skip
    page.get_by_role("button", name="Try it", exact=True).click()
    page.get_by_text("Detection:").wait_for()
    page.locator(".js-plotly-plot .bars path").first.wait_for(state="attached")
    boxes = page.locator(".js-plotly-plot .scatterlayer path.js-line")
    boxes.first.wait_for(state="attached")
    assert page.locator(".js-plotly-plot .imagelayer image").count() == 1
    page.get_by_text("sum to 1").first.wait_for()


def test_bad_input_is_one_sentence_and_the_page_stays(page, address, folders):
    (folders / "broken.png").write_bytes(b"\x89PNG nothing")
    open_try(
        page, address, try_models=[str(folders / "clip")],
        try_path=str(folders / "broken.png"),
    )  # fmt: skip
    page.get_by_role("button", name="Try it", exact=True).click()
    page.get_by_text("choose another image").wait_for()
    page.get_by_role("textbox", name="Labels").fill("")
    page.get_by_role("textbox", name="Labels").press("Control+Enter")
    page.get_by_text("name at least one label").wait_for()
    page.get_by_role("textbox", name="Labels").wait_for()
