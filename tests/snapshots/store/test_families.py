"""Whole families go into a store: from folders, the Hub, the study's files."""

import json
import pickle

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from core.errors import UsageError
from core.settings import load_settings
from core.snapshots.generate import generate_snapshots, make_base
from core.snapshots.store.add import add_model
from core.snapshots.store.check import verify
from core.snapshots.store.families import (
    add_hub_family,
    add_hub_model,
    add_local_family,
)
from core.snapshots.store.legacy_store import add_legacy_store
from core.snapshots.store.query import lineage_tree, query_lineage
from core.snapshots.store.stored_source import export
from tests.standin import Standin, vit
from tests.standin.families import publish


def statuses(rows) -> dict[str, str]:
    return dict(zip(rows["id"], rows["status"], strict=True))


def test_generated_snapshots_keep_their_lineage(store, tiny, tmp_path):
    root = tmp_path / "root"
    make_base(root, "vit", tiny["vit"])
    made = generate_snapshots(root, "vit", count=3, distribution=[1, 2, 1])
    rows = add_local_family(store, root / "vit")
    assert set(rows["status"]) == {"added"} and len(rows) == 4
    tree = lineage_tree(store.models()).set_index("id")
    for snapshot in made:
        told = tree.loc[snapshot.id]
        assert (told.parent, told.retrain_index) == (
            snapshot.parent,
            snapshot.retrain_index,
        )
        assert told.depth == tree.loc[snapshot.parent].depth + 1
    assert set(add_local_family(store, root / "vit")["status"]) == {"there"}


def test_a_local_family_with_a_broken_child_reconciles(store, write, tensors):
    base = write("base", tensors)
    for id, parent in (("child", "base"), ("grandchild", "child"), ("broken", "base")):
        folder = write(id, tensors)
        (folder / "README.md").write_text(f"---\nbase_model: {parent}\n---\n")
    (folder / "model.safetensors").write_bytes(b"not weights")
    rows = add_local_family(store, base)
    assert statuses(rows) == {
        "base": "added", "child": "added", "grandchild": "added", "broken": "failed",
    }  # fmt: skip
    assert rows.set_index("id").loc["broken", "reason"] == "corrupt"
    lineage = store.model("grandchild").lineage
    assert (lineage["parent"], lineage["base"]) == ("child", "base")


def test_a_hub_family_is_downloaded_once(store, family, tmp_path):
    files = {
        id: {p.name: p.read_bytes() for p in family[id].iterdir()} for id in family
    }
    with Standin() as hub:
        hub.repository("google/vit", files=files["base"])
        hub.repository("ann/cats", base_model="google/vit", files=files["child-0"])
        hub.repository("bob/empty", base_model="google/vit", files={"a.txt": b"x"})
        place = {"HF_ENDPOINT": hub.endpoint, "PEDIGREE_CACHE": str(tmp_path / "c")}
        settings = load_settings(place)
        rows = add_hub_family(store, "google/vit", settings)
        before = len(hub.requests)
        again = add_hub_family(store, "google/vit", settings)
        assert not [r for r in hub.requests[before:] if "/resolve/" in r.path]
    assert statuses(rows) == {
        "google/vit": "added", "ann/cats": "added", "bob/empty": "failed",
    }  # fmt: skip
    assert statuses(again)["ann/cats"] == "there"
    export(store, "ann/cats", tmp_path / "out")
    exported = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}
    assert exported == files["child-0"]
    assert store.model("ann/cats").lineage["parent"] == "google/vit"
    assert verify(store).empty


def test_one_model_of_the_hub_tells_its_base_by_its_card(store, family, tmp_path):
    files = {p.name: p.read_bytes() for p in family["child-0"].iterdir()}
    files["README.md"] = b"---\nbase_model: google/vit\ndatasets: [cats]\n---\n"
    with Standin() as hub:
        hub.repository("ann/cats", base_model="google/vit", files=files)
        place = {"HF_ENDPOINT": hub.endpoint, "PEDIGREE_CACHE": str(tmp_path / "c")}
        found = add_hub_model(store, "ann/cats", load_settings(place))
    assert found.status == "added"
    (row,) = lineage_tree(store.models()).itertuples()
    assert (row.parent, row.dataset) == ("google/vit", "cats")


def test_a_file_that_is_not_the_hubs_is_refused(store, tmp_path):
    with Standin() as hub:
        publish(hub, "google/vit", vit(width=32, depth=1, image=32))
        place = {"HF_ENDPOINT": hub.endpoint, "PEDIGREE_CACHE": str(tmp_path / "c")}
        rows = add_hub_family(store, "google/vit", load_settings(place))
    assert rows["reason"].tolist() == ["corrupt"]  # generated, under a made-up hash
    assert not store.manifests()


class Poison:
    """A pickle that tells when it is opened."""

    def __reduce__(self):
        return exec, ("raise SystemExit('a pickle was opened')",)


def test_the_studys_store_is_read_without_its_pickles(store, tmp_path):
    folder = tmp_path / "study" / "snapshots"
    folder.mkdir(parents=True)
    weights = {"0.weight": torch.arange(6.0), "1.bias": torch.ones(2)}
    torch.save(weights, folder / "resnet18-ab.pt")
    (folder / "resnet18-ab-l-0.pkl").write_bytes(pickle.dumps(Poison()))
    (folder / "resnet18-evil.pt").write_bytes(pickle.dumps(Poison()))
    path = "/mount-fs/snapshots/resnet18-{}.pt"
    models = {
        id: {"save_path": path.format(id), "architecture_id": "resnet18", "id": id}
        for id in ("ab", "gone", "evil")
    } | {"odd": {"save_path": "../../etc/passwd"}, "empty": 3}
    listing = {"save_path": "/mount-fs", "models": models, "layers": {}}
    (tmp_path / "study" / "model_store.json").write_text(json.dumps(listing))
    rows = add_legacy_store(store, tmp_path / "study")
    assert statuses(rows)["ab"] == "added"
    failed = rows[rows["status"] == "failed"]
    reasons = dict(zip(failed["id"], failed["reason"], strict=True))
    assert reasons == {
        "gone": "no-weights", "evil": reasons["evil"], "odd": "corrupt",
        "empty": "corrupt",
    }  # fmt: skip
    assert reasons["evil"] in ("unsafe", "corrupt")
    export(store, "ab", tmp_path / "out")
    found = load_file(tmp_path / "out/model.safetensors")
    assert np.array_equal(found["0.weight"], np.arange(6, dtype=np.float32))
    assert store.model("ab").lineage["architecture_id"] == "resnet18"


@pytest.fixture
def line(store, write, tensors):
    """Models told to come from each other: a -> b -> c, d from outside, e <-> f."""
    parents = {"a": None, "b": "a", "c": "b", "d": "x/y", "e": "f", "f": "e"}
    for number, (id, parent) in enumerate(parents.items()):
        own = tensors | {"head.weight": tensors["head.weight"] + np.float32(number)}
        add_model(store, id, write(id, own), lineage={"parent": parent, "seed": number})
    return store.models()


def test_the_tree_holds_every_model_once(line):
    tree = lineage_tree(line)
    assert list(tree["id"]) == ["a", "b", "c", "d", "e", "f"]
    assert tree["depth"].tolist()[:4] == [0, 1, 2, 0]
    assert tree["depth"].isna().tolist()[4:] == [True, True]
    assert tree.set_index("id")["children"].to_dict()["a"] == 1


def test_own_bytes_are_those_the_parent_does_not_have(line):
    own = lineage_tree(line).set_index("id")["own_bytes"]
    assert own["b"] == own["c"] == 64 * 32 * 4
    assert own["a"] == own["d"] == 4 * 64 * 32 * 4 + 8


def test_questions_in_sql(line):
    found = query_lineage(line, "SELECT max(seed) AS seed, count(*) AS n FROM models")
    assert found.to_dict("records") == [{"seed": 5, "n": 6}]
    same = "SELECT count(DISTINCT digest) AS n FROM tensors WHERE name = 'stem.weight'"
    assert query_lineage(line, same)["n"].tolist() == [1]


@pytest.mark.parametrize(
    "sql",
    ["SELECT nothing", "COPY models TO 'x.csv'", "SELECT * FROM '/etc/passwd'", ";"],
)
def test_a_wrong_question_is_one_sentence(line, sql):
    with pytest.raises(UsageError, match="The query"):
        query_lineage(line, sql)


def test_an_empty_store_has_an_empty_tree(store):
    assert lineage_tree(store.models()).empty
