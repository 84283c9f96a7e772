"""torchvision's documentation page: small samples, then the real ones."""

import json

import pandas as pd
import pytest

from core.errors import SourceChanged, UsageError
from core.tables.drift import drift
from core.tables.torchvision.declaration import ROUNDING
from core.tables.torchvision.installed import installed_tables
from core.tables.torchvision.page import (
    MAX_PAGE_BYTES,
    PAGE_URL,
    parse_html_document,
    parse_page,
)

ROWS = {"quantized": 14, "segmentation": 6, "detection": 9, "instance": 2}
ROWS |= {"keypoint": 2}


def test_reads_every_table(page):
    tables = parse_page(page(), PAGE_URL)
    row = tables["classification"].iloc[0]
    assert len(tables) == 7 and len(tables["classification"]) == 110
    assert (row["id"], row["builder"]) == ("AlexNet_Weights.IMAGENET1K_V1", "alexnet")
    assert (row["accuracy"], row["params"], row["gmacs"]) == (0.56522, 61100000, 0.71)
    assert row["doc_url"].startswith("https://docs.pytorch.org/vision/stable/models/")
    assert (row["source"], row["revision"]) == (PAGE_URL, "9.1")


def test_bytes_and_text_read_alike(page):
    text, stated = page(), {"fetched_at": "2026-01-01T00:00:00Z"}
    from_text = parse_page(text, PAGE_URL, **stated)["video"]
    from_bytes = parse_page(text.encode(), PAGE_URL, **stated)["video"]
    pd.testing.assert_frame_equal(from_text, from_bytes)


@pytest.mark.parametrize(
    "front",
    [
        "<table><tr><td>get_model</td><td>builds one</td></tr></table>",
        "<table><tr><th>Weight</th><th>Params</th></tr></table>",
        "<table></table>",
    ],
)
def test_tables_in_front_change_nothing(page, front):
    assert len(parse_page(page(front=front), PAGE_URL)["detection"]) == 6


def test_a_table_inside_the_section_changes_nothing(page):
    inside = "<h3>Title</h3><table><tr><th>Name</th></tr></table>"
    html = page().replace("<h3>Title</h3>", inside)
    assert len(parse_page(html, PAGE_URL)["video"]) == 3


def test_columns_in_another_order_read_alike(page, html_row):
    html = page().replace(
        "<th><p><strong>Recipe", "<th>Extra</th><th><p><strong>Recipe"
    )
    html = html.replace('<td><a href="https://ex', '<td>9</td><td><a href="https://ex')
    row = parse_page(html, PAGE_URL)["classification"].iloc[0]
    assert row["recipe_url"] == "https://example.org/recipe"


def test_known_aliases_of_a_header_read_alike(page):
    html = page().replace("Acc&#64;1", "Top-1").replace("GFLOPS", "GMACs")
    row = parse_page(html, PAGE_URL)["classification"].iloc[0]
    assert (row["accuracy"], row["gmacs"]) == (0.56522, 0.71)


def test_an_anchor_on_a_span_inside_the_section_is_found(page):
    html = page().replace('<section id="', '<section><span id="')
    html = html.replace('weights">', 'weights"></span>')
    assert len(parse_page(html, PAGE_URL)["keypoint"]) == 3


@pytest.mark.parametrize(
    ("written", "instead", "happened"),
    [
        ("Params", "Size", "has no column params in #table-of-all-available-class"),
        ("Mask MAP", "Masks", "has no column mask_map in #table-of-all-available-inst"),
        ("56.522", "0.565", "gives 0.00565 as the accuracy of AlexNet"),
        ("56.522", "nan", "gives nan as the accuracy of AlexNet"),
        ("61.1M", "sixty", "gives 'sixty' as params of AlexNet_Weights"),
        ("61.1M", "-5", "gives '-5' as params"),
        ("61.1M", "1e999999M", "gives '1e999999M' as params"),
        ("<table>", "<div>", "has no tables"),
        ('object-detection-weights"', 'boxes"', "has no section #table-of-all-avail"),
        (">AlexNet_Weights.IMAGENET1K_V1<", ">AlexNet<", "names a weight 'AlexNet'"),
        ("Net_Video1_", "Net_Video0_", "lists Net_Video0_Weights.V1 twice"),
    ],
)
def test_a_changed_page_is_named(page, written, instead, happened):
    with pytest.raises(SourceChanged, match=happened):
        parse_page(page().replace(written, instead), PAGE_URL)


def test_half_the_rows_are_not_believed(page):
    rows = page().split("<tr>")
    half = [row for i, row in enumerate(rows) if i < 10 or i % 2]
    with pytest.raises(SourceChanged, match="rows in #table-of-all-available-class"):
        parse_page("<tr>".join(half), PAGE_URL)


def test_a_missing_table_never_borrows_the_next_one(page):
    anchor = '<section id="table-of-all-available-object-detection-weights"></section>'
    with pytest.raises(SourceChanged, match="no table of weights in #table-of-all-av"):
        parse_page(page(without=("detection",), front=anchor), PAGE_URL)


def test_a_short_row_is_named(page):
    html = page().replace("<td><p>79.066</p></td>", "")
    with pytest.raises(SourceChanged, match=r"has a short row in .*AlexNet"):
        parse_page(html, PAGE_URL)


@pytest.mark.parametrize("html", ["", "<html></html>", "no page", b"\xff\xfe\x00"])
def test_no_page_at_all_is_named(html):
    with pytest.raises(SourceChanged, match="has no tables"):
        parse_page(html, PAGE_URL)


def test_too_many_tags_are_refused_at_once():
    with pytest.raises(SourceChanged, match="is larger than such a page"):
        parse_page("<table>" * 300_000, PAGE_URL)


def test_a_link_that_is_a_script_is_no_link(page):
    html = page().replace("https://example.org/recipe", "javascript:alert(1)")
    assert set(parse_page(html, PAGE_URL)["video"]["recipe_url"]) == {""}


@pytest.mark.parametrize("blank", ["", "nan", "-", "–"])
def test_a_row_without_accuracy_is_missing(page, blank, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(page().replace("<p>37</p>", f"<p>{blank}</p>", 1))
    row = parse_html_document(path)["classification"][1]
    assert row["acc@1"] is None and row["acc@5"] == 0.405


def test_the_document_is_exact_json(page, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(page())
    document = parse_html_document(path)
    assert document["classification"][0] == {
        "weight": "AlexNet_Weights.IMAGENET1K_V1",
        "builder": "alexnet",
        "acc@1": 0.56522,
        "acc@5": 0.79066,
        "params": 61100000,
        "gmacs": 0.71,
        "recipe": "https://example.org/recipe",
    }
    assert "gips" in document["quantized"][0]
    assert '"acc@1": 0.56522,' in json.dumps(document, allow_nan=False)


def test_a_missing_or_huge_file_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"none\.html cannot be read \(No such file"):
        parse_html_document(tmp_path / "none.html")
    (tmp_path / "huge.html").write_bytes(bytes(MAX_PAGE_BYTES + 1))
    with pytest.raises(UsageError, match="is larger than 8 MiB"):
        parse_html_document(tmp_path / "huge.html")


@pytest.mark.parametrize(
    ("version", "classification", "video"), [("0.13.1", 111, 3), ("0.29.2", 115, 10)]
)
def test_real_pages_have_all_rows(real_page, version, classification, video):
    document = parse_html_document(real_page(version))
    rows = {key: len(rows) for key, rows in document.items()}
    assert rows == ROWS | {"classification": classification, "video": video}
    blank = [r["weight"] for r in document["classification"] if r["acc@1"] is None]
    assert blank == ["VGG16_Weights.IMAGENET1K_FEATURES"]


def test_the_page_without_macs_has_none(real_page):
    document = parse_html_document(real_page("0.13.1"))
    assert {row["gmacs"] for row in document["video"]} == {None}


def test_the_page_of_the_present_equals_the_package_within_its_rounding(real_page):
    printed = parse_html_document(real_page("0.29.2"))
    exact = pd.concat(installed_tables().values()).set_index("id")
    rounding = {"params": 5e4, "gmacs": 0.005, "gips": 0.005}
    for rows in printed.values():
        for row in rows:
            known = exact.loc[row.pop("weight")]
            assert row.pop("builder") == known["builder"]
            assert row.pop("recipe") == known["recipe_url"]
            for name, value in row.items():
                near = pytest.approx(known[name], abs=rounding.get(name, 1e-9) * 1.001)
                assert value == near or (value is None and pd.isna(known[name]))


def test_drift_from_package_to_old_page_finds_the_measured_again(real_page):
    html = real_page("0.13.1").read_bytes()
    old = pd.concat(parse_page(html, PAGE_URL).values())
    found = drift(pd.concat(installed_tables().values()), old, ROUNDING)
    assert found.sentence == "0 new, 3 changed, 11 gone"
