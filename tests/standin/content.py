"""What a file of the stand-in is made of: bytes, a local file, or numbers that are made
when they are asked for. Knows no HTTP.
"""

import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from tests.standin.numbers import Numbers


class Content(Protocol):
    """A file: its size, its name by content (`oid`), and any range of its bytes."""

    size: int
    oid: str

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes [start, stop)."""


class Literal:
    """A file given as bytes."""

    def __init__(self, content: bytes) -> None:
        self.size = len(content)
        self.oid = sha256(content).hexdigest()
        self._content = content

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes [start, stop)."""
        return self._content[start:stop]


class Stored:
    """A file on this machine, read where it lies."""

    def __init__(self, path: Path) -> None:
        self.size = path.stat().st_size
        with path.open("rb") as file:
            digest = sha256()
            while piece := file.read(1 << 20):
                digest.update(piece)
        self.oid = digest.hexdigest()
        self._path = path

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes [start, stop)."""
        with self._path.open("rb") as file:
            file.seek(start)
            return file.read(stop - start)


@dataclass(frozen=True)
class Generated:
    """A safetensors file whose weights are made from keys; only its header is stored.

    `oid` is a digest of the header and the keys, not of the bytes: equal files have
    equal oids and different ones do not, without generating anything.
    """

    header: bytes
    starts: tuple[int, ...]
    tensors: tuple[Numbers, ...]

    @cached_property
    def size(self) -> int:
        """How many bytes the file has."""
        return self.starts[-1] + self.tensors[-1].size_bytes

    @cached_property
    def oid(self) -> str:
        """The name of the content."""
        return sha256(self.header + repr(self.tensors).encode()).hexdigest()

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes [start, stop)."""
        return b"".join(self._pieces(start, stop))

    def _pieces(self, start: int, stop: int) -> Iterator[bytes]:
        yield self.header[start:stop]
        first = max(0, bisect_right(self.starts, start) - 1)
        for at, tensor in zip(self.starts[first:], self.tensors[first:], strict=True):
            if at >= stop:
                return
            low, high = max(0, start - at), min(tensor.size_bytes, stop - at)
            if low < high:
                yield tensor.read(low, high)


def generated_safetensors(
    tensors: Mapping[str, Numbers], metadata: Mapping[str, str] | None = None
) -> Generated:
    """Return a safetensors file of these tensors, in this order."""
    header: dict[str, object] = {"__metadata__": dict(metadata or {"format": "pt"})}
    at = 0
    for name, tensor in tensors.items():
        offsets = [at, at + tensor.size_bytes]
        header[name] = {
            "dtype": tensor.dtype,
            "shape": list(tensor.shape),
            "data_offsets": offsets,
        }
        at = offsets[1]
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    front = len(text).to_bytes(8, "little") + text
    starts, position = [], len(front)
    for tensor in tensors.values():
        starts.append(position)
        position += tensor.size_bytes
    return Generated(front, tuple(starts), tuple(tensors.values()))


def content_of(file: bytes | str | Path | Content) -> Content:
    """Return `file` as content: bytes or text literally, a path as what lies there."""
    if isinstance(file, str):
        file = file.encode()
    if isinstance(file, bytes):
        return Literal(file)
    return Stored(file) if isinstance(file, Path) else file
