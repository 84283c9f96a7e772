"""The family tree: cards are believed until the weights say otherwise, with reasons."""

from dataclasses import replace

import pytest

from core.derived.family import family
from core.derived.siblings import siblings
from core.derived.tree import branches, family_tree
from core.settings import load_settings
from tests.standin import Standin, tune, vit
from tests.standin.families import BASE, publish, tuned_vit
from tests.standin.siblings import save_siblings


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    root = tmp_path_factory.mktemp("tree")
    base = save_siblings(root / "models")
    found = family(base, load_settings({"PEDIGREE_CACHE": str(root / "cache")}))
    return siblings(found.base, found.results, found.models), found.models


@pytest.fixture(scope="module")
def tree(local):
    return family_tree(*local)


def problem(tree, id):
    rows = tree.problems[tree.problems["id"] == id]
    return rows.iloc[0] if len(rows) else None


def test_a_child_of_a_child_declared_as_one_of_the_base_is_pointed_out(tree):
    row = problem(tree, "grandchild")
    assert row["problem"] == "another parent"
    assert row["declared"] == tree.base and row["found"] in ("first", "near")
    assert "of its distance to the base" in row["because"]
    assert tree.hops["grandchild"] >= 2


def test_a_reupload_hangs_under_its_original_and_a_true_child_under_the_base(tree):
    assert problem(tree, "reupload")["found"] == "first"
    assert problem(tree, "reupload")["because"] == "every tensor is the same, by bytes"
    assert problem(tree, "other") is None and problem(tree, "same") is None
    assert tree.hops[["other", "same"]].tolist() == [1, 1]


def test_who_of_two_near_copies_came_first_is_not_guessed(tree):
    rows = tree.problems[tree.problems["id"].isin(["first", "near"])]
    assert rows["problem"].tolist() == ["parent or child of another"]
    assert tree.hops[["first", "near"]].tolist() == [1, 1]


def test_a_merge_is_shown_with_all_parents_and_what_each_gave(tree):
    merged = tree.edges[tree.edges["id"] == "merged"].set_index("parent")
    weights = merged["weight"].rename(index={tree.base: "base"})
    assert weights.to_dict() == pytest.approx(
        {"other": 0.7, "first": 0.3, "base": 0.0}, abs=0.05
    )
    assert merged["relation"].unique().tolist() == ["merge"]
    assert merged["explained"].min() > 0.99
    assert problem(tree, "merged") is None


def test_weights_unlike_the_bases_are_no_child_of_it(tree):
    assert problem(tree, "far")["problem"] == "not from this base"


def test_a_missing_and_a_foreign_declaration_are_pointed_out(local):
    found, models = local
    parents = models["parents"].where(models["id"] != "other", None)
    parents = parents.where(models["id"] != "another", "someone/else")
    tree = family_tree(found, models.assign(parents=parents))
    assert problem(tree, "other")["problem"] == "no parent declared"
    assert problem(tree, "another")["declared"] == "someone/else"
    assert (tree.edges["id"] == "other").sum() == 1


def test_a_circle_of_declarations_ends(local):
    found, models = local
    parents = models["parents"].where(models["id"] != "other", "another")
    parents = parents.where(models["id"] != "another", "other")
    nothing = replace(found, parents=found.parents.iloc[:0])
    tree = family_tree(nothing, models.assign(parents=parents))
    assert tree.hops["other"] == tree.hops["another"] == 1


def test_branches_count_every_model_once_for_each_parent_that_is_believed(tree):
    rows = branches(tree)
    moved = tree.edges.loc[tree.edges["source"] == "weights", "id"]
    believed = tree.edges[
        ~tree.edges["id"].isin(moved) | (tree.edges["source"] == "weights")
    ]
    assert rows["models"].sum() == len(believed)
    assert set(rows.loc[rows["id"] != "", "id"]) <= set(believed["parent"])


def test_an_empty_family_is_a_base_alone(local):
    nothing = siblings("vit", [], local[1][:0])
    tree = family_tree(nothing, local[1][:0])
    assert tree.edges.empty and tree.problems.empty and tree.hops.empty


def test_two_hops_of_the_hub_and_a_parent_that_the_weights_contradict(tmp_path):
    shape = {"width": 64, "depth": 4, "image": 32}
    made = tuned_vit(**shape)
    first = tune(made, "*", by="first")
    with Standin() as hub:
        publish(hub, BASE, vit(**shape))
        publish(hub, "ann/first", first, base_model=BASE)
        second = tune(first, "*encoder.layer.3*", by="second", delta=3e-4)
        publish(hub, "bob/second", second, base_model="ann/first")
        stranger = tune(made, "*", by="stranger", delta=8e-4)
        publish(hub, "cat/stranger", stranger, base_model="ann/first")
        place = {"PEDIGREE_CACHE": str(tmp_path), "HF_ENDPOINT": hub.endpoint}
        stored = family(BASE, load_settings(place), hops=2)
    found = siblings(BASE, stored.results, stored.models)
    tree = family_tree(found, stored.models)
    assert tree.hops.to_dict() == {"ann/first": 1, "bob/second": 2, "cat/stranger": 2}
    assert tree.problems["id"].tolist() == ["cat/stranger"]
    row = tree.problems.iloc[0]
    assert (row["problem"], row["found"]) == ("parent contradicted", BASE)
