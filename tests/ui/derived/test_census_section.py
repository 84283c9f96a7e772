"""The census on a page: nothing checked yet, a family compared, the study's files."""

import threading
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.derived.census_study import published_study
from tests.standin import Standin, tune, vit
from tests.standin.families import publish, tuned_vit

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "../shared/data/derived/legacy-format-example"
BASE = "google/vit-huge-patch14-224-in21k"
TINY = {"width": 32, "depth": 2, "image": 32}


def script():
    from core.ui.derived.census_section import census_section

    census_section()


@pytest.fixture
def open_section(tmp_path, monkeypatch):
    """Return a function that opens the section with URL parameters."""
    monkeypatch.setenv("PEDIGREE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(ROOT)

    def opened(**parameters) -> AppTest:
        page = AppTest.from_function(script, default_timeout=60)
        for name, value in parameters.items():
            page.query_params[name] = value
        return page.run()

    return opened


def metrics(page):
    return {metric.label: int(metric.value) for metric in page.metric}


def test_before_any_comparison_every_finding_stands_there_unchecked(open_section):
    page = open_section()
    assert not page.exception and not page.error
    findings = page.dataframe[0].value
    assert metrics(page)["Not checked"] + metrics(page)["Not counted"] == len(findings)
    assert set(page.dataframe[1].value["base"]) == {
        base.base for base in published_study().bases
    }
    assert "Compare 33 bases" in [button.label for button in page.button]


def compared(page):
    """Start the one job of the section and wait for its end."""
    next(b for b in page.button if b.label == "Compare 1 base").click().run()
    for thread in threading.enumerate():
        if thread.name == "job-census":
            thread.join(60)


def test_a_compared_family_agrees_and_its_share_is_drawn(open_section, monkeypatch):
    with Standin() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        publish(hub, BASE, vit(**TINY))
        for number in range(5):
            child = tune(tuned_vit(**TINY), "*", by=f"full {number}")
            publish(hub, f"u/full-{number}", child, base_model=BASE)
        compared(open_section(census_bases=BASE))
        page = open_section(standing="agrees")
    assert metrics(page)["Agrees"] == 1
    (row,) = page.dataframe[0].value.to_dict("records")
    assert (row["base"], row["found"], row["compared"]) == (BASE, 5, 5)
    assert page.get("plotly_chart")


def test_a_standing_that_no_finding_has_leaves_all_of_them(open_section):
    page = open_section(standing="agrees")
    assert not page.exception
    assert len(page.dataframe[0].value) == len(open_section().dataframe[0].value)


def test_chosen_bases_are_in_the_address(open_section):
    page = open_section(census_bases=BASE)
    assert page.multiselect[0].value == [BASE]
    assert "Compare 1 base" in [button.label for button in page.button]


def test_the_studys_files_are_shown_as_a_family(open_section):
    if not EXAMPLE.is_dir():
        pytest.skip("the example files of the study are not on this machine")
    page = open_section(study_files=str(EXAMPLE.resolve()))
    assert not page.exception and not page.error
    models = page.dataframe[2].value
    assert models["kind"].value_counts()["head-only"] == 2
    assert len(page.get("plotly_chart")) == 2


def test_a_folder_without_such_files_is_one_sentence(open_section, tmp_path):
    page = open_section(study_files=str(tmp_path))
    assert "no file named as the study names them" in page.error[0].value
