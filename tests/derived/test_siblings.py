"""Copies, near copies and likelier parents among really made checkpoints, compared by
`family`; on the Hub's stand-in too.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from safetensors.numpy import load_file
from scipy.cluster.hierarchy import dendrogram

from core.derived.comparisons import IMPRINTS
from core.derived.family import family
from core.derived.siblings import CLOSER, NEAR, siblings
from core.settings import load_settings
from tests.standin import Standin, generated_safetensors, renew, tune, vit
from tests.standin.families import BASE, WEIGHTS, publish, tuned_vit
from tests.standin.siblings import body_names, save_siblings


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    root = tmp_path_factory.mktemp("siblings")
    base = save_siblings(root / "models")
    settings = load_settings({"PEDIGREE_CACHE": str(root / "cache")})
    found = family(base, settings)
    return siblings(found.base, found.results, found.models), base, settings


def test_a_reupload_is_a_copy_byte_by_byte_and_what_equals_the_base_is_one(local):
    copies = local[0].copies.set_index("id")
    assert copies["original"].to_dict() == {"reupload": "first", "same": local[0].base}
    assert copies.loc["reupload", ["proof", "missed"]].tolist() == ["bytes", 0.0]


def test_near_copies_are_found_with_their_distance(local):
    near = local[0].near.set_index("id")
    assert set(near.index) == {"first", "near"}
    assert near.loc["near", "nearest"] == "first"
    assert near.loc["near", "low"] < 0.03 < near.loc["near", "high"] < NEAR
    assert not near["same_rest"].any()


def test_a_child_of_a_child_declared_as_one_of_the_base_is_found(local):
    parents = local[0].parents.set_index("id")
    assert parents.loc["grandchild", "parent"] in ("first", "near")
    truth = 0.4 / np.hypot(1, 0.4)
    row = parents.loc["grandchild"]
    assert row["low"] < truth < row["high"] < CLOSER
    assert row["order_by"] == "distance from the base"
    assert parents.loc["merged", ["parent", "order_by"]].tolist() == ["other", "card"]
    assert not set(parents.index) & {"other", "another", "far"}


def test_distances_are_those_between_the_files(local):
    found, base, _ = local

    def body(model):
        weights = load_file(base.parent / model / "model.safetensors")
        return np.concatenate([weights[name].ravel() for name in body_names()])

    start = body("vit")
    for one, two in (("first", "other"), ("first", "grandchild")):
        longest = max(np.linalg.norm(body(model) - start) for model in (one, two))
        truth = np.linalg.norm(body(one) - body(two)) / longest
        assert found.distances.loc[one, two] == pytest.approx(truth, rel=0.3)


def test_the_matrix_is_symmetric_and_in_the_order_of_its_dendrogram(local):
    found = local[0]
    matrix = found.distances.to_numpy()
    assert np.allclose(matrix, matrix.T) and (np.diag(matrix) == 0).all()
    assert dendrogram(found.linkage, no_plot=True)["leaves"] == list(range(len(matrix)))
    assert list(found.distances.index) == list(found.distances.columns)


def test_a_second_reading_from_the_disk_says_the_same(local):
    found, base, settings = local
    stored = family(base, settings, limit=0)
    again = siblings(stored.base, stored.results, stored.models)
    pd.testing.assert_frame_equal(again.distances, found.distances)
    pd.testing.assert_frame_equal(again.parents, found.parents)


def test_results_without_samples_are_left_out_and_said(local):
    stored = family(local[1], local[2], limit=0)
    bare = [
        replace(r, tensors=without(r.tensors)) if r.id == "other" else r
        for r in stored.results
    ]
    found = siblings(stored.base, bare, stored.models)
    assert found.left_out["id"].tolist() == ["other"]
    assert "other" not in found.distances.index


def without(tensors):
    """Take the imprints away, as an older file lacks them."""
    for name in IMPRINTS:
        place = tensors.column_names.index(name)
        nothing = pa.nulls(len(tensors), tensors.column(name).type)
        tensors = tensors.set_column(place, name, nothing)
    return tensors


def test_no_child_and_one_child_are_no_mistake(local):
    stored = family(local[1], local[2], limit=0)
    for count in (0, 1):
        few = stored.models[:count]
        found = siblings("vit", stored.results[:count], few)
        assert len(found.distances) == count and found.parents.empty


@pytest.fixture(scope="module")
def hub_family(tmp_path_factory):
    """The same on the Hub's stand-in, in files that are too large to be read whole."""
    shape = {"width": 288, "depth": 6, "image": 32}
    made = tuned_vit(**shape)
    first = tune(made, "*", by="first")
    again = generated_safetensors(first, {"format": "pt", "saved": "again"})
    children = {
        "ann/first": first,
        "ann/next": tune(first, "*encoder.layer.5*", "cl*", by="next", delta=3e-4),
        "bob/mirror": first,
        "cat/other": tune(made, "*", by="other"),
        "dan/head": renew(made, "classifier*", by="dan"),
    }
    with Standin() as hub:
        publish(hub, BASE, vit(**shape))
        for id, tensors in children.items():
            publish(hub, id, tensors, base_model=BASE)
        hub.repository("eve/again", files={WEIGHTS: again}, base_model=BASE)
        place = {"PEDIGREE_CACHE": str(tmp_path_factory.mktemp("siblings-hub"))}
        stored = family(BASE, load_settings(place | {"HF_ENDPOINT": hub.endpoint}))
    return stored


def test_on_the_hub_a_mirror_is_known_by_its_file_and_a_new_file_by_its_probes(
    hub_family,
):
    found = siblings(BASE, hub_family.results, hub_family.models)
    copies = found.copies.set_index("id")
    assert copies["original"].to_dict() == dict.fromkeys(
        ("bob/mirror", "eve/again"), "ann/first"
    )
    assert copies["proof"].to_dict() == {"bob/mirror": "sha256", "eve/again": "probe"}
    assert 0 < copies.loc["eve/again", "missed"] < 0.014


def test_on_the_hub_a_child_of_a_child_is_found_from_what_the_probes_read(hub_family):
    found = siblings(BASE, hub_family.results, hub_family.models)
    assert found.parents["id"].tolist() == ["ann/next"]
    row = found.parents.iloc[0]
    assert (row["parent"], row["order_by"]) == ("ann/first", "dates")
    assert hub_family.bytes_fetched < 0.5 * hub_family.models["size_bytes"].sum()
