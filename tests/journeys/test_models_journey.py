"""Someone filters, picks two models, compares them, and takes the figure home."""

import re
import shutil
import subprocess
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import numpy as np
import pytest

POINT = ".js-plotly-plot .scatterlayer .point"

SIDEWAYS = """
document.documentElement.scrollWidth - document.documentElement.clientWidth
"""

BACKGROUND = "node => getComputedStyle(node).backgroundColor"
BACKGROUNDS = {"light": "rgb(255, 255, 255)", "dark": "rgb(14, 17, 23)"}
PAGES = (
    "", "/models", "/derived", "/transfer", "/snapshots", "/zero_shot", "/jobs",
    "/glossary",
)  # fmt: skip

pytestmark = pytest.mark.browser


def open_models(page, address, query=""):
    page.goto(f"{address}/models{query}")
    page.locator(POINT).first.wait_for(state="attached")


def click_point(page, number):
    """Click the n-th point, once the chart has come to rest."""
    box, before = None, ...
    while box is None or box != before:
        page.wait_for_timeout(300)
        before, box = box, page.locator(POINT).nth(number).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def download(page, label, folder):
    """Click an export button and return the file."""
    with page.expect_download(timeout=60_000) as waiting:
        page.get_by_role("button", name=label, exact=True).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


REMEMBER_THE_PICTURE = """
const look = () => {
    const picture = document.querySelector('.first-picture img');
    const seen = picture?.naturalWidth && picture.offsetParent;
    if (!seen) return requestAnimationFrame(look);
    const {width} = picture.getBoundingClientRect();
    window.firstPicture = {width, svg: atob(picture.src.split(',')[1])};
};
look();
"""
CENTERS = """points => points.map(point => {
    const {x, y, width, height} = point.getBoundingClientRect();
    const chart = point.closest('.js-plotly-plot').getBoundingClientRect();
    return [x + width / 2 - chart.x, y + height / 2 - chart.y];
})"""


def test_the_first_picture_lies_where_the_chart_is_drawn(page, address):
    page.add_init_script(REMEMBER_THE_PICTURE)
    open_models(page, address)
    page.wait_for_timeout(1000)
    first = page.evaluate("window.firstPicture")
    area = ElementTree.fromstring(first["svg"])[0]
    left, top, height = (float(area.get(key)) for key in ("x", "y", "height"))
    width = first["width"] - float(re.search(r"- (\d+)px", area.get("width"))[1])
    points = [use for use in area.iter() if use.tag.endswith("use")]
    shares = np.array([[float(use.get(key)[:-1]) for key in "xy"] for use in points])
    pictured = shares / 100 * [width, height] + [left, top]
    drawn = np.array(page.locator(POINT).evaluate_all(CENTERS))
    assert len(pictured) > 110
    gaps = np.linalg.norm(pictured[:, None] - drawn[None], axis=2).min(axis=1)
    assert np.median(gaps) < 4 and gaps.max() < 12
    assert not page.locator(".first-picture").is_visible()
    page.get_by_role("searchbox", name="Search").fill("convnext")
    page.get_by_text("4 of 115 models").wait_for()
    page.locator(".first-picture").wait_for(state="detached")


def test_filter_pick_compare_and_share(page, address):
    open_models(page, address)
    page.get_by_role("searchbox", name="Search").fill("convnext")
    page.get_by_text("4 of 115 models").wait_for()
    for number in (0, 2):
        click_point(page, number)
        page.get_by_role("button", name="Add to comparison").click()
        page.get_by_role("dialog").wait_for(state="detached")
    page.get_by_text("Differences only").wait_for()
    query = parse_qs(urlsplit(page.url).query)
    assert query["search"] == ["convnext"] and len(query["compare"]) == 2
    page.reload()
    page.get_by_text("4 of 115 models").wait_for()
    page.get_by_text("Differences only").wait_for()


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler-utils is absent")
def test_the_pdf_is_vector_with_selectable_text(page, address, tmp_path):
    open_models(page, address)
    pdf = download(page, "PDF", tmp_path)
    text = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True)
    images = subprocess.run(["pdfimages", "-list", pdf], capture_output=True, text=True)
    assert "Top-1 accuracy" in text.stdout and "Parameters" in text.stdout
    assert len(images.stdout.splitlines()) == 2


def test_svg_and_tables_are_downloads(page, address, tmp_path):
    open_models(page, address, "?search=swin")
    assert b"Top-1 accuracy" in download(page, "SVG", tmp_path).read_bytes()
    csv = download(page, "CSV", tmp_path).read_text()
    assert "Swin_T_Weights.IMAGENET1K_V1" in csv
    assert r"\toprule" in download(page, "LaTeX", tmp_path).read_text()


def test_a_point_opens_its_details_and_the_address_reopens_them(page, address):
    open_models(page, address, "?search=alexnet")
    click_point(page, 0)
    page.get_by_role("dialog").get_by_text("AlexNet_Weights.IMAGENET1K_V1").wait_for()
    assert "model=AlexNet_Weights" in page.url
    page.reload()
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "model=" not in url)


def test_hostile_names_in_the_address_are_text(page, address):
    hostile = "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E![x](http://evil.example/x.png)"
    open_models(page, address, f"?model={hostile}")
    page.get_by_text("The address asks for the model").wait_for()
    assert "<img src=x" in page.get_by_test_id("stAlert").first.inner_text()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_cut_off(page, address, width):
    page.set_viewport_size({"width": width, "height": 900})
    for path in PAGES:
        page.emulate_media(color_scheme="light")
        page.goto(address + path)
        page.get_by_role("heading", level=1).wait_for()
        for scheme, background in BACKGROUNDS.items():
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(500)
            overflow = page.evaluate(SIDEWAYS)
            assert overflow <= 0, f"{path} scrolls sideways at {width} px"
            assert page.locator(".stApp").evaluate(BACKGROUND) == background
