"""Siblings, tree and storage on a page of their own: full, empty and with one model."""

import pytest
from streamlit.testing.v1 import AppTest

from core.derived.family import family
from core.settings import load_settings
from tests.standin.siblings import base_weights, save_model, save_siblings


def page(base: str) -> None:
    from pathlib import Path

    from core.derived.family import family
    from core.settings import load_settings
    from core.ui.derived.siblings_section import siblings_section
    from core.ui.derived.storage_section import storage_section
    from core.ui.derived.tree_section import tree_section

    found = family(Path(base), load_settings(), limit=0)
    for section in (tree_section, siblings_section, storage_section):
        section(Path(base), found)


@pytest.fixture
def shown(tmp_path, monkeypatch):
    monkeypatch.setenv("PEDIGREE_CACHE", str(tmp_path / "cache"))

    def run(base) -> AppTest:
        family(base, load_settings())
        return AppTest.from_function(page, args=(str(base),), default_timeout=60).run()

    return run


def test_a_family_shows_its_copies_its_tree_and_its_bytes(shown, tmp_path):
    opened = shown(save_siblings(tmp_path / "models"))
    assert not opened.exception
    metrics = {metric.label: metric.value for metric in opened.metric}
    assert metrics["Copies"] == "2" and metrics["Groups of near copies"] == "1"
    assert metrics["Equal files once"] == "not known"
    tables = [table.value for table in opened.dataframe]
    problems = next(table for table in tables if "because" in table)
    assert set(problems["id"]) == {"first", "grandchild", "reupload", "far"}
    named = problems[["declared", "found"]].to_numpy().ravel()
    assert not any("/" in text for text in named)


def test_a_single_model_is_a_tree_without_siblings(shown, tmp_path):
    base = save_model(tmp_path / "models" / "vit", base_weights(), "license: mit")
    save_model(base.parent / "<b>only", base_weights(), seed=1)
    opened = shown(base)
    assert not opened.exception
    assert opened.metric[0].label == "Copies" and opened.metric[0].value == "0"


def test_a_base_alone_says_so_three_times(shown, tmp_path):
    base = save_model(tmp_path / "models" / "vit", base_weights(), "license: mit")
    opened = shown(base)
    assert not opened.exception
    assert len(opened.info) == 3
