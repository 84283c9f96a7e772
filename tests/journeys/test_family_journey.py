"""Someone opens a family of the Hub, goes to one model and its profile, puts two side
by side, takes figures and the archive along; every stop has its address.
"""

import io
import zipfile

import pytest

from core.settings import Settings
from tests.standin.stored import BASE, keep_family

MAP = ".st-key-map .hm image"
ROW, PROFILE, BESIDE = 35, 180, 270
"""Pixels inside the table of models: the height of a row, the middle of two buttons."""

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def family_page(address, cache_root):
    """Return the address of the Derived page, with a family in the cache."""
    keep_family(Settings(cache_root), 40)
    return f"{address}/derived"


def press(page, row, across):
    """Click a button of the table of models, which is drawn on a canvas."""
    still = page.locator("[data-test-script-state=notRunning]")
    still.wait_for(state="attached")
    table = page.get_by_test_id("stDataFrame").first
    table.locator("canvas").first.wait_for()
    page.wait_for_timeout(500)
    still.wait_for(state="attached")
    table.scroll_into_view_if_needed()
    table.click(position={"x": across, "y": ROW * (row + 1.5)})


def saved(page, place, name):
    """Click a download and return what is saved."""
    with page.expect_download(timeout=90_000) as waiting:
        place.get_by_role("button", name=name, exact=name.isupper()).first.click()
    return waiting.value


def test_from_a_base_to_the_profile_of_a_model_and_its_export(page, family_page):
    page.goto(family_page)
    box = page.get_by_role("combobox", name="Base model")
    box.fill(BASE)
    box.press("Enter")
    page.locator(MAP).wait_for()
    page.wait_for_url(lambda url: "base=google" in url)
    page.get_by_role("searchbox", name="Search").fill("person-1/")
    page.get_by_text("1 of 48 models").wait_for()
    page.wait_for_url(lambda url: "search=person-1" in url)
    press(page, 0, PROFILE)
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("frozen-prefix").first.wait_for()
    page.wait_for_url(lambda url: "model=person-1" in url)
    table = saved(page, dialog, "CSV")
    assert table.suggested_filename == "profile-person-1-vit-base-1.csv"
    page.goto(page.url)
    page.get_by_role("dialog").get_by_text("frozen-prefix").first.wait_for()


def test_two_models_side_by_side_have_an_address(page, family_page):
    page.goto(f"{family_page}?base={BASE}&sort=name")
    page.locator(MAP).wait_for()
    press(page, 0, BESIDE)
    page.get_by_text("choose another one in the table").wait_for()
    press(page, 1, BESIDE)
    page.locator(".st-key-pair-map .hm image").wait_for()
    assert page.url.count("pair=") == 2
    page.goto(page.url)
    page.locator(".st-key-pair-map .hm image").wait_for()


def test_a_choice_of_the_map_is_kept_by_its_address(page, family_page):
    page.goto(f"{family_page}?base={BASE}")
    page.locator(MAP).wait_for()
    page.get_by_role("radio", name="patterns").click()
    page.get_by_role("radio", name="stage").click()
    page.locator(".st-key-map").get_by_text("nothing frozen").first.wait_for()
    page.wait_for_url(lambda url: "rows=patterns" in url and "by=stage" in url)
    page.goto(page.url)
    page.locator(".st-key-map").get_by_text("nothing frozen").first.wait_for()


def test_the_whole_family_is_taken_along(page, family_page):
    page.goto(f"{family_page}?base={BASE}&view=Export")
    page.get_by_role("button", name="Make the archive").click()
    download = page.get_by_role("button", name="Download the archive")
    download.wait_for(timeout=120_000)
    with page.expect_download() as waiting:
        download.click()
    with open(waiting.value.path(), "rb") as file:
        names = zipfile.ZipFile(io.BytesIO(file.read())).namelist()
    assert {"README.md", "CITATION.bib", "redraw.py", "data/models.csv"} <= set(names)
    assert "figures/freeze-map-tensors.pdf" in names
