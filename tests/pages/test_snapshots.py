"""The Snapshots page, section by section: on an empty cache, and on a small family that
was really drawn, trained, stored and searched.
"""

import json
from pathlib import Path

import pytest

from core.settings import Settings
from core.snapshots.architecture import find_architecture
from core.snapshots.candidates import find_candidates
from core.snapshots.datasets import Caps, load_dataset
from core.snapshots.generate import generate_snapshots, make_base
from core.snapshots.kept_rankings import keep_ranking, kept_ranking
from core.snapshots.recipe import Recipe
from core.snapshots.search import search
from core.snapshots.store.families import add_one
from core.snapshots.store.model_store import ModelStore
from core.snapshots.train import train_snapshot

PAGE = "pages/snapshots.py"
SECTIONS = ["Snapshots", "Blocks", "Retrain index", "Datasets", "Store", "Search"]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Make a cache with four snapshots, their store and one search."""
    cache = tmp_path_factory.mktemp("made")
    root = cache / "snapshots"
    built = find_architecture(
        "transformers/resnet", side=16, embedding_size=8, hidden_sizes=[8, 12],
        depths=[1, 1], layer_type="basic",
    )  # fmt: skip
    make_base(root, "base", built)
    generate_snapshots(root, "base", count=2, distribution=[1, 2])
    digits = load_dataset("digits", caps=Caps(train=200, validation=50, test=100))
    recipe = Recipe("trained", "base", retrain_index=1, epochs=2, augment="none")
    train_snapshot(root, recipe, digits)
    store = ModelStore(cache / "store", create=True)
    for one in sorted(root.glob("*/snapshot.json")):
        add_one(store, one.parent)
    found = search(find_candidates(root), digits.train, Settings(cache))
    keep_ranking(root, "digits", found, Settings(cache))
    return cache


@pytest.fixture
def open_made(open_page, made, monkeypatch):
    """Open the page on that cache."""

    def opened(**parameters):
        monkeypatch.setenv("PEDIGREE_CACHE", str(made))
        page = open_page(PAGE, **parameters)
        assert not page.exception and not page.error
        return page

    return opened


def figures(page) -> list[dict]:
    return [json.loads(one.proto.spec) for one in page.get("plotly_chart")]


def texts(page) -> str:
    return "\n".join(e.value for e in [*page.markdown, *page.caption, *page.info])


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_opens_on_an_empty_cache(open_page, section):
    page = open_page(PAGE, section=section)
    assert not page.exception and not page.error
    assert page.info or page.get("plotly_chart") or section == "Datasets"


def test_the_snapshots_are_listed_with_their_training(open_made):
    page = open_made()
    rows = page.dataframe[0].value
    assert set(rows["id"]) == {
        "base", "trained", "base-list-s42-000", "base-list-s42-001",
    }  # fmt: skip
    known = rows.set_index("id")
    assert known.loc["trained", "retrain_index"] == 1
    assert 0 <= known.loc["trained", "low"] <= known.loc["trained", "accuracy"] <= 1
    (curves,) = figures(page)
    assert [trace["name"] for trace in curves["data"]] == ["trained"]


def test_the_store_says_what_it_saves_and_who_was_made_from_whom(open_made):
    page = open_made(section="Store")
    metrics = {one.label: one.value for one in page.metric}
    assert metrics["Models"] == "4"
    (tree,) = figures(page)
    drawn = " ".join(str(trace.get("text")) for trace in tree["data"])
    assert "trained: index 1" in drawn and "base-list-s42-001" in drawn
    rows = page.dataframe[0].value.set_index("id")
    assert rows.loc["trained", "parent"] == "base"
    assert rows.loc["trained", "own_bytes"] < rows.loc["trained", "size_bytes"]


def test_a_search_shows_its_ranking(open_made, made):
    page = open_made(section="Search", place="snapshots made here", on="digits")
    found = kept_ranking(made / "snapshots", "digits", Settings(made))
    shown = next(one.value for one in page.dataframe if "rank" in one.value)
    assert shown["id"].tolist() == found.rows["id"].tolist()
    assert f"{found.ran:,} passes" in texts(page).replace("\\", "")
    assert len(figures(page)) == 1


def test_a_damaged_ranking_was_never_there(made):
    settings = Settings(made)
    found = kept_ranking(made / "snapshots", "digits", settings)
    keep_ranking(made, "x", found, settings)
    paths = sorted(
        (made / "search" / "rankings").iterdir(), key=lambda p: p.stat().st_mtime
    )
    paths[-1].write_bytes(b"{")
    assert kept_ranking(made, "x", settings) is None


def test_draws_of_the_index_are_those_of_the_study(open_page):
    page = open_page(PAGE, section="Retrain index", draws="4")
    first = page.dataframe[0].value.set_index("distribution")["draws"]
    assert first["TOP_LAYERS"] == "1, 2, 1, 1"
    assert first["FIFTY_PERCENT"] == "4, 6, 5, 5"
    (histogram,) = figures(page)
    assert len(histogram["data"]) == 3


@pytest.mark.parametrize("parameters", [
    {"section": "Datasets", "dataset": "a folder of images", "data": "../../etc"},
    {"section": "Store", "store": "relative"},
    {"section": "Search", "on": "a folder of images", "images": "nowhere"},
    {"section": "Snapshots", "make_dataset": "cub-200", "make_data": "x"},
])  # fmt: skip
def test_a_hostile_address_is_refused_in_words(open_made, parameters):
    page = open_made(**parameters)
    assert "is not" in page.warning[0].value


def test_a_store_elsewhere_that_is_no_store_is_named(open_page, tmp_path):
    page = open_page(PAGE, section="Store", store=str(tmp_path))
    assert not page.exception
    assert "not the full path of a store" in page.warning[0].value


def test_a_damaged_store_is_one_sentence(open_page, tmp_path):
    store = ModelStore(tmp_path / "damaged", create=True)
    (store.models_folder / "model.json").write_bytes(b"{}")
    page = open_page(PAGE, section="Store", store=str(store.folder))
    assert not page.exception
    assert "is not a model of the store" in page.error[0].value.replace("\\", "")


def test_the_form_starts_what_it_says(open_page, monkeypatch):
    from core.ui.snapshots import loaders

    asked = []
    monkeypatch.setattr(
        loaders, "run_verb", lambda job, *arguments: asked.append(arguments)
    )
    page = open_page(PAGE)
    page.number_input(key="count").set_value(3).run()
    page.button(key="make").click().run()
    (arguments,) = asked
    assert arguments[:4] == ("snapshots", "train", "--count", "3")
    assert arguments[-2:] == ("--", "transformers/resnet")
    assert "--dataset=digits" in arguments
