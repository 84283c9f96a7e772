"""A checkpoint of torch.save before 1.6: five pickles, then each storage as a count and
its raw bytes. Reads the front, never the weights.

Source: `torch/serialization.py`, `_legacy_save` (torch 2.15).
"""

from collections.abc import Mapping

from core.errors import CorruptCheckpoint, UnsupportedFormat
from core.weights.entry import ByteSource, TensorEntry
from core.weights.source import FrontReader
from core.weights.state_dict import StorageRange, state_dict, tensor_entries
from core.weights.torch_pickle import (
    MAX_PICKLE_BYTES,
    Storage,
    read_torch_pickle,
)

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001
FIRST_READ = 256 * 1024
COUNT_BYTES = 8


def read_torch_legacy(
    source: ByteSource, file: str
) -> tuple[list[TensorEntry], dict[str, str]]:
    """Read the entries of a checkpoint from before torch 1.6, in the order of its state
    dict.

    Asks the first 256 KiB, doubled until the pickles end. The lengths of the storages
    are those of the pickle and must reach exactly to the end of the file. Raises a
    CheckpointError.
    """
    front = FrontReader(source, first=FIRST_READ, limit=MAX_PICKLE_BYTES)
    _check_preamble(source, front)
    storages: dict[str, Storage] = {}
    document = read_torch_pickle(front, source.name, storages=storages)
    keys = read_torch_pickle(front, source.name)
    ranges = _storage_ranges(source, keys, storages, front.tell())
    _check_first_count(source, keys, storages, front)
    tensors = state_dict(document, source.name)
    return tensor_entries(source, file, tensors, lambda s: ranges[s.key]), {}


def _check_preamble(source: ByteSource, front: FrontReader) -> None:
    if read_torch_pickle(front, source.name) != MAGIC_NUMBER:
        raise UnsupportedFormat(source.name, "is a pickle, but not one of torch.save")
    if read_torch_pickle(front, source.name) != PROTOCOL_VERSION:
        raise UnsupportedFormat(source.name, "is of an unknown torch.save protocol")
    system = read_torch_pickle(front, source.name)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise UnsupportedFormat(source.name, "comes from a big-endian machine")


def _storage_ranges(
    source: ByteSource, keys: object, storages: Mapping[str, Storage], start: int
) -> dict[str, StorageRange]:
    """Lay the storages out in the order of their keys, from `start` to the end."""
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise CorruptCheckpoint(source.name, "lists no storages", "download it again")
    if set(keys) != set(storages):
        raise CorruptCheckpoint(source.name, "lists other storages than it uses")
    if len(keys) != len(storages):
        raise CorruptCheckpoint(source.name, "lists a storage twice")
    ranges = {}
    for key in keys:
        stop = start + COUNT_BYTES + storages[key].size_bytes
        ranges[key] = StorageRange(start + COUNT_BYTES, stop)
        start = stop
    if start != source.size:
        happened = f"has {source.size:,} bytes where its storages need {start:,}"
        raise CorruptCheckpoint(source.name, happened, "download it again")
    return ranges


def _check_first_count(
    source: ByteSource,
    keys: list[str],
    storages: Mapping[str, Storage],
    front: FrontReader,
) -> None:
    """Raise CorruptCheckpoint unless the first storage repeats its count; the others
    are not worth a read each.
    """
    count = int.from_bytes(front.read(COUNT_BYTES), "little")
    if keys and count != storages[keys[0]].elements:
        raise CorruptCheckpoint(source.name, "has a storage of another length")
