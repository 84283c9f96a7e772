"""The header of a safetensors file as tensor entries. Reads no weights.

The format (safetensors 0.8, "Format" in its README and `Metadata::validate`): an 8-byte
little-endian header length, a JSON header that starts with `{`, then one buffer that
the tensors cover without holes or overlaps.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import prod

from core.errors import CheckpointError, CorruptCheckpoint, UnsupportedFormat
from core.weights.bounds import (
    MAX_DIMENSION,
    MAX_RANK,
    is_tensor_name,
    parse_json_object,
)
from core.weights.entry import DTYPE_BITS, ByteSource, TensorEntry

FIRST_READ = 32 * 1024
MAX_HEADER_BYTES = 100_000_000

KEPT_HEADERS, KEPT_HEADER_BYTES = 8, 256 * 1024
"""How many headers are kept, parsed, for the next file with the same, and how large."""


def read_safetensors(
    source: ByteSource, file: str
) -> tuple[list[TensorEntry], dict[str, str]]:
    """Read the entries of one safetensors file, by offset, and its `__metadata__`.

    Reads the first 32 KiB, and once more when the header is longer. Raises
    CorruptCheckpoint when the header contradicts itself or the file, and
    UnsupportedFormat for a dtype that is not in DTYPE_BITS.
    """
    header = _header(source)
    parse = _parsed if len(header) <= KEPT_HEADER_BYTES else _parsed.__wrapped__
    try:
        entries, metadata = parse(header, file, source.size)
    except CheckpointError as error:
        raise type(error)(source.name, error.happened, error.remedy) from error
    return list(entries), dict(metadata)


def _header(source: ByteSource) -> bytes:
    """Return the JSON in front of the weights."""
    if source.size < 10:
        happened = f"has {source.size} bytes, too few for a header"
        raise _corrupt(source.name, happened)
    front = source.read(0, min(FIRST_READ, source.size))
    length = int.from_bytes(front[:8], "little")
    if front[8:9] != b"{":
        raise _corrupt(source.name, "has no safetensors header")
    if length > MAX_HEADER_BYTES or 8 + length > source.size:
        raise _corrupt(source.name, f"claims a header of {length:,} bytes")
    if 8 + length > len(front):
        front += source.read(len(front), 8 + length)
    return front[8 : 8 + length]


@lru_cache(maxsize=KEPT_HEADERS)
def _parsed(
    header: bytes, file: str, size_bytes: int
) -> tuple[tuple[TensorEntry, ...], dict[str, str]]:
    """Read the entries of a file of that size; models that were trained from one base
    often share every byte of the header.
    """
    fields = parse_json_object(file, header)
    metadata = _metadata(file, fields.pop("__metadata__", {}))
    start = 8 + len(header)
    entries = [_entry(file, name, told, start) for name, told in fields.items()]
    entries.sort(key=lambda entry: (entry.start, entry.stop))
    _check_cover(file, entries, start, size_bytes)
    return tuple(entries), metadata


def _entry(file: str, name: str, fields: object, buffer_start: int) -> TensorEntry:
    if not isinstance(fields, dict) or not is_tensor_name(name):
        raise _corrupt(file, f"describes tensor {name!a} wrongly")
    dtype, shape = fields.get("dtype"), fields.get("shape")
    offsets = fields.get("data_offsets")
    sized = _are_sizes(shape, MAX_RANK) and _are_sizes(offsets, 2)
    if not isinstance(dtype, str) or not sized:
        raise _corrupt(file, f"describes tensor {name!a} wrongly")
    if dtype not in DTYPE_BITS:
        raise UnsupportedFormat(file, f"uses dtype {dtype[:40]!a} in {name!a}")
    if len(offsets) != 2 or not holds(dtype, shape, offsets[1] - offsets[0]):
        raise _corrupt(file, f"gives tensor {name!a} a range of the wrong length")
    start, stop = buffer_start + offsets[0], buffer_start + offsets[1]
    return TensorEntry(name, dtype, tuple(shape), start, stop, file)


def holds(dtype: str, shape: Sequence[int], size_bytes: int) -> bool:
    """Say whether `shape` numbers of `dtype` fill `size_bytes` exactly.

    >>> holds("F4", (3, 2), 3), holds("F4", (3,), 2)
    (True, False)
    """
    return prod(shape) * DTYPE_BITS[dtype] == 8 * size_bytes


def _are_sizes(field: object, most: int) -> bool:
    if not isinstance(field, list) or len(field) > most:
        return False
    for number in field:
        if type(number) is not int or not 0 <= number <= MAX_DIMENSION:
            return False
    return True


def _check_cover(
    file: str, entries: Sequence[TensorEntry], start: int, stop: int
) -> None:
    """Raise CorruptCheckpoint unless the sorted entries tile [start, stop)."""
    marks = [start, *(entry.stop for entry in entries)]
    for entry, mark in zip(entries, marks, strict=False):
        if entry.start < mark:
            raise _corrupt(file, f"has overlapping ranges at tensor {entry.name!a}")
        if entry.start > mark:
            raise _corrupt(file, f"has a hole before tensor {entry.name!a}")
    if marks[-1] > stop:
        raise _corrupt(file, f"ends {marks[-1] - stop:,} bytes too early")
    if marks[-1] < stop:
        raise _corrupt(file, f"has {stop - marks[-1]:,} bytes that no tensor uses")


def _metadata(file: str, metadata: object) -> dict[str, str]:
    if isinstance(metadata, dict) and all(
        isinstance(word, str) for word in metadata.values()
    ):
        return metadata
    raise _corrupt(file, "has __metadata__ that is not text")


def _corrupt(name: str, happened: str) -> CorruptCheckpoint:
    return CorruptCheckpoint(name, happened, "download it again")
