"""The tensor table of a GGUF file as tensor entries. Skips the metadata and reads no
weights.

Source: ggml's docs/gguf.md (versions 2 and 3) and the block sizes of `ggml-common.h`.
"""

import struct
from collections.abc import Sequence
from itertools import pairwise
from math import prod

from core.errors import CorruptCheckpoint, UnsupportedFormat
from core.weights.bounds import MAX_DIMENSION, MAX_TENSORS, is_tensor_name
from core.weights.entry import ByteSource, TensorEntry
from core.weights.source import FrontReader, truncated

FIRST_READ = 1024 * 1024
MAX_HEADER_BYTES = 64 * 1024 * 1024
MAX_ITEMS = 4_000_000
MAX_DIMENSIONS = 4
MAX_ALIGNMENT = 1024 * 1024
DEFAULT_ALIGNMENT = 32
UINT16, UINT32, STRING, ARRAY = 2, 4, 8, 9

VALUE_BYTES = {
    0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8,
}  # fmt: skip
"""Bytes of a metadata value by its type; strings and arrays are apart."""

BLOCK_TYPES = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 24: ("I8", 1, 1), 25: ("I16", 1, 2),
    26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8), 30: ("BF16", 1, 2),
    2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34),
    10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50), 20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136), 29: ("IQ1_M", 256, 56),
    34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36), 41: ("Q1_0", 128, 18),
}  # fmt: skip
"""Name, elements and bytes of one block, by ggml type (gguf-py, `GGML_QUANT_SIZES`)."""


def read_gguf(
    source: ByteSource, file: str
) -> tuple[list[TensorEntry], dict[str, str]]:
    """Read the entries of one GGUF file, in the order of its table.

    Asks the first MiB, doubled until the table ends. Shapes are in row-major order, as
    torch has them (GGUF lists the fastest dimension first). Raises CorruptCheckpoint,
    and UnsupportedFormat for other versions, split files and unknown tensor types.
    """
    header = _Header(source)
    if header.take(4) != b"GGUF":
        raise CorruptCheckpoint(source.name, "does not start with GGUF")
    if (version := header.number("<I")) not in (2, 3):
        raise UnsupportedFormat(source.name, f"is GGUF version {version}, not 2 or 3")
    tensor_count = header.number("<Q", most=MAX_TENSORS)
    alignment = _read_alignment(header, header.number("<Q", most=MAX_ITEMS))
    table = [_table_row(header) for _ in range(tensor_count)]
    start = -(-header.tell() // alignment) * alignment
    entries = [_entry(source, file, start, *row) for row in table]
    _check_disjoint(source, entries)
    return entries, {}


class _Header:
    """A cursor over the front of the file that counts what it has looked at."""

    def __init__(self, source: ByteSource) -> None:
        self.source = source
        self.items = 0
        self._front = FrontReader(source, first=FIRST_READ, limit=MAX_HEADER_BYTES)
        self.tell = self._front.tell

    def take(self, count: int) -> bytes:
        """Return exactly `count` bytes, or raise CorruptCheckpoint."""
        taken = self._front.read(count)
        if len(taken) != count:
            raise truncated(self.source, self.tell() - len(taken) + count)
        return taken

    def number(self, layout: str, *, most: int = MAX_DIMENSION) -> int:
        """Return one number, no larger than `most`, or raise CorruptCheckpoint."""
        (number,) = struct.unpack(layout, self.take(struct.calcsize(layout)))
        if number > most:
            raise CorruptCheckpoint(self.source.name, f"claims {number:,} items")
        return number

    def text(self) -> bytes:
        """Return a string: its length in 8 bytes, then its bytes."""
        return self.take(self.number("<Q"))

    def skip_value(self, kind: int) -> None:
        """Step over one metadata value."""
        self.items += 1
        if self.items > MAX_ITEMS:
            happened = f"has more than {MAX_ITEMS:,} metadata values"
            raise CorruptCheckpoint(self.source.name, happened)
        if kind in VALUE_BYTES:
            self.take(VALUE_BYTES[kind])
        elif kind == STRING:
            self.text()
        elif kind == ARRAY:
            self._skip_array(self.number("<I"), self.number("<Q"))
        else:
            happened = f"has metadata of the unknown type {kind}"
            raise CorruptCheckpoint(self.source.name, happened)

    def _skip_array(self, kind: int, count: int) -> None:
        if kind in VALUE_BYTES:
            self.take(count * VALUE_BYTES[kind])
            return
        if kind == ARRAY:
            raise UnsupportedFormat(self.source.name, "has arrays of arrays")
        for _ in range(count):
            self.skip_value(kind)


def _read_alignment(header: _Header, key_count: int) -> int:
    """Skip the metadata but for `general.alignment` and `split.count`."""
    alignment = DEFAULT_ALIGNMENT
    for _ in range(key_count):
        key, kind = header.text(), header.number("<I")
        if key == b"general.alignment" and kind == UINT32:
            alignment = header.number("<I", most=MAX_ALIGNMENT)
        elif key == b"split.count" and kind == UINT16:
            if header.number("<H") > 1:
                raise UnsupportedFormat(header.source.name, "is one of several parts")
        else:
            header.skip_value(kind)
    if not alignment:
        raise CorruptCheckpoint(header.source.name, "has an alignment of zero")
    return alignment


def _table_row(header: _Header) -> tuple[str, tuple[int, ...], int, int]:
    """Return a tensor's name, shape, ggml type and offset."""
    name = header.text().decode("utf-8", "replace")
    rank = header.number("<I", most=MAX_DIMENSIONS)
    shape = tuple(header.number("<Q") for _ in range(rank))[::-1]
    return name, shape, header.number("<I"), header.number("<Q")


def _entry(
    source: ByteSource,
    file: str,
    start: int,
    name: str,
    shape: tuple[int, ...],
    kind: int,
    offset: int,
) -> TensorEntry:
    if kind not in BLOCK_TYPES:
        raise UnsupportedFormat(source.name, f"uses ggml type {kind} in {name[:80]!a}")
    dtype, block_elements, block_bytes = BLOCK_TYPES[kind]
    if not is_tensor_name(name) or (shape[-1] if shape else 1) % block_elements:
        raise CorruptCheckpoint(source.name, f"describes {name[:80]!a} wrongly")
    size_bytes = prod(shape) // block_elements * block_bytes
    first = start + offset
    if first + size_bytes > source.size:
        raise truncated(source, first + size_bytes)
    quantized = dtype if block_elements > 1 else None
    return TensorEntry(
        name, dtype, shape, first, first + size_bytes, file, quantized=quantized
    )


def _check_disjoint(source: ByteSource, entries: Sequence[TensorEntry]) -> None:
    ordered = sorted(entries, key=lambda entry: (entry.start, entry.stop))
    for before, after in pairwise(ordered):
        if after.start < before.stop:
            happened = f"has overlapping ranges at tensor {after.name[:80]!a}"
            raise CorruptCheckpoint(source.name, happened, "download it again")
    if len({entry.name for entry in entries}) != len(entries):
        raise CorruptCheckpoint(source.name, "holds two tensors of one name")
