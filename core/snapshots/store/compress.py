"""Compress the changed tensors of a store against their base, where that pays.

Adding does not compress, so that it runs at the speed of hashing; this is a second
pass. A base is kept as it is, so that decoding reads two pieces and never a chain.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from core.progress import Progress, silent
from core.snapshots.store.coding import encode
from core.snapshots.store.collect import collect
from core.snapshots.store.manifest import StoredModel
from core.snapshots.store.model_store import ModelStore
from core.snapshots.store.packs import PackWriter, header_room
from core.snapshots.store.piece import Piece
from core.weights.entry import DTYPE_BITS

LEAST_BYTES = 4096
MOST_RATIO = 0.9
"""What does not get a tenth smaller stays as it is and is read without decoding."""


@dataclass(frozen=True)
class Compressed:
    """What a pass did: tensors tried and coded, and the latter's bytes before and
    after.
    """

    tried: int
    coded: int
    before_bytes: int
    after_bytes: int


def compress(store: ModelStore, progress: Progress = silent) -> Compressed:
    """Code every changed tensor of a model whose base is in the store, where that makes
    it a tenth smaller; then free the copies that were coded.

    A pass that is killed loses nothing: what it coded is kept, the next run goes on.
    Raises CacheError for a damaged manifest.
    """
    tried, done = 0, []
    with store.writing():
        models = {model.id: model for model in store.models()}
        bases = _bases(store, models)
        for place, model in enumerate(models.values()):
            progress(place / len(models), f"Compressing {model.id}")
            pairs = list(_pairs(store, model, models, bases))
            tried += len(pairs)
            done += _code(store, pairs)
            store.refresh()
    collect(store)
    return Compressed(
        tried, len(done), sum(b for b, _ in done), sum(a for _, a in done)
    )


def base_of(model: StoredModel, models: dict[str, StoredModel]) -> StoredModel | None:
    """Return the stored model at the root of a model's line, or else its parent."""
    for key in ("base", "parent"):
        id = model.lineage.get(key)
        if isinstance(id, str) and id != model.id and id in models:
            return models[id]
    return None


def _bases(store: ModelStore, models: dict[str, StoredModel]) -> set[str]:
    """Return the digests of all tensors that others are, or may be, coded against."""
    roots = {root.id for m in models.values() if (root := base_of(m, models))}
    used = {place.base for place in store.places.values() if place.base}
    return used | {p.digest for id in roots for p in models[id].tensors.values()}


def _pairs(
    store: ModelStore,
    model: StoredModel,
    models: dict[str, StoredModel],
    bases: set[str],
) -> Iterator[tuple[Piece, Piece]]:
    root = base_of(model, models)
    there = root.tensors if root else {}
    seen = set()
    for name, piece in model.tensors.items():
        base = there.get(name)
        is_alike = base and (base.dtype, base.shape) == (piece.dtype, piece.shape)
        if not is_alike or piece.digest in bases | seen:
            continue
        if piece.dtype not in DTYPE_BITS or piece.size_bytes < LEAST_BYTES:
            continue
        places = store.place(piece.digest), store.place(base.digest)
        if not any(place.base for place in places):
            seen.add(piece.digest)
            yield piece, base


def _code(store: ModelStore, pairs: list[tuple[Piece, Piece]]) -> list[tuple[int, int]]:
    room = header_room((piece for piece, _ in pairs), with_notes=True)
    sizes = []
    with PackWriter(store.packs, room) as pack:
        for piece, base in pairs:
            content = store.checked(piece)
            packed = encode(piece.dtype, content, store.checked(base))
            if len(packed) <= MOST_RATIO * len(content):
                pack.write(piece, packed, base=base.digest)
                sizes.append((len(content), len(packed)))
        pack.finish()
    return sizes
