"""Free what no model of a store needs any more. Deletes nothing while it cannot read
every manifest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.errors import CacheError
from core.snapshots.store.model_store import ModelStore
from core.snapshots.store.packs import flush_folder
from core.snapshots.store.piece import Place


@dataclass(frozen=True)
class Collected:
    """What a collection did: pieces that went, bytes that are free again, and packs
    left as they are because their header cannot be read.
    """

    pieces: int
    freed_bytes: int
    unreadable: tuple[str, ...] = ()


def collect(store: ModelStore) -> Collected:
    """Delete every copy of a piece that no model needs, and all copies but one of the
    others.

    What stays of a pack is on disk in a new one before the old one goes, so that a run
    that is killed loses nothing and the next one ends in the same packs. Raises
    CacheError when a manifest is damaged, for then nobody knows what is needed.
    """
    with store.writing():
        before = _disk_bytes(store)
        keep = _kept_by_pack(store)
        held = {name: set(places) for name, places in store.copies().items()}
        written = set()
        for name in sorted(held):
            if keep[name] and keep[name] != held[name]:
                written.add(store.rewrite(name, keep[name]))
        for name in sorted(held):
            if keep[name] != held[name] and name not in written:
                (store.packs / name).unlink()
        flush_folder(store.packs)
        pieces = sum(len(held[name] - keep[name]) for name in held)
        store.refresh()
        freed = before - _disk_bytes(store)
        return Collected(pieces, freed, tuple(sorted(store.damaged)))


def needed(store: ModelStore) -> set[str]:
    """Return the digests that the models need, bases of coded pieces included.

    Raises CacheError for a damaged manifest.
    """
    wanted = {piece.digest for model in store.models() for piece in model.pieces}
    places = (store.places.get(digest) for digest in wanted)
    return wanted | {place.base for place in places if place and place.base}


def _kept_by_pack(store: ModelStore) -> dict[str, set[str]]:
    """Decide which pack keeps which piece: the smallest copy, in the pack that has
    least to lose.
    """
    wanted = needed(store)
    copies = store.copies()
    waste = {name: len(places.keys() - wanted) for name, places in copies.items()}
    keep: dict[str, set[str]] = {name: set() for name in copies}
    claimed: dict[str, tuple[int, int, str]] = {}
    for name, places in copies.items():
        for digest in places.keys() & wanted:
            rank = (places[digest].stored_bytes, waste[name], name)
            claimed[digest] = min(claimed.get(digest, rank), rank)
    for digest, (_, _, name) in claimed.items():
        keep[name].add(digest)
    _check_bases(keep, copies)
    return keep


def _check_bases(
    keep: Mapping[str, Iterable[str]], copies: Mapping[str, Mapping[str, Place]]
) -> None:
    """Raise CacheError unless every base that is kept is stored as it is."""
    kept = {
        digest: copies[name][digest]
        for name, digests in keep.items()
        for digest in digests
    }
    for digest, place in kept.items():
        if place.base and (place.base not in kept or kept[place.base].base):
            happened = f"lacks the base of piece {digest[:12]}"
            raise CacheError("The store", happened, "run `store verify`")


def _disk_bytes(store: ModelStore) -> int:
    return sum((store.packs / name).stat().st_size for name in store.copies())
