"""The views of a family that is kept in the cache: every choice of the map, two models
side by side, the archive.
"""

import json
import threading

import pytest
from streamlit.testing.v1 import AppTest

from core.settings import Settings
from tests.pages.conftest import ROOT
from tests.standin.stored import BASE, keep_family

PAGE = "pages/derived.py"
COMPARED, FAILED = 40, 8
HEAD, PREFIX = "person-0/vit-base-0", "person-1/vit-base-1"


@pytest.fixture(scope="module")
def family_root(tmp_path_factory):
    """A cache that holds a small family of the Hub."""
    root = tmp_path_factory.mktemp("cache")
    keep_family(Settings(root), COMPARED)
    return root


@pytest.fixture
def view(family_root, monkeypatch):
    """Return a function that opens the family with URL parameters."""
    monkeypatch.setenv("PEDIGREE_CACHE", str(family_root))
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    monkeypatch.chdir(ROOT)

    def opened(**parameters) -> AppTest:
        page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        page.switch_page(PAGE)
        for name, value in {"base": BASE, **parameters}.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception and not page.error, [e.value for e in page.error]
        return page

    return opened


def heatmap(page):
    """Return the first heatmap and its legend's words."""
    for chart in page.get("plotly_chart"):
        traces = json.loads(chart.proto.spec)["data"]
        if traces[0]["type"] == "heatmap":
            return traces[0], [trace["name"] for trace in traces[1:]]
    raise AssertionError("no map is drawn")


def listed(page):
    """Return the ids of the table of models."""
    tables = [t.value for t in page.dataframe if "runs" in t.value]
    return tables[0]["id"].tolist()


def test_every_row_links_to_its_page_and_offers_its_profile(view):
    table = next(t.value for t in view().dataframe if "hub" in t.value)
    assert table.set_index("id").loc[HEAD, "hub"] == f"https://huggingface.co/{HEAD}"
    assert set(table["profile"]) == {"Profile"} and len(table) == COMPARED


@pytest.mark.parametrize(
    ("by", "columns"), [("component", 2), ("stage", 7), ("block", 15), ("tensor", 202)]
)
def test_layers_are_drawn_at_every_level(view, by, columns):
    drawn, _ = heatmap(view(by=by))
    assert len(drawn["x"]) == columns and len(drawn["y"]) == COMPARED


def test_colors_say_evidence_or_distance(view):
    assert set(heatmap(view(color="evidence"))[1]) <= {"bytes", "header", "probe"}
    assert "not measured" in heatmap(view(color="distance"))[1]


def test_patterns_gather_the_models(view):
    drawn, _ = heatmap(view(rows="patterns"))
    counts = [int(name.partition(" ×")[0]) for name in drawn["y"]]
    assert sum(counts) == COMPARED and counts == sorted(counts, reverse=True)


@pytest.mark.parametrize("color", ["evidence", "distance"])
def test_patterns_stay_the_same_in_other_colors(view, color):
    plain, _ = heatmap(view(rows="patterns"))
    other, _ = heatmap(view(rows="patterns", color=color))
    assert plain["y"] == other["y"] and plain["z"] != other["z"]


def test_filters_come_from_the_address_and_say_how_many_are_left(view):
    page = view(licenses="mit", kind="full", search="person-2")
    rows = listed(page)
    assert 0 < len(rows) < COMPARED
    assert f"**{len(rows)} of {COMPARED + FAILED} models**" in [
        element.value for element in page.markdown
    ]
    assert all(id.startswith("person-2") for id in rows)


def test_an_impossible_wish_is_one_sentence(view):
    page = view(search="nobody-has-this-name")
    assert "No compared model meets the filter" in page.info[-1].value


@pytest.mark.parametrize("order", ["downloads", "newest", "similarity", "name"])
def test_an_order_from_the_address_holds_in_map_and_table(view, order):
    page = view(sort=order)
    assert heatmap(page)[0]["y"] == listed(page)


def test_two_models_stand_side_by_side_from_the_address(view):
    page = view(pair=[HEAD, PREFIX])
    assert "Side by side" in [element.value for element in page.subheader]
    assert heatmap(page)[0]["y"] == [HEAD, PREFIX]
    assert len(page.table) == 2


def test_one_chosen_model_asks_for_another_and_a_stranger_is_named(view):
    assert "choose another one" in view(pair=HEAD).info[0].value
    assert (
        "not a compared model of this family" in view(pair="<b>x</b>").warning[0].value
    )


@pytest.mark.parametrize(
    "name",
    ["Summary", "Siblings", "Tree", "Storage", "Freeze advice", "Best child", "Export"],
)
def test_every_view_opens_from_its_address(view, name):
    page = view(view=name)
    assert not page.warning
    shown = next(w for w in page.segmented_control if w.key == "view")
    assert shown.value == name


def test_the_archive_is_made_in_the_background_without_a_browser_too(view, monkeypatch):
    monkeypatch.setenv("BROWSER_PATH", "/nowhere")
    page = view(view="Export")
    assert any("need a Chromium" in element.value for element in page.caption)
    next(b for b in page.button if b.label == "Make the archive").click().run()
    for thread in threading.enumerate():
        if thread.name.startswith("job-archive"):
            thread.join(120)
    labels = [button.label for button in view(view="Export").get("download_button")]
    assert any(label.startswith("Download the archive (") for label in labels)
