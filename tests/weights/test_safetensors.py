import numpy as np
import pytest
from safetensors.numpy import load, save

from core.errors import CorruptCheckpoint, UnsupportedFormat
from core.weights.entry import DTYPE_BITS
from core.weights.safetensors import read_safetensors
from core.weights.source import BytesSource

FLOATS = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def entries_of(content):
    return read_safetensors(BytesSource(content, "model.safetensors"), "m")


def test_entries_are_those_of_the_library(checkpoint_of, arrays_of):
    written = {
        "b": np.arange(6, dtype="f4").reshape(2, 3),
        "a": np.arange(3, dtype="f2"),
        "none": np.empty((0, 4), "f8"),
        "scalar": np.array(7, "i8"),
        "flags": np.array([True, False]),
    }
    content = save(written, {"format": "pt"})
    checkpoint = checkpoint_of(content, "x.safetensors")
    found = arrays_of(checkpoint)
    assert checkpoint.metadata == {"format": "pt"}
    assert found.keys() == written.keys()
    for name, array in load(content).items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_a_header_that_was_read_before_is_held_against_the_new_file(safetensors_bytes):
    whole = safetensors_bytes({"w": FLOATS}, bytes(8))
    entries, metadata = entries_of(whole)
    entries.clear()
    metadata["read"] = "before"
    assert entries_of(whole) == entries_of(bytes(whole)) != (entries, metadata)
    with pytest.raises(
        CorruptCheckpoint, match=r"cut\.safetensors ends 1 bytes too early"
    ):
        read_safetensors(BytesSource(whole[:-1], "cut.safetensors"), "m")


def test_entries_come_by_offset_with_absolute_ranges(safetensors_bytes):
    header = {"late": {**FLOATS, "data_offsets": [8, 16]}, "early": FLOATS}
    content = safetensors_bytes(header, bytes(16))
    entries, _ = entries_of(content)
    assert [entry.name for entry in entries] == ["early", "late"]
    assert entries[1].stop == len(content)


def test_a_short_header_costs_one_read_and_a_long_one_two(
    safetensors_bytes, counting_source
):
    short = counting_source(safetensors_bytes({"w": FLOATS}, bytes(8)))
    read_safetensors(short, "m")
    header = {f"layer.{i}.weight": {**FLOATS, "shape": [0]} for i in range(1500)}
    for fields in header.values():
        fields["data_offsets"] = [0, 0]
    long = counting_source(safetensors_bytes(header))
    read_safetensors(long, "m")
    assert (len(short.reads), len(long.reads)) == (1, 2)


@pytest.mark.parametrize("dtype", sorted(DTYPE_BITS))
def test_every_dtype_is_listed(dtype, safetensors_bytes):
    size_bytes = 8 * DTYPE_BITS[dtype] // 8
    fields = {"dtype": dtype, "shape": [2, 4], "data_offsets": [0, size_bytes]}
    entries, _ = entries_of(safetensors_bytes({"w": fields}, bytes(size_bytes)))
    assert (entries[0].dtype, entries[0].size_bytes) == (dtype, size_bytes)


def test_an_unknown_dtype_is_named(safetensors_bytes):
    content = safetensors_bytes({"w": {**FLOATS, "dtype": "F2"}}, bytes(8))
    with pytest.raises(UnsupportedFormat, match="'F2'"):
        entries_of(content)


@pytest.mark.parametrize(
    ("header", "size_bytes", "happened"),
    [
        ({"w": FLOATS}, 7, "ends 1 bytes too early"),
        ({"w": FLOATS}, 9, "1 bytes that no tensor uses"),
        ({"a": FLOATS, "b": {**FLOATS, "data_offsets": [4, 12]}}, 12, "overlapping"),
        ({"a": FLOATS, "b": {**FLOATS, "data_offsets": [12, 20]}}, 20, "a hole before"),
        ({"w": {**FLOATS, "data_offsets": [8, 0]}}, 8, "wrong length"),
        ({"w": {**FLOATS, "shape": [3]}}, 8, "wrong length"),
        ({"w": {**FLOATS, "shape": [-2]}}, 8, "wrongly"),
        ({"w": {**FLOATS, "shape": [True, 2]}}, 8, "wrongly"),
        ({"w": {**FLOATS, "shape": [2.0]}}, 8, "wrongly"),
        ({"w": {**FLOATS, "shape": [2**63, 2**63]}}, 8, "wrongly"),
        ({"w": {**FLOATS, "shape": [1] * 65}}, 8, "wrongly"),
        ({"w": {**FLOATS, "data_offsets": [0, 4, 8]}}, 8, "wrongly"),
        ({"w": {"shape": [2]}}, 8, "wrongly"),
        ({"w": 3}, 8, "wrongly"),
        ({"\ud800": FLOATS}, 8, "broken JSON"),
        ({"__metadata__": {"a": 1}, "w": FLOATS}, 8, "not text"),
        (b'{"w": 1, "w": 1}', 0, "a key appears twice"),
        (b'{"w": NaN}', 0, "broken JSON"),
        (b'{"w": ' + b"[" * 5000, 0, "broken JSON"),
        (b'{"\xff": 1}', 0, "broken JSON"),
        (b'{"w": ' + b"9" * 5000 + b"}", 0, "broken JSON"),
        (b"[1]", 0, "no safetensors header"),
    ],
)
def test_a_header_that_contradicts_itself_is_corrupt(
    header, size_bytes, happened, safetensors_bytes
):
    with pytest.raises(CorruptCheckpoint, match=happened):
        entries_of(safetensors_bytes(header, bytes(size_bytes)))


@pytest.mark.parametrize("length", [10_000_000_000, 2**64 - 1, 100_000_001, 1000])
def test_a_header_that_claims_gigabytes_is_refused_unread(
    length, safetensors_bytes, counting_source
):
    source = counting_source(safetensors_bytes({"w": FLOATS}, bytes(8), length=length))
    with pytest.raises(CorruptCheckpoint, match=f"claims a header of {length:,} bytes"):
        read_safetensors(source, "m")
    assert source.reads == [(0, source.size)]


@pytest.mark.parametrize("content", [b"", b"\0" * 9, b"<html>not weights</html>"])
def test_what_is_no_safetensors_file_is_said_to_be(content):
    with pytest.raises(CorruptCheckpoint):
        entries_of(content)


def test_a_header_of_countless_lists_is_refused_before_it_is_parsed(safetensors_bytes):
    header = b'{"w": [' + b"[]," * 1_000_000 + b"[]]}"
    with pytest.raises(CorruptCheckpoint, match="describes more than"):
        entries_of(safetensors_bytes(header))
