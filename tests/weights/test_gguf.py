import struct

import numpy as np
import pytest

from core.errors import CorruptCheckpoint, UnsupportedFormat
from core.weights.gguf import BLOCK_TYPES, read_gguf

FLOATS = np.arange(6, dtype="f4").reshape(2, 3)
TENSOR = (b"blk.0.weight", (3, 2), 0, FLOATS.tobytes())
METADATA = [
    (b"general.architecture", 8, b"vit"),
    (b"vit.block_count", 4, 12),
    (b"vit.size", 10, 2**40),
    (b"flag", 0, 1),
    (b"tokens", 9, (8, [b"a", b"bc", b""])),
    (b"scores", 9, (4, [1, 2, 3])),
]


@pytest.mark.parametrize("version", [2, 3])
def test_plain_tensors_have_their_bytes(version, gguf_bytes, checkpoint_of, arrays_of):
    half = np.arange(5, dtype="f2")
    tensors = [TENSOR, (b"half", (5,), 1, half.tobytes()), (b"one", (), 0, bytes(4))]
    content = gguf_bytes(tensors, METADATA, version=version)
    checkpoint = checkpoint_of(content, "m.gguf")
    found = arrays_of(checkpoint)
    assert checkpoint.format == "gguf"
    np.testing.assert_array_equal(found["blk.0.weight"], FLOATS)
    np.testing.assert_array_equal(found["half"], half)
    assert found["one"].shape == ()


def test_the_alignment_is_the_declared_one(gguf_bytes, checkpoint_of, arrays_of):
    tensors = [(b"a", (1,), 24, b"\5"), TENSOR]
    metadata = [(b"general.alignment", 4, 256)]
    checkpoint = checkpoint_of(gguf_bytes(tensors, metadata, alignment=256), "m.gguf")
    assert [entry.start % 256 for entry in checkpoint.entries] == [0, 0]
    np.testing.assert_array_equal(arrays_of(checkpoint)["blk.0.weight"], FLOATS)


@pytest.mark.parametrize("kind", sorted(BLOCK_TYPES))
def test_every_type_is_listed_with_its_size(kind, gguf_bytes, checkpoint_of):
    name, elements, size_bytes = BLOCK_TYPES[kind]
    content = gguf_bytes([(b"w", (2 * elements, 3), kind, bytes(6 * size_bytes))])
    (entry,) = checkpoint_of(content, "m.gguf").entries
    assert (entry.dtype, entry.shape) == (name, (3, 2 * elements))
    assert entry.size_bytes == 6 * size_bytes
    assert entry.quantized == (name if elements > 1 else None)


def test_quantized_blocks_have_no_elements(gguf_bytes, checkpoint_of, arrays_of):
    checkpoint = checkpoint_of(gguf_bytes([(b"w", (256,), 12, bytes(144))]), "m.gguf")
    with pytest.raises(UnsupportedFormat, match="Q4_K"):
        arrays_of(checkpoint)


def test_a_long_header_is_read_in_doubling_pieces(gguf_bytes, counting_source):
    tokens = [b"x" * 100] * 20_000
    content = gguf_bytes([TENSOR], [(b"tokens", 9, (8, tokens))])
    source = counting_source(content + bytes(10_000_000))
    read_gguf(source, "m.gguf")
    assert len(source.reads) == 2 and source.reads[-1][1] == 3 * 1024 * 1024


@pytest.mark.parametrize(
    ("content", "error", "happened"),
    [
        (b"GGML" + bytes(40), CorruptCheckpoint, "does not start"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), UnsupportedFormat, "version 1"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), UnsupportedFormat, "version 50331648"),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**60, 0), CorruptCheckpoint, "claims"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 2**60), CorruptCheckpoint, "claims"),
        (
            b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**62),
            CorruptCheckpoint,
            "ends after",
        ),
        (b"GGUF\3", CorruptCheckpoint, "ends after"),
    ],
)
def test_broken_fronts(content, error, happened, checkpoint_of):
    with pytest.raises(error, match=happened):
        checkpoint_of(content, "m.gguf")


@pytest.mark.parametrize(
    ("tensors", "metadata", "error"),
    [
        ([(b"w", (3,), 0, bytes(4))], [], CorruptCheckpoint),
        ([(b"w", (2**62, 2**62), 0, b"")], [], CorruptCheckpoint),
        ([(b"w", (31,), 2, bytes(18))], [], CorruptCheckpoint),
        ([(b"w", (1,) * 5, 0, bytes(4))], [], CorruptCheckpoint),
        ([(b"w", (1,), 99, bytes(4))], [], UnsupportedFormat),
        ([TENSOR, TENSOR], [], CorruptCheckpoint),
        ([TENSOR], [(b"general.alignment", 4, 0)], CorruptCheckpoint),
        ([TENSOR], [(b"nested", 9, (9, []))], UnsupportedFormat),
        ([TENSOR], [(b"split.count", 2, 3)], UnsupportedFormat),
    ],
)
def test_tables_that_contradict_the_file(
    tensors, metadata, error, gguf_bytes, checkpoint_of
):
    with pytest.raises(error):
        checkpoint_of(gguf_bytes(tensors, metadata), "m.gguf")


def test_overlapping_tensors_are_corrupt(gguf_bytes, checkpoint_of):
    content = gguf_bytes([(b"a", (8,), 0, bytes(32)), (b"b", (8,), 0, bytes(32))])
    at = content.index(b"b" + struct.pack("<IQI", 1, 8, 0)) + 17
    with pytest.raises(CorruptCheckpoint, match="overlapping"):
        checkpoint_of(content[:at] + bytes(8) + content[at + 8 :], "m.gguf")
