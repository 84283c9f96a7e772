"""Downloads: vector figures with selectable text at column width; whole tables."""

import csv
import io
import json
import re
import struct
import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest

from core.charts.accuracy import accuracy_vs_cost
from core.charts.export import (
    MIME,
    escape_latex,
    figure_bytes,
    file_name,
    table_bytes,
)
from core.charts.paper import paper_figure

HOSTILE = ["=1+1", "+x", "-x", "@x", "a,b", 'q"', "50% & $5 #_{}~^\\ <i>", "two\nlines"]

HOSTILE_NAME = "<script>alert(1)</script> & <b>bold</b>"


@pytest.fixture
def figure(models):
    return accuracy_vs_cost(models, front=models.nlargest(4, "accuracy").index[:1])


@pytest.mark.browser
@pytest.mark.parametrize(("column", "points"), [("single", 234), ("double", 486)])
def test_pdf_is_vector_text_in_an_embedded_font(
    figure, renderer, tmp_path, pdf_tool, column, points
):
    path = tmp_path / "figure.pdf"
    path.write_bytes(figure_bytes(figure, "pdf", column=column, renderer=renderer))
    words = " ".join(pdf_tool("pdftotext", path, "-raw").split())
    assert "Parameters Top-1 accuracy on ImageNet-1K" in words
    assert "Pareto front" in words
    assert len(pdf_tool("pdfimages", path, "-list").splitlines()) == 2
    fonts = pdf_tool("pdffonts", path).splitlines()[2:]
    assert fonts
    assert all(" yes yes yes " in font for font in fonts)
    width = re.search(r"Page size: +([\d.]+) x", pdf_tool("pdfinfo", path))
    assert float(width[1]) == pytest.approx(points, abs=1)


@pytest.mark.browser
def test_svg_shows_a_hostile_name_as_text(models, renderer):
    models["family"] = models["family"].mask(models["id"] == "evil", HOSTILE_NAME)
    figure = accuracy_vs_cost(models, highlighted=[HOSTILE_NAME])
    page = figure_bytes(figure, "svg", column="double", renderer=renderer)
    tags = {
        element.tag.split("}")[-1] for element in ElementTree.fromstring(page).iter()
    }
    texts = "".join(ElementTree.fromstring(page).itertext())
    assert "script" not in tags
    assert "image" not in tags
    assert HOSTILE_NAME in texts


@pytest.mark.browser
def test_png_says_300_dpi_and_has_the_pixels(figure, renderer):
    png = figure_bytes(figure, "png", renderer=renderer)
    assert struct.unpack(">II", png[16:24]) == (975, 900)
    place = png.index(b"pHYs")
    assert struct.unpack(">IIB", png[place + 4 : place + 13]) == (11811, 11811, 1)


def test_paper_figure_leaves_the_screen_figure_alone(figure):
    before = json.loads(figure.to_json())
    paper = paper_figure(figure, "single", 288)
    assert json.loads(figure.to_json()) == before
    assert paper.layout.template.layout.paper_bgcolor == "#FFFFFF"


@pytest.mark.browser
def test_html_is_one_file_that_asks_nobody(figure, renderer, tmp_path):
    playwright = pytest.importorskip("playwright.sync_api")
    from core.charts.renderer import find_browser

    page_file = tmp_path / "figure.html"
    page_file.write_bytes(figure_bytes(figure, "html"))
    asked = []
    with playwright.sync_playwright() as runner:
        browser = runner.chromium.launch(executable_path=str(find_browser()))
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(page_file.as_uri())
        page.locator(".scatterlayer .point").first.wait_for()
        buttons = page.locator("[data-title*='Cloud'], [data-title*='cloud']").count()
        browser.close()
    assert [url for url in asked if url.startswith("http")] == []
    assert buttons == 0


def test_csv_keeps_rows_and_disarms_formulas():
    frame = pd.DataFrame({"name": HOSTILE, "delta": [-1.0, *[np.nan] * 7]})
    rows = list(csv.reader(io.StringIO(table_bytes(frame, "csv").decode(), newline="")))
    assert rows[1] == ["'=1+1", "-1"]
    assert [row[0].lstrip("'") for row in rows[1:]] == HOSTILE
    assert all(row[0][0] not in "=+-@" for row in rows)


def test_parquet_round_trips_exactly(models):
    frame = models.assign(name=["=1"] + ["x"] * 39, count=pd.array([1] * 40, "Int64"))
    read = pd.read_parquet(io.BytesIO(table_bytes(frame, "parquet")))
    pd.testing.assert_frame_equal(read, frame)


def test_latex_is_booktabs_with_every_special_escaped():
    frame = pd.DataFrame({"a_b": HOSTILE, "params": [61_100_840.0, *[np.nan] * 7]})
    text = table_bytes(
        frame, "latex", caption="50% of torchvision, 2026", label="a b"
    ).decode()
    body = text.split("\n", 1)[1]
    assert all(rule in body for rule in ("\\toprule", "\\midrule", "\\bottomrule"))
    assert "\\caption{50\\% of torchvision, 2026}" in body
    assert "\\label{tab:a-b}" in body
    assert "a\\_b" in body
    assert "61100840 " in body
    assert body.count("& --") == 7
    rows = [line for line in body.splitlines() if line.endswith("\\\\")]
    assert [len(re.findall(r"(?<!\\)&", row)) for row in rows] == [1] * 9
    assert not re.search(r"(?<!\\)[$#%_]", body.replace("\\caption", ""))


def test_a_long_latex_table_breaks_over_pages(models):
    text = table_bytes(pd.concat([models, models]), "latex", caption="c").decode()
    assert text.count("\\begin{longtable}") == 1
    assert "longtable}" in text.splitlines()[0]


@pytest.mark.parametrize("kind", ["csv", "parquet", "latex"])
def test_an_empty_table_is_still_a_file(models, kind):
    assert table_bytes(models.iloc[:0], kind, caption="nothing", label="none")


def test_escape_latex_leaves_plain_text():
    assert escape_latex("ResNet50 · V2") == "ResNet50 · V2"


def test_file_names_are_plain_and_have_an_extension_and_a_type():
    assert file_name("../..", "svg") == "pedigree.svg"
    assert {kind: file_name("x", kind) for kind in MIME}["parquet"] == "x.parquet"
