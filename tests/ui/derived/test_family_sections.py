"""Summary, advice and best child as a person sees them, on a family of the disk."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from streamlit.testing.v1 import AppTest

from core.derived.family import family
from core.settings import load_settings

SCRIPT = """
from pathlib import Path
from core.ui.derived.family_loaders import stored_family
from core.ui.derived.{section} import {section}
base = Path({base!r})
{section}(base, stored_family(base))
"""
CARD = """---
base_model: base
license: mit
pipeline_tag: image-classification
datasets: [beans]
model-index:
- results:
  - metrics: [{{type: accuracy, value: {value}}}]
---
"""


def weights(*changed):
    """A tiny ViT; what a word of `changed` occurs in differs from the base."""
    random = np.random.default_rng(0)
    names = ["vit.embeddings.cls_token", "classifier.weight"]
    names += [f"vit.encoder.layer.{n}.output.dense.weight" for n in range(3)]
    made = {name: random.normal(size=(4, 4)).astype("f4") for name in names}
    return {
        name: value + 0.1 if any(word in name for word in changed) else value
        for name, value in made.items()
    }


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A base with two children that froze the same, one trained throughout, one cut."""
    root = tmp_path_factory.mktemp("family")
    children = {
        "base": ("", "0"), "one": (("layer.2", "classifier"), "0.98"),
        "two": (("layer.2", "classifier"), "97.9"), "all": ("", "0.5"),
        "<b>cut": (("classifier",), "0.1"),
    }  # fmt: skip
    for name, (changed, value) in children.items():
        folder = root / "models" / name
        folder.mkdir(parents=True)
        words = changed if name != "all" else ("vit", "classifier")
        save_file(weights(*words), folder / "model.safetensors")
        card = CARD.format(value=value) if name != "base" else "# base"
        (folder / "README.md").write_text(card)
    cut = root / "models" / "<b>cut" / "model.safetensors"
    cut.write_bytes(cut.read_bytes()[:-5])
    settings = load_settings({"PEDIGREE_CACHE": str(root / "cache")})
    family(root / "models" / "base", settings)
    return root


@pytest.fixture
def shown(root, monkeypatch):
    """Return a function that shows a section of that family, as the address asks."""
    monkeypatch.setenv("PEDIGREE_CACHE", str(root / "cache"))

    def show(section: str, base: Path = root / "models" / "base", **address) -> AppTest:
        script = SCRIPT.format(section=section, base=str(base))
        page = AppTest.from_string(script, default_timeout=60)
        for name, value in address.items():
            page.query_params[name] = value
        page.run()
        assert not page.exception
        return page

    return show


def tables(page):
    return [table.value for table in page.dataframe]


@pytest.mark.parametrize(
    ("about", "column", "counts"),
    [
        ("Patterns", "kind", {"frozen-prefix": 2, "full": 1}),
        ("Frozen depth", "up_to", {"block 1": 2, "nothing": 1}),
        ("Layers", "block",
         {"stem": 1, "block 0": 1, "block 1": 1, "block 2": 3, "head": 3}),
        ("Failures", "reason", {"corrupt": 1}),
    ],
)  # fmt: skip
def test_each_topic_has_its_counts_and_a_chart(shown, about, column, counts):
    page = shown("summary_section", about=about)
    rows = tables(page)[-1]
    assert dict(zip(rows[column], rows["models"], strict=True)) == counts
    assert len(page.get("plotly_chart")) == 1
    assert {"PDF", "CSV"} <= {button.label for button in page.get("download_button")}


@pytest.mark.parametrize("about", ["Popularity", "Over time"])
def test_what_is_not_known_is_said(shown, about):
    assert "not known" in shown("summary_section", about=about).info[0].value


def test_a_number_of_the_paragraph_leads_to_its_rows(shown):
    text = shown("summary_section").markdown[0].value
    assert "counted=pattern+frozen-prefix" in text
    page = shown("summary_section", counted="pattern frozen-prefix")
    assert set(tables(page)[0]["id"]) == {"one", "two"}
    page = shown("summary_section", counted="failed")
    assert tables(page)[0]["id"].tolist() == ["<b>cut"]


def test_layers_tell_how_far_they_moved(shown):
    rows = tables(shown("summary_section", about="Layers"))[-1].set_index("block")
    assert rows.loc["block 2", "measured"] == 3
    assert rows.loc["block 2", "mean_relative_l2"] > 0


def test_advice_shows_the_code_of_the_commonest_choice(shown):
    page = shown("advice_section")
    assert page.code[0].value.splitlines()[0] == "# Freezes stem – block 1 of base,"
    assert "2 models of 3" in page.markdown[0].value
    assert tables(page)[-1]["models"].tolist() == [2, 1]


def test_the_address_chooses_the_advice(shown):
    page = shown("advice_section", freeze="2. nothing")
    assert "COUNT = 0" in page.code[0].value
    assert shown("advice_section", freeze="9. all").code[0].value


def test_the_best_children_tie_and_say_why(shown):
    page = shown("best_child_section")
    assert "The best 2 tie in accuracy on beans" in page.markdown[0].value
    rows = tables(page)[-1]
    assert rows["rank"].tolist() == [1, 1, 3, 4]
    assert (
        "could not be read (corrupt)" in rows.set_index("id").loc["<b>cut", "reasons"]
    )


def test_a_smaller_margin_parts_them(shown):
    page = shown("best_child_section", tie="0.0")
    assert "one reports the best accuracy on beans" in page.markdown[0].value


@pytest.mark.parametrize(
    "section", ["summary_section", "advice_section", "best_child_section"]
)
def test_an_empty_family_says_what_to_do(shown, tmp_path, section):
    (tmp_path / "alone").mkdir()
    save_file(weights(), tmp_path / "alone" / "model.safetensors")
    assert shown(section, tmp_path / "alone").info
