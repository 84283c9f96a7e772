"""The words of `core.weights`: a tensor as a named byte range, and a checkpoint as a
list of them. Reads nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Literal, NamedTuple, Protocol

Format = Literal["safetensors", "torch-zip", "torch-legacy", "adapter", "gguf"]

DTYPE_BITS: dict[str, int] = {
    "BOOL": 8, "U8": 8, "I8": 8, "U16": 16, "I16": 16, "U32": 32, "I32": 32, "U64": 64,
    "I64": 64, "F16": 16, "BF16": 16, "F32": 32, "F64": 64, "C64": 64, "C128": 128,
    "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip
"""Bits an element, by safetensors dtype name (safetensors 0.8, `Dtype`)."""


class TensorEntry(NamedTuple):
    """One tensor of a checkpoint: its name, dtype (safetensors spelling), shape and
    bytes.

    The bytes are [start, stop) of the source named `file`. `strides` (in elements) is
    None for a contiguous tensor; otherwise the range spans all of its elements. Entries
    with the same `storage` share bytes. `crc32` is the checksum of exactly [start,
    stop) when the format carries one. `quantized` names a block format (GGUF Q4_K ...)
    whose elements are not plain numbers; dtype is then that name.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int
    file: str = ""
    strides: tuple[int, ...] | None = None
    storage: str | None = None
    crc32: int | None = None
    quantized: str | None = None

    @property
    def elements(self) -> int:
        """How many numbers the tensor holds."""
        return prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """How many bytes the range spans."""
        return self.stop - self.start


class ByteSource(Protocol):
    """Anything that answers "give me these bytes": a local file, HTTP ranges."""

    name: str
    size: int

    def read(self, start: int, stop: int) -> bytes:
        """Return exactly the bytes [start, stop), or raise CorruptCheckpoint."""

    def read_into(self, start: int, buffer: memoryview) -> None:
        """Fill `buffer` with the bytes from `start`, or raise CorruptCheckpoint."""

    def close(self) -> None:
        """Let go of the file or connection."""


@dataclass(frozen=True)
class Checkpoint:
    """All tensors of one model's weight files, in file order; a context manager that
    closes its sources.
    """

    name: str
    format: Format
    entries: tuple[TensorEntry, ...]
    sources: Mapping[str, ByteSource]
    metadata: Mapping[str, str] = field(default_factory=dict)

    def source_of(self, entry: TensorEntry) -> ByteSource:
        """Return the source that holds the bytes of `entry`."""
        return self.sources[entry.file]

    @property
    def size_bytes(self) -> int:
        """The size of all weight files together."""
        return sum(source.size for source in self.sources.values())

    def close(self) -> None:
        """Close every source."""
        for source in self.sources.values():
            source.close()

    def __enter__(self) -> "Checkpoint":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
