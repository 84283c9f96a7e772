"""What a store holds and what it takes: bytes as published, once, and on disk."""

from dataclasses import dataclass

from core.snapshots.store.model_store import ModelStore


@dataclass(frozen=True)
class StoreUsage:
    """Counts of a store. `published_bytes` are all files as they were added,
    `once_bytes` each distinct piece once, `disk_bytes` every file of the store,
    `coded_bytes` what compressed pieces take instead of `decoded_bytes`.
    """

    models: int
    files: int
    tensors: int
    unique_tensors: int
    published_bytes: int
    once_bytes: int
    disk_bytes: int
    coded_tensors: int
    coded_bytes: int
    decoded_bytes: int


def usage(store: ModelStore) -> StoreUsage:
    """Count a store. Raises CacheError for a damaged manifest."""
    models = store.models()
    once = {piece.digest: piece.size_bytes for m in models for piece in m.pieces}
    tensors = [piece.digest for m in models for piece in m.tensors.values()]
    places = (store.places.get(digest) for digest in once)
    coded = [place for place in places if place and place.base]
    return StoreUsage(
        models=len(models),
        files=sum(len(model.files) for model in models),
        tensors=len(tensors),
        unique_tensors=len(set(tensors)),
        published_bytes=sum(model.size_bytes for model in models),
        once_bytes=sum(once.values()),
        disk_bytes=_disk_bytes(store),
        coded_tensors=len(coded),
        coded_bytes=sum(place.stored_bytes for place in coded),
        decoded_bytes=sum(place.size_bytes for place in coded),
    )


def _disk_bytes(store: ModelStore) -> int:
    files = (path for path in store.folder.rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files)
