"""Cut the weight files of a checkpoint into parts: its tensors, and what lies between
them. Reads nothing until a part is asked for.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path

import numpy as np

from core.errors import CorruptCheckpoint, UnsupportedFormat
from core.weights.array import read_tensor
from core.weights.entry import DTYPE_BITS, ByteSource, Checkpoint, TensorEntry

SIDE_SUFFIXES = (".json", ".md", ".txt", ".yaml", ".yml")
SIDE_BYTES = 16 * 2**20


@dataclass(frozen=True)
class Part:
    """A run of bytes that a file is made of; `read` fetches them."""

    name: str | None
    dtype: str
    shape: tuple[int, ...]
    size_bytes: int
    read: Callable[[], bytes | memoryview]


def is_pickled(checkpoint: Checkpoint) -> bool:
    """Whether a checkpoint's names come from a pickle: a torch file."""
    return any(entry.storage is not None for entry in checkpoint.entries)


def weight_parts(checkpoint: Checkpoint) -> dict[str, list[Part]]:
    """Return the parts of each weight file, by the name it is kept under.

    Concatenated they are the file, bit by bit; of a torch file they are a safetensors
    file with the same tensors. Raises UnsupportedFormat for tensors that safetensors
    cannot hold, and CorruptCheckpoint for ranges that overlap.
    """
    if is_pickled(checkpoint):
        kind = "adapter_model" if checkpoint.format == "adapter" else "model"
        return {f"{kind}.safetensors": _converted(checkpoint)}
    return {
        file: _covering(source, [e for e in checkpoint.entries if e.file == file])
        for file, source in checkpoint.sources.items()
    }


def side_parts(folder: Path, *, with_index: bool) -> dict[str, list[Part]]:
    """Return the small text files of a model folder: configuration, card, records.

    `with_index` says that a shard index still describes the weights. A link is followed
    only where the Hub's own cache puts its files: one to elsewhere would put that file
    into a store that may be shared.
    """
    found = {}
    for path in sorted(folder.iterdir()):
        is_side = path.name.endswith(SIDE_SUFFIXES) and not path.name.startswith(".")
        is_index = path.name.endswith(".index.json")
        if not is_side or not path.is_file() or (is_index and not with_index):
            continue
        if path.is_symlink() and not _is_own(path, folder):
            continue
        if path.stat().st_size <= SIDE_BYTES:
            found[path.name] = [_literal(path.read_bytes())]
    return found


def _is_own(link: Path, folder: Path) -> bool:
    """Whether a link leads to its own folder, or to the `blobs` beside `snapshots`, as
    in the cache of huggingface_hub.
    """
    here = folder.resolve()
    places = [here, *(parent / "blobs" for parent in here.parents[1:2])]
    return link.resolve().parent in places


def _covering(source: ByteSource, entries: Iterable[TensorEntry]) -> list[Part]:
    parts, mark = [], 0
    for entry in sorted(entries, key=lambda entry: (entry.start, entry.stop)):
        if entry.start < mark:
            happened = f"has overlapping ranges at tensor {entry.name!a}"
            raise CorruptCheckpoint(source.name, happened, "download it again")
        if entry.start > mark:
            parts.append(_between(source, mark, entry.start))
        read = partial(_read, source, entry.start, entry.stop)
        parts.append(Part(entry.name, entry.dtype, entry.shape, entry.size_bytes, read))
        mark = entry.stop
    if mark < source.size:
        parts.append(_between(source, mark, source.size))
    return parts


def _between(source: ByteSource, start: int, stop: int) -> Part:
    size = stop - start
    return Part(None, "U8", (size,), size, partial(_read, source, start, stop))


def _read(source: ByteSource, start: int, stop: int) -> memoryview:
    """Read a range without copying it once more, as `source.read` would."""
    content = memoryview(np.empty(stop - start, np.uint8))
    if stop > start:
        source.read_into(start, content)
    return content


def _literal(content: bytes) -> Part:
    return Part(None, "U8", (len(content),), len(content), lambda: content)


def _converted(checkpoint: Checkpoint) -> list[Part]:
    """Lay the tensors out as safetensors does: the widest dtype first."""
    for entry in checkpoint.entries:
        if entry.quantized or entry.dtype not in DTYPE_BITS:
            happened = f"stores {entry.name!a} as {entry.dtype}"
            raise UnsupportedFormat(checkpoint.name, happened, "store another file")
    entries = sorted(checkpoint.entries, key=lambda e: -DTYPE_BITS[e.dtype])
    tensors = [
        Part(
            entry.name, entry.dtype, entry.shape,
            prod(entry.shape) * DTYPE_BITS[entry.dtype] // 8,
            partial(_gathered, checkpoint, entry),
        )
        for entry in entries
    ]  # fmt: skip
    return [_literal(_header(tensors)), *tensors]


def _gathered(checkpoint: Checkpoint, entry: TensorEntry) -> bytes:
    return read_tensor(checkpoint, entry).tobytes()


def _header(tensors: Sequence[Part]) -> bytes:
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    for part, (start, stop) in zip(tensors, _offsets(tensors), strict=True):
        header[part.name or ""] = {
            "dtype": part.dtype,
            "shape": part.shape,
            "data_offsets": [start, stop],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _offsets(tensors: Iterable[Part]) -> Iterator[tuple[int, int]]:
    mark = 0
    for part in tensors:
        yield mark, mark + part.size_bytes
        mark += part.size_bytes
