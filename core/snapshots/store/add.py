"""Put models into a store: hash every tensor, write those that are new."""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from core.cache import now_utc
from core.errors import CacheError, UsageError
from core.snapshots.store.manifest import (
    StoredFile,
    StoredModel,
    manifest_path,
    read_manifest,
    write_manifest,
)
from core.snapshots.store.model_store import ModelStore
from core.snapshots.store.packs import PackWriter, header_room
from core.snapshots.store.parts import Part, is_pickled, side_parts, weight_parts
from core.snapshots.store.piece import Piece, tensor_digest
from core.weights.checkpoint import open_checkpoint

AHEAD_BYTES = 256 * 2**20
"""How many bytes are read ahead of the writer; one tensor may be larger."""

Parts = Mapping[str, list[Part]]


def add_model(
    store: ModelStore,
    id: str,
    path: Path,
    *,
    lineage: Mapping[str, object] | None = None,
    replace: bool = False,
    workers: int = 2,
) -> StoredModel:
    """Put a weight file or model folder into the store under `id`.

    Tensors that are there already are not written again, nor is a model that is; a
    `lineage` of None leaves the one that is known. Raises UsageError when `id` is
    another model (unless `replace`), a CheckpointError for weights that cannot be
    read, and CacheError.
    """
    with open_checkpoint(path) as checkpoint, store.writing():
        parts: Parts = weight_parts(checkpoint)
        if path.is_dir():
            with_index = not is_pickled(checkpoint)
            parts = side_parts(path, with_index=with_index) | parts
        there = _there(store, id)
        if there and not replace and _sizes(there) != _part_sizes(parts):
            raise _taken(id)
        files = _write_parts(store, parts, workers)
        if there and not replace and there.files != files:
            raise _taken(id)
        known = there.lineage if there else {}
        told = known if lineage is None else _plain(lineage)
        if there and (there.files, there.lineage) == (files, told):
            return there
        model = StoredModel(id, files, checkpoint.format, now_utc(), told)
        write_manifest(store.models_folder, model)
        return model


def _plain(lineage: Mapping[str, object]) -> Mapping[str, object]:
    """Return a lineage as JSON tells it back; NaN becomes None."""
    return json.loads(json.dumps(dict(lineage)), parse_constant=lambda name: None)


def _there(store: ModelStore, id: str) -> StoredModel | None:
    """Return the model of that id; a damaged manifest is mended by adding again."""
    path = manifest_path(store.models_folder, id)
    with suppress(CacheError):
        return read_manifest(path) if path.is_file() else None
    return None


def _write_parts(
    store: ModelStore, parts: Parts, workers: int
) -> tuple[StoredFile, ...]:
    every = [part for file in parts.values() for part in file]
    pieces: list[Piece] = []
    written: set[str] = set()
    room = header_room(every)
    with PackWriter(store.packs, room) as pack, ThreadPoolExecutor(workers) as pool:
        for piece, content in _hashed(every, pool):
            pieces.append(piece)
            if piece.digest not in store.places and piece.digest not in written:
                pack.write(piece, content)
                written.add(piece.digest)
        pack.finish()
    store.refresh()
    rest = iter(pieces)
    return tuple(
        StoredFile(name, tuple(next(rest) for _ in file))
        for name, file in parts.items()
    )


def _hashed(
    parts: Iterable[Part], pool: ThreadPoolExecutor
) -> Iterator[tuple[Piece, bytes | memoryview]]:
    """Read and hash parts in threads, in order, AHEAD_BYTES at a time."""
    waiting, held = deque(), 0
    for part in parts:
        while waiting and held + part.size_bytes > AHEAD_BYTES:
            piece, content = waiting.popleft().result()
            held -= piece.size_bytes
            yield piece, content
        waiting.append(pool.submit(_read_and_hash, part))
        held += part.size_bytes
    while waiting:
        yield waiting.popleft().result()


def _read_and_hash(part: Part) -> tuple[Piece, bytes | memoryview]:
    content = part.read()
    digest = tensor_digest(part.dtype, part.shape, content)
    return Piece(digest, part.dtype, part.shape, len(content), part.name), content


def _sizes(model: StoredModel) -> dict[str, int]:
    return {file.name: file.size_bytes for file in model.files}


def _part_sizes(parts: Parts) -> dict[str, int]:
    return {name: sum(p.size_bytes for p in file) for name, file in parts.items()}


def _taken(id: str) -> UsageError:
    remedy = "choose another name, or --replace it"
    return UsageError(id, "is another model of the store", remedy)
