"""The index of a checkpoint that is split over several files. Knows names, no bytes of
weights.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from core.errors import CorruptCheckpoint
from core.weights.bounds import MAX_TENSORS, parse_json_object
from core.weights.entry import ByteSource, TensorEntry

MAX_INDEX_BYTES = 64 * 1024 * 1024
MAX_SHARDS = 10_000


@dataclass(frozen=True)
class ShardIndex:
    """Which shard holds which tensor; `shards` in the order of their names."""

    weight_map: Mapping[str, str]
    metadata: Mapping[str, str]

    @property
    def shards(self) -> tuple[str, ...]:
        """The names of the shard files."""
        return tuple(sorted(set(self.weight_map.values())))


def read_index(source: ByteSource) -> ShardIndex:
    """Read a `*.index.json`. Raises CorruptCheckpoint when it is damaged, too large, or
    names a shard outside its own folder.
    """
    if source.size > MAX_INDEX_BYTES:
        raise _corrupt(source, f"has {source.size:,} bytes, too many for an index")
    document = parse_json_object(source.name, source.read(0, source.size))
    weight_map, metadata = document.get("weight_map"), document.get("metadata", {})
    if not isinstance(weight_map, dict) or not 0 < len(weight_map) <= MAX_TENSORS:
        raise _corrupt(source, "has no weight_map")
    for shard in weight_map.values():
        if not isinstance(shard, str) or not is_plain_file_name(shard):
            raise _corrupt(source, f"names a shard outside its folder ({shard!a:.80})")
    index = ShardIndex(weight_map, _texts(metadata))
    if len(index.shards) > MAX_SHARDS:
        raise _corrupt(source, f"names more than {MAX_SHARDS:,} shards")
    return index


def is_plain_file_name(name: str) -> bool:
    r"""Say whether a name stays in its folder on every system.

    >>> is_plain_file_name("model-00001-of-00002.safetensors")
    True
    >>> [is_plain_file_name(name) for name in ("../a", "/a", "a\\b", "C:a", "..", "")]
    [False, False, False, False, False, False]
    """
    return name not in ("", ".", "..") and not set(name) & set('/\\:\0"<>|?*')


def check_shards(source: ByteSource, index: ShardIndex, files: Collection[str]) -> None:
    """Raise CorruptCheckpoint, naming the first shard that is not among `files`."""
    for shard in index.shards:
        if shard not in files:
            raise _corrupt(source, f"lists {shard!a}, which is missing")


def merge_shards(
    source: ByteSource, index: ShardIndex, entries: Iterable[TensorEntry]
) -> tuple[TensorEntry, ...]:
    """Keep of the shards' entries those that the index assigns to their shard.

    Raises CorruptCheckpoint when a tensor of the index is in none.
    """
    placed = {(entry.name, entry.file): entry for entry in entries}
    for name, shard in index.weight_map.items():
        if (name, shard) not in placed:
            raise _corrupt(source, f"places {name!a} in {shard}, which lacks it")
    return tuple(
        entry
        for entry in placed.values()
        if index.weight_map.get(entry.name) == entry.file
    )


def _texts(metadata: object) -> dict[str, str]:
    """Keep the plain values of the index's metadata, as text (`total_size`)."""
    if not isinstance(metadata, dict):
        return {}
    plain = (str, int, float)
    return {key: str(word) for key, word in metadata.items() if isinstance(word, plain)}


def _corrupt(source: ByteSource, happened: str) -> CorruptCheckpoint:
    return CorruptCheckpoint(source.name, happened, "download the model again")
