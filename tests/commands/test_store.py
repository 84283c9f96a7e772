"""`store` on the command line: one document, one sentence, the right exit."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from core.__main__ import run
from core.snapshots.store.model_store import ModelStore


@pytest.fixture
def models(tmp_path):
    """A base folder and a child beside it that names it."""
    numbers = np.random.default_rng(0)
    base = {name: numbers.standard_normal((32, 64), np.float32) for name in "abc"}
    child = base | {"c": base["c"] + np.float32(1e-3)}
    for id, tensors in (("base", base), ("child", child)):
        folder = tmp_path / "models" / id
        folder.mkdir(parents=True)
        save_file(tensors, folder / "model.safetensors")
    (folder / "README.md").write_text("---\nbase_model: base\n---\n")
    return tmp_path / "models"


@pytest.fixture
def store(models, tmp_path, capsys):
    """Run `store ACTION ...` on one store; return the exit status and the document."""

    def on_store(*arguments: object) -> tuple[int, object]:
        place = ["--store", str(tmp_path / "store"), "--json"]
        status = run(["store", *map(str, arguments), *place])
        printed = capsys.readouterr()
        return status, json.loads(printed.out) if status == 0 else printed.err

    assert on_store("add", "--family", models / "base")[0] == 0
    return on_store


def test_a_family_in_and_a_model_out(store, models, tmp_path):
    _, rows = store("list")
    assert [(r["id"], r["depth"], r["parent"]) for r in rows] == [
        ("base", 0, None), ("child", 1, "base"),
    ]  # fmt: skip
    assert rows[1]["own_bytes"] == 32 * 64 * 4
    assert store("export", "child", tmp_path / "out")[0] == 0
    name = "model.safetensors"
    there = (models / "child" / name).read_bytes()
    assert (tmp_path / "out" / name).read_bytes() == there


def test_counts_questions_and_compression(store):
    _, before = store("stats")
    assert (before["models"], before["tensors"], before["unique_tensors"]) == (2, 6, 4)
    _, done = store("compress")
    assert (done["tried"], done["coded"]) == (1, 1)
    assert store("stats")[1]["disk_bytes"] < before["disk_bytes"]
    assert store("list", "--sql", "SELECT count(*) AS n FROM models")[1] == [{"n": 2}]


def test_damage_is_exit_one_until_it_is_mended(store, models, tmp_path):
    kept = ModelStore(tmp_path / "store")
    place = kept.places[kept.model("child").tensors["c"].digest]
    with (kept.packs / place.pack).open("rb+") as file:
        file.seek(place.start)
        file.write(b"\xff\xff")
    status, told = store("verify")
    assert status == 1 and "is damaged (1 found" in told and told.count("\n") == 1
    assert store("verify", "--list")[1]["problems"][0]["models"] == ["child"]
    assert store("verify", "--drop-damaged")[1]["dropped"] == 1
    assert store("add", models / "child")[0] == 0
    assert store("verify") == (0, {"problems": [], "dropped": 0})


def test_removing_then_collecting(store):
    assert store("remove", "child")[0] == 0
    assert store("gc")[1]["freed_bytes"] > 32 * 64 * 4
    assert [row["id"] for row in store("list")[1]] == ["base"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["export", "nobody", "out"], "nobody is not in the store"),
        (["list", "--sql", "SELECT"], "The query cannot be answered"),
        (["add", "/nowhere"], "/nowhere does not exist"),
    ],
)
def test_wrong_wishes_are_one_sentence(store, arguments, told):
    status, error = store(*arguments)
    assert status == 1 and error.startswith(told) and error.count("\n") == 1


def test_people_get_text(store, tmp_path, capsys):
    place = ["--store", str(tmp_path / "store")]
    for action in ("list", "stats", "verify", "gc", "compress"):
        assert run(["store", action, *place]) == 0
    assert "Every bit" in capsys.readouterr().out
