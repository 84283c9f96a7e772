"""Which folders are children of a local base, whatever their cards say."""

import json
import os

import pytest

from core.derived.local import list_children
from core.errors import UsageError


def card(folder, front: str):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text(f"---\n{front}\n---\n# Text\n", encoding="utf-8")
    return folder


@pytest.fixture
def base(tmp_path):
    return card(tmp_path / "vit", "license: mit")


def names(base) -> list[str]:
    return [child.path.name for child in list_children(base)]


@pytest.mark.parametrize(
    "claim", ["vit", "google/vit", "Google/ViT", "../vit", "./vit", "[other, vit]"]
)
def test_a_card_names_the_base_by_name_or_by_path(base, claim):
    card(base.parent / "child", f"base_model: {claim}")
    assert names(base) == ["child"]


@pytest.mark.parametrize("claim", ["vit-large", "a/b/vit", "../other/vit", "null", "3"])
def test_other_claims_name_another_base(base, claim):
    card(base.parent / "child", f"base_model: {claim}")
    assert names(base) == []


def test_an_absolute_path_names_the_base(base):
    card(base.parent / "child", f"base_model: {base}/")
    assert names(base) == ["child"]


def test_the_base_itself_is_never_listed_even_through_a_link(base):
    card(base, "base_model: vit")
    (base.parent / "link").symlink_to(base)
    assert names(base) == []


def test_hidden_folders_and_files_are_no_children(base):
    card(base.parent / ".unfinished", "base_model: vit")
    (base.parent / "README.md").write_text("---\nbase_model: vit\n---\n")
    assert names(base) == []


def test_a_config_names_the_base_where_the_card_is_silent(base):
    child = base.parent / "child"
    child.mkdir()
    (child / "config.json").write_text(json.dumps({"_name_or_path": "google/vit"}))
    assert names(base) == ["child"]
    card(child, "base_model: other")
    assert names(base) == []


@pytest.mark.parametrize("config", ["{", "[1]", "[" * 5000, '{"_name_or_path": 3}'])
def test_a_strange_config_claims_nothing(base, config):
    (base.parent / "child").mkdir()
    (base.parent / "child" / "config.json").write_text(config)
    assert names(base) == []


def test_a_broken_card_that_mentions_the_base_is_listed_with_its_problem(base):
    card(base.parent / "maybe", "base_model: [vit")
    card(base.parent / "unrelated", "base_model: [resnet")
    (child,) = list_children(base)
    assert child.id == "maybe"
    assert "maybe/README.md says nothing that YAML can read" in str(child.problem)


def test_a_broken_card_beside_a_config_that_names_the_base_is_no_problem(base):
    child = card(base.parent / "child", "tags: [")
    (child / "config.json").write_text('{"_name_or_path": "vit"}')
    assert list_children(base)[0].problem is None


def test_a_name_that_is_no_text_is_listed_as_text(base):
    folder = os.fsencode(base.parent) + b"/child-\xff"
    os.mkdir(folder)
    with open(folder + b"/README.md", "w") as file:
        file.write("---\nbase_model: vit\n---\n")
    (child,) = list_children(base)
    assert child.id == "child-\\xff"


def test_a_base_that_is_no_folder_is_a_named_error(tmp_path):
    with pytest.raises(UsageError, match="nowhere is not a folder"):
        list_children(tmp_path / "nowhere")
