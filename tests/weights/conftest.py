"""Builders of small weight files, as fixtures: by hand from the format's text, or by
the library that owns the format.
"""

import json
import struct
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest

from core.weights.array import read_tensor
from core.weights.checkpoint import read_entries
from core.weights.entry import Checkpoint, TensorEntry
from core.weights.source import BytesSource

GGUF_TYPES = {0: "B", 2: "H", 4: "I", 10: "Q"}


class CountingSource(BytesSource):
    """Memory that notes every range it is asked for."""

    def __init__(self, content: bytes, name: str = "counted") -> None:
        super().__init__(content, name)
        self.reads: list[tuple[int, int]] = []

    def read(self, start: int, stop: int) -> bytes:
        self.reads.append((start, stop))
        return super().read(start, stop)


def _safetensors(header: object, weights: bytes = b"", *, length: int | None = None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    claimed = len(text) if length is None else length
    return claimed.to_bytes(8, "little") + text + weights


def _torch(document: object, *, new_format: bool = True) -> bytes:
    import torch

    buffer = BytesIO()
    torch.save(document, buffer, _use_new_zipfile_serialization=new_format)
    return buffer.getvalue()


def _gguf_value(kind: int, value: object) -> bytes:
    if kind == 8:
        return struct.pack("<Q", len(value)) + value
    if kind == 9:
        inner, items = value
        body = b"".join(_gguf_value(inner, item) for item in items)
        return struct.pack("<IQ", inner, len(items)) + body
    return struct.pack("<" + GGUF_TYPES[kind], value)


def _gguf(
    tensors: list[tuple[bytes, tuple[int, ...], int, bytes]],
    metadata: list[tuple[bytes, int, object]] = (),
    *,
    version: int = 3,
    alignment: int = 32,
) -> bytes:
    """Write (name, dimensions fastest first, type, bytes) as docs/gguf.md says."""
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(metadata))
    for key, kind, value in metadata:
        head += _gguf_value(8, key) + struct.pack("<I", kind) + _gguf_value(kind, value)
    body = b""
    for name, dimensions, kind, content in tensors:
        body += b"\0" * (-len(body) % alignment)
        head += _gguf_value(8, name) + struct.pack("<I", len(dimensions))
        head += struct.pack(f"<{len(dimensions)}Q", *dimensions)
        head += struct.pack("<IQ", kind, len(body))
        body += content
    return head + b"\0" * (-len(head) % alignment) + body


def _checkpoint(content: bytes, file: str = "weights.bin") -> Checkpoint:
    source = BytesSource(content, file)
    format_, entries, metadata = read_entries(source, file)
    return Checkpoint(file, format_, tuple(entries), {file: source}, metadata)


def _arrays(checkpoint: Checkpoint) -> dict[str, np.ndarray]:
    return {entry.name: read_tensor(checkpoint, entry) for entry in checkpoint.entries}


@pytest.fixture
def counting_source() -> type[CountingSource]:
    """A source in memory that notes what it is asked for."""
    return CountingSource


@pytest.fixture
def safetensors_bytes() -> Callable[..., bytes]:
    """(header, weights, length=claimed) -> the bytes of a safetensors file."""
    return _safetensors


@pytest.fixture
def torch_bytes() -> Callable[..., bytes]:
    """(document, new_format=True) -> the bytes of torch.save."""
    return _torch


@pytest.fixture
def gguf_bytes() -> Callable[..., bytes]:
    """(tensors, metadata) -> the bytes of a GGUF file, by hand."""
    return _gguf


@pytest.fixture
def checkpoint_of() -> Callable[..., Checkpoint]:
    """(bytes, file name) -> a Checkpoint over memory."""
    return _checkpoint


@pytest.fixture
def arrays_of() -> Callable[[Checkpoint], dict[str, np.ndarray]]:
    """(checkpoint) -> its tensors by name."""
    return _arrays


@pytest.fixture(scope="session")
def pickled_tensors() -> dict[str, object]:
    """Tensors of every awkward kind that torch.save can write."""
    import torch

    plain = torch.arange(12.0).reshape(3, 4)
    named = torch.nn.Parameter(torch.ones(3))
    named.note = "a parameter with an attribute"
    return {
        "plain": plain,
        "transposed": plain.t(),
        "rows": plain[1:],
        "columns": plain[:, 1:3],
        "tied": plain,
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "attribute": named,
        "scalar": torch.tensor(3.0),
        "empty": torch.empty(0, 3),
        "expanded": torch.arange(5)[None, :].expand(2, -1),
        "half": torch.randn(4).half(),
        "bfloat16": torch.randn(4, dtype=torch.bfloat16),
        "double": torch.randn(2, dtype=torch.float64),
        "bool": torch.tensor([True, False]),
        "int8": torch.tensor([1, -2], dtype=torch.int8),
        "complex64": torch.randn(2, dtype=torch.complex64),
    }


def _in_memory(
    tensors: dict[str, tuple[str, np.ndarray]], name: str = "memory"
) -> Checkpoint:
    entries, content = [], b"\x00" * 3  # so that no tensor is aligned
    for key, (dtype, elements) in tensors.items():
        stop = len(content) + elements.nbytes
        entries.append(TensorEntry(key, dtype, elements.shape, len(content), stop))
        content += elements.tobytes()
    source = BytesSource(content, name)
    return Checkpoint(name, "safetensors", tuple(entries), {"": source})


@pytest.fixture
def in_memory():
    """Lay tensors {name: (dtype, bits)} out in memory, in order and unaligned."""
    return _in_memory
