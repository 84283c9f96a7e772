"""The state dict in a torch checkpoint, as entries over the bytes of its storages.
Knows no container format.
"""

from collections.abc import Callable, Iterator, Mapping
from math import prod
from typing import NamedTuple

from core.errors import CorruptCheckpoint, NoWeights
from core.weights.bounds import is_tensor_name
from core.weights.entry import ByteSource, TensorEntry
from core.weights.torch_pickle import QUANTIZED_BITS, Storage, TensorView, item_size

SMALL_BYTES = 16 * 1024 * 1024
MAX_NESTING = 16
WRAPPER_KEYS = ("state_dict", "model_state_dict", "model", "module", "net", "weights")


class StorageRange(NamedTuple):
    """Where the bytes of a storage are, and their CRC32 when it is known."""

    start: int
    stop: int
    crc32: int | None = None


def state_dict(document: object, name: str) -> dict[str, TensorView]:
    """Find the tensors of a checkpoint, also inside {"state_dict": {...}} and the like.

    Raises NoWeights, naming the file `name`, when there are none.

    >>> state_dict({"epoch": 3}, "last.ckpt")
    Traceback (most recent call last):
    core.errors.NoWeights: last.ckpt holds no tensors; choose another file.
    """
    found = dict(_named_tensors(_unwrapped(document), "", set()))
    if not found:
        raise NoWeights(name, "holds no tensors", "choose another file")
    if not all(map(is_tensor_name, found)):
        raise CorruptCheckpoint(name, "holds a tensor whose name cannot be printed")
    return found


def tensor_entries(
    source: ByteSource,
    file: str,
    tensors: Mapping[str, TensorView],
    locate: Callable[[Storage], StorageRange],
) -> list[TensorEntry]:
    """Turn tensors into entries, in the order of the state dict.

    `locate` finds a storage's bytes in the source. Raises CorruptCheckpoint when a
    tensor leaves its storage, or when expanded tensors claim far more than the file.
    """
    entries = []
    claimed = 0
    for name, tensor in tensors.items():
        entry = _entry(source, file, name, tensor, locate(tensor.storage))
        size_bytes = entry.elements * item_size(tensor.dtype)
        claimed += size_bytes
        if size_bytes > max(source.size, SMALL_BYTES):
            raise CorruptCheckpoint(source.name, f"expands tensor {name!a} too far")
        entries.append(entry)
    if claimed > 64 * max(source.size, SMALL_BYTES):
        raise CorruptCheckpoint(source.name, "shows its storages too many times")
    return entries


def _entry(
    source: ByteSource, file: str, name: str, tensor: TensorView, bytes_: StorageRange
) -> TensorEntry:
    size = item_size(tensor.dtype)
    reach = 0
    if prod(tensor.shape):
        steps = zip(tensor.shape, tensor.strides, strict=True)
        reach = 1 + sum((length - 1) * stride for length, stride in steps)
    skipped = tensor.storage.offset * item_size(tensor.storage.dtype)
    start = bytes_.start + skipped + tensor.offset * size
    stop = start + reach * size
    if reach and stop > bytes_.stop:
        raise CorruptCheckpoint(source.name, f"has tensor {name!a} outside its storage")
    if not reach:
        start = stop = bytes_.start
    dense = is_contiguous(tensor.shape, tensor.strides)
    whole = dense and (start, stop) == (bytes_.start, bytes_.stop)
    return TensorEntry(
        name,
        tensor.dtype,
        tensor.shape,
        start,
        stop,
        file,
        strides=None if dense else tensor.strides,
        storage=f"{file}:{tensor.storage.key}",
        crc32=bytes_.crc32 if whole and stop > start else None,
        quantized=tensor.dtype if tensor.dtype in QUANTIZED_BITS else None,
    )


def is_contiguous(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """Say whether elements lie in row-major order without gaps, as torch defines it.

    >>> is_contiguous((2, 3), (3, 1)), is_contiguous((2, 3), (1, 2))
    (True, False)
    """
    if not prod(shape):
        return True
    expected = 1
    for length, stride in zip(reversed(shape), reversed(strides), strict=True):
        if length != 1 and stride != expected:
            return False
        expected *= length
    return True


def _unwrapped(document: object) -> object:
    """Step into wrappers, at most four deep, until a dict holds tensors itself."""
    for _ in range(4):
        if not isinstance(document, dict) or _holds_tensors(document):
            return document
        inner = (document[key] for key in WRAPPER_KEYS if key in document)
        document = next((item for item in inner if isinstance(item, dict)), document)
    return document


def _holds_tensors(document: dict[object, object]) -> bool:
    return any(isinstance(value, TensorView) for value in document.values())


def _named_tensors(
    document: object, prefix: str, seen: set[int]
) -> Iterator[tuple[str, TensorView]]:
    """Yield the tensors under nested dicts, each dict once, by their dotted names."""
    if not isinstance(document, dict) or id(document) in seen or len(prefix) > 1000:
        return
    seen.add(id(document))
    for key, value in document.items():
        if isinstance(value, TensorView) and isinstance(key, str | int):
            yield f"{prefix}{key}", value
        elif isinstance(key, str) and prefix.count(".") < MAX_NESTING:
            yield from _named_tensors(value, f"{prefix}{key}.", seen)
