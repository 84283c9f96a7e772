"""What goes into a store comes out bit by bit, and is kept once."""

import shutil
from hashlib import sha256

import numpy as np
import pytest
import safetensors.numpy
import torch

from core.derived.compare import compare_checkpoints
from core.errors import CacheError, CorruptCheckpoint, UsageError
from core.snapshots.store.add import add_model
from core.snapshots.store.manifest import read_manifest
from core.snapshots.store.model_store import ModelStore
from core.snapshots.store.piece import tensor_digest
from core.snapshots.store.stored_source import export, open_stored
from core.snapshots.store.usage import usage
from core.weights.checkpoint import open_checkpoint


def same_files(one, other) -> bool:
    """Whether two folders hold the same names and bytes."""
    folders = [
        {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
        for folder in (one, other)
    ]
    return folders[0] == folders[1]


def test_export_gives_the_files_bit_by_bit(filled, family, tmp_path):
    for id, folder in family.items():
        export(filled, id, tmp_path / "out" / id)
        assert same_files(folder, tmp_path / "out" / id)


def test_the_family_takes_its_unique_bytes(filled, family):
    unique = {
        array.tobytes()
        for folder in family.values()
        for array in safetensors.numpy.load_file(folder / "model.safetensors").values()
    }
    found = usage(filled)
    headers = sum(1 for m in filled.models() for p in m.pieces if p.name is None)
    assert found.once_bytes == pytest.approx(sum(map(len, unique)), abs=headers * 1000)
    assert found.unique_tensors == len(unique)
    assert found.published_bytes == sum(
        path.stat().st_size for folder in family.values() for path in folder.iterdir()
    )


def test_adding_again_changes_nothing(filled, family):
    def state():
        return {
            path: path.stat().st_mtime_ns
            for path in filled.folder.rglob("*.*")
            if path.is_file()
        }

    before = state()
    for id, folder in family.items():
        add_model(filled, id, folder)
    assert state() == before
    assert filled.model("child-0").lineage["base"] == "base"


def test_a_store_can_be_moved(filled, family, tmp_path):
    shutil.move(filled.folder, tmp_path / "elsewhere")
    moved = ModelStore(tmp_path / "elsewhere")
    export(moved, "child-3", tmp_path / "out")
    assert same_files(family["child-3"], tmp_path / "out")


def test_another_model_under_a_taken_id_is_refused(filled, family):
    with pytest.raises(UsageError, match="another model"):
        add_model(filled, "child-0", family["child-1"])
    add_model(filled, "child-0", family["child-1"], replace=True)
    assert filled.model("child-0").files == filled.model("child-1").files


def test_shape_and_dtype_are_part_of_what_a_tensor_is(store, write):
    content = {
        "a": np.zeros(4, np.float32),
        "b": np.zeros((2, 2), np.float32),
        "c": np.zeros(2, np.int64),
        "d": np.zeros(4, np.float32),
    }
    found = add_model(store, "m", write("m", content)).tensors
    assert len({piece.digest for piece in found.values()}) == 3
    assert found["a"].digest == found["d"].digest
    assert found["b"].digest == tensor_digest("F32", (2, 2), bytes(16))


def test_packs_are_safetensors_files(filled):
    found = {}
    for path in filled.packs.iterdir():
        found |= safetensors.numpy.load_file(path)
    assert found.keys() == filled.places.keys()


def test_a_torch_file_is_kept_as_safetensors(store, tmp_path):
    weight = torch.arange(12.0).reshape(3, 4)
    state = {"w": weight, "turned": weight.t(), "tied": weight, "half": weight.half()}
    torch.save(state, tmp_path / "pytorch_model.bin")
    model = add_model(store, "m", tmp_path / "pytorch_model.bin")
    export(store, "m", tmp_path / "out")
    found = safetensors.numpy.load_file(tmp_path / "out/model.safetensors")
    assert all(np.array_equal(found[name], state[name].numpy()) for name in state)
    assert model.tensors["w"].digest == model.tensors["tied"].digest
    assert not any(b"pickle" in p.read_bytes() for p in store.packs.iterdir())


def test_shards_come_out_as_they_went_in(store, tensors, tmp_path):
    folder = tmp_path / "sharded"
    folder.mkdir()
    names = list(tensors)
    shards = {
        "model-1-of-2.safetensors": names[:2],
        "model-2-of-2.safetensors": names[2:],
    }
    for shard, held in shards.items():
        safetensors.numpy.save_file({n: tensors[n] for n in held}, folder / shard)
    places = {name: shard for shard, held in shards.items() for name in held}
    index = str({"metadata": {}, "weight_map": places}).replace("'", '"')
    (folder / "model.safetensors.index.json").write_text(index)
    add_model(store, "m", folder)
    export(store, "m", tmp_path / "out")
    assert same_files(folder, tmp_path / "out")
    with open_stored(store, "m") as stored:
        assert {entry.name for entry in stored.entries} == set(names)


def test_a_stored_model_is_compared_without_exporting(filled, family):
    with open_stored(filled, "base") as base, open_stored(filled, "child-5") as child:
        found = compare_checkpoints(base, child)
    with (
        open_checkpoint(family["base"]) as base,
        open_checkpoint(family["child-5"]) as child,
    ):
        assert compare_checkpoints(base, child).counts == found.counts


def test_every_range_of_a_stored_file_reads_as_the_file(filled, family):
    content = (family["child-2"] / "model.safetensors").read_bytes()
    with open_stored(filled, "child-2") as stored:
        source = stored.sources["model.safetensors"]
        for start in range(0, len(content), 997):
            assert source.read(start, len(content)) == content[start:]
            assert source.read(start, start) == b""


def test_no_store_no_model_and_a_newer_store_are_told(store, tmp_path):
    with pytest.raises(UsageError, match="no model store"):
        ModelStore(tmp_path / "nothing")
    with pytest.raises(UsageError, match="not in the store"):
        store.model("m")
    (store.folder / "store.json").write_text('{"format":"pedigree-store","version":2}')
    with pytest.raises(CacheError, match="another version"):
        ModelStore(store.folder)


def test_a_lost_piece_stops_the_export(filled, tmp_path):
    for path in filled.packs.iterdir():
        path.unlink()
    with pytest.raises(CorruptCheckpoint, match="lacks piece"):
        export(filled, "base", tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_a_manifest_cannot_name_a_file_outside(filled):
    path = next(iter(filled.manifests()))
    text = path.read_text().replace('"model.safetensors"', '"../model.safetensors"')
    path.write_text(text)
    with pytest.raises(CacheError):
        read_manifest(path)
