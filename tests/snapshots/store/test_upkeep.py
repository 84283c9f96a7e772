"""A store finds what is damaged, frees what is not needed, and compresses what pays."""

import random
from hashlib import sha256

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from core.errors import CacheError, CorruptCheckpoint
from core.snapshots.store.add import add_model
from core.snapshots.store.check import drop_damaged, verify
from core.snapshots.store.coding import decode, encode
from core.snapshots.store.collect import collect
from core.snapshots.store.compress import compress
from core.snapshots.store.model_store import ModelStore
from core.snapshots.store.stored_source import export, open_stored
from core.snapshots.store.usage import usage


def files_of(store) -> list:
    """Every file that holds something."""
    return sorted(path for path in store.folder.rglob("*") if path.stat().st_size > 0
                  and path.is_file())  # fmt: skip


def flip(path, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


def exports_are_right(store, family, tmp_path) -> bool:
    for id, folder in family.items():
        export(store, id, tmp_path / "check" / id)
        for path in folder.iterdir():
            copy = tmp_path / "check" / id / path.name
            assert copy.read_bytes() == path.read_bytes()
    return True


def test_a_whole_store_has_no_problem(filled):
    assert verify(filled).empty


def test_any_flipped_bit_is_found(filled):
    choose = random.Random(0)
    for path in files_of(filled):
        for _ in range(6):
            bit = choose.randrange(path.stat().st_size * 8)
            flip(path, bit)
            try:
                found = not verify(ModelStore(filled.folder)).empty
            except CacheError:
                found = path.name == "store.json"
            assert found, f"bit {bit} of {path.name}"
            flip(path, bit)
    assert verify(filled).empty


def test_a_flipped_bit_names_the_models_and_stops_their_export(filled, tmp_path):
    piece = filled.model("child-0").tensors["head.weight"]
    place = filled.places[piece.digest]
    flip(filled.packs / place.pack, place.start * 8 + 5)
    (row,) = verify(filled).itertuples()
    assert row.models == ("child-0",)
    with pytest.raises(CorruptCheckpoint, match="is damaged"):
        export(filled, "child-0", tmp_path / "out")
    export(filled, "child-1", tmp_path / "out")


@pytest.mark.parametrize("where", [3, -5])
def test_dropping_what_is_damaged_and_adding_again_mends(
    filled, family, tmp_path, where
):
    place = filled.places[filled.model("base").tensors["stem.weight"].digest]
    path = filled.packs / place.pack
    flip(path, where * 8 if where > 0 else (path.stat().st_size + where) * 8)
    assert drop_damaged(filled)
    for id, folder in family.items():
        add_model(filled, id, folder)
    assert verify(filled).empty
    assert exports_are_right(filled, family, tmp_path)


def test_collect_frees_what_only_a_removed_model_needs(filled, family, tmp_path):
    before = usage(filled)
    filled.remove("child-5")
    own = {"stem.weight", "block.0.weight", "block.1.weight", "head.weight"}
    done = collect(filled)
    own.discard("stem.weight")
    assert done.freed_bytes >= len(own) * 64 * 32 * 4
    assert usage(filled).disk_bytes < before.disk_bytes
    assert verify(filled).empty
    del family["child-5"]
    assert exports_are_right(filled, family, tmp_path)
    assert collect(filled).freed_bytes == 0


def test_collect_keeps_the_shared_part_of_a_removed_base(filled, family, tmp_path):
    filled.remove("base")
    assert collect(filled).pieces > 0  # the base's own head
    assert verify(filled).empty
    del family["base"]
    assert exports_are_right(filled, family, tmp_path)


def test_collect_deletes_nothing_when_a_manifest_is_damaged(filled):
    packs = files_of(filled)
    flip(filled.manifests()[0], 4000)
    with pytest.raises(CacheError):
        collect(filled)
    assert files_of(filled) == packs


def test_compressing_keeps_every_bit_in_less_room(filled, family, tmp_path):
    before = usage(filled)
    done = compress(filled)
    after = usage(filled)
    assert done.coded == done.tried == 12
    assert done.after_bytes <= 0.9 * done.before_bytes
    assert after.once_bytes == before.once_bytes
    assert after.disk_bytes < before.disk_bytes
    assert verify(filled).empty
    assert exports_are_right(filled, family, tmp_path)
    assert compress(filled).tried == 0


def test_a_reader_goes_on_while_packs_are_written_anew(filled, family):
    reader = ModelStore(filled.folder)
    expected = (family["child-4"] / "model.safetensors").read_bytes()
    with open_stored(reader, "child-4") as stored:
        compress(filled)
        source = stored.sources["model.safetensors"]
        assert source.read(0, source.size) == expected


def test_a_base_that_others_are_coded_against_stays(filled, family, tmp_path):
    compress(filled)
    filled.remove("base")
    collect(filled)
    del family["base"]
    assert verify(filled).empty
    assert exports_are_right(filled, family, tmp_path)


def test_what_is_not_alike_is_not_coded(store, write, tensors):
    add_model(store, "base", write("base", tensors))
    noise = np.random.default_rng(9).integers(0, 255, (64, 128), np.uint8)
    tensors["head.weight"] = noise.view(np.float32)
    add_model(store, "child", write("child", tensors), lineage={"base": "base"})
    done = compress(store)
    assert (done.tried, done.coded) == (1, 0)
    assert verify(store).empty


@pytest.mark.parametrize(
    "note",
    [
        "{}",
        '{"dtype": "F32", "shape": 3, "base": null}',
        '{"dtype": "Q4_K", "shape": [8], "base": "ab"}',
        '{"dtype": "F32", "shape": [2], "base": ["ab"]}',
        "not json",
    ],
)
def test_a_pack_with_a_wrong_note_is_damaged_not_a_crash(store, note):
    digest = "a" * 64
    content = safetensors.numpy.save({digest: np.zeros(8, np.uint8)}, {digest: note})
    size = int.from_bytes(content[:8], "little")
    name = sha256(content[8 : 8 + size]).hexdigest()[:32] + ".safetensors"
    (store.packs / name).write_bytes(content)
    assert verify(store)["subject"].tolist() == [name]
    assert list(ModelStore(store.folder).damaged) == [name]


@given(st.sampled_from(["F32", "BF16", "I64", "U8", "F4"]), st.data())
def test_coding_is_exact(dtype, drawn):
    content, base = (
        drawn.draw(st.binary(min_size=16, max_size=16).map(lambda b: b * 3))
        for _ in range(2)
    )
    assert decode(dtype, encode(dtype, content, base), base) == content


def test_broken_coding_is_an_error_not_a_tensor():
    packed = encode("F32", bytes(64), bytes(range(64)))
    with pytest.raises(ValueError):
        decode("F32", packed[:-3], bytes(64))
    with pytest.raises(ValueError):
        decode("F32", packed, bytes(32))
