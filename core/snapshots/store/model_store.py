"""The model store: a folder of packs and manifests that many processes may read and
write at once. Knows no networks and no training.

    store.json          what this folder is
    packs/              safetensors files, each tensor under the hash of what it is
    models/             one manifest a model: its files as lists of hashes, its lineage

Writers take turns by a lock that dies with its process. A pack is on disk before the
manifest that needs it, so that after a power cut a model is there whole or not at all;
what was written for nothing is used by the next run, or goes with `collect`.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from core.cache import read_json, write_json
from core.errors import CacheError, CorruptCheckpoint, PedigreeError, UsageError
from core.snapshots.store.coding import decode
from core.snapshots.store.manifest import (
    StoredModel,
    manifest_path,
    read_manifest,
)
from core.snapshots.store.packs import (
    SUFFIX,
    PackWriter,
    flush_folder,
    header_room,
    read_pack,
    read_place,
    sweep,
)
from core.snapshots.store.piece import Piece, Place, tensor_digest

MARKER = {"format": "pedigree-store", "version": 1}


class ModelStore:
    """A folder that keeps models; `places` says where each piece is, by digest.

    `damaged` names packs whose header cannot be read, with the reason. `create` makes
    the folder. Raises UsageError where there is no store, CacheError for a newer one.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self.folder = folder
        self.packs, self.models_folder = folder / "packs", folder / "models"
        self._pieces_of: dict[str, dict[str, Place]] = {}
        self.places: dict[str, Place] = {}
        self.damaged: dict[str, str] = {}
        if create:
            self._create()
        _check(folder)
        self.refresh()

    def refresh(self, *, reread: bool = False) -> None:
        """Learn what other processes wrote or deleted; packs that are known already are
        read again only on request, for they never change.
        """
        there = {path.name for path in self.packs.glob(f"*{SUFFIX}")}
        self.damaged = {}
        if reread or self._pieces_of.keys() - there:
            kept = set() if reread else there
            known = {n: p for n, p in self._pieces_of.items() if n in kept}
            self.places, self._pieces_of = {}, {}
            for name, places in known.items():
                self._learn(name, places)
        for name in sorted(there - self._pieces_of.keys()):
            try:
                self._learn(name, read_pack(self.packs / name))
            except PedigreeError as error:
                self.damaged[name] = str(error)

    def _learn(self, name: str, places: dict[str, Place]) -> None:
        """Know a pack; of several copies of a piece the smallest is the one to read."""
        self._pieces_of[name] = places
        for digest, place in places.items():
            known = self.places.get(digest, place)
            self.places[digest] = min(known, place, key=_preference)

    def copies(self) -> Mapping[str, Mapping[str, Place]]:
        """Return what every readable pack holds, by its name and by digest."""
        return self._pieces_of

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the store against other writers, with `places` as of now.

        Raises CacheError where the folder cannot be written.
        """
        lock = FileLock(self.folder / ".lock")
        try:
            lock.acquire()
        except OSError as error:
            happened = f"cannot be locked ({error.strerror or error})"
            raise CacheError(self.folder, happened, "check its permissions") from error
        try:
            sweep(self.packs, self.models_folder)
            self.refresh()
            yield
        finally:
            lock.release()

    def models(self) -> list[StoredModel]:
        """Return all models by id. Raises CacheError for a damaged manifest."""
        found = [read_manifest(path) for path in self.manifests()]
        return sorted(found, key=lambda model: model.id)

    def manifests(self) -> list[Path]:
        """Return the files that describe models."""
        return sorted(self.models_folder.glob("[!.]*.json"))

    def model(self, id: str) -> StoredModel:
        """Return one model. Raises UsageError for an id that is not there."""
        path = manifest_path(self.models_folder, id)
        if not path.is_file():
            remedy = "`store list` names those that are"
            raise UsageError(id, "is not in the store", remedy)
        return read_manifest(path)

    def remove(self, id: str) -> None:
        """Take a model out; its bytes go with the next `collect`."""
        self.model(id)
        with self.writing():
            manifest_path(self.models_folder, id).unlink(missing_ok=True)
            flush_folder(self.models_folder)

    def content(self, digest: str) -> bytes:
        """Return the bytes of a piece, as its file has them; not checked.

        Raises CorruptCheckpoint where they are missing or cannot be decoded.
        """
        try:
            return self.decoded(self.place(digest))
        except UsageError:  # its pack was written anew since `places` was read
            self.refresh()
            return self.decoded(self.place(digest))

    def checked(self, piece: Piece) -> bytes:
        """Return the bytes of a piece. Raises CorruptCheckpoint unless they have its
        digest.
        """
        content = self.content(piece.digest)
        if tensor_digest(piece.dtype, piece.shape, content) != piece.digest:
            happened = f"is damaged (piece {piece.digest[:12]})"
            raise CorruptCheckpoint(self.folder, happened, "run `store verify`")
        return content

    def place(self, digest: str) -> Place:
        """Return where a piece is. Raises CorruptCheckpoint for one that is lost."""
        if digest not in self.places:
            self.refresh()
        if digest not in self.places:
            happened = f"lacks piece {digest[:12]}"
            raise CorruptCheckpoint(self.folder, happened, "add its model again")
        return self.places[digest]

    def stored(self, place: Place, start: int, stop: int) -> bytes:
        """Return the bytes [start, stop) of a piece as they are in its pack."""
        return read_place(self.packs, place, start, stop)

    def decoded(self, place: Place) -> bytes:
        """Return the bytes of the piece at a place. Raises CorruptCheckpoint where they
        cannot be decoded.
        """
        packed = self.stored(place, 0, place.stored_bytes)
        if place.base is None:
            return packed
        base = self.place(place.base)
        if base.base is not None:
            happened = f"codes piece {place.base[:12]} that others are coded against"
            raise CorruptCheckpoint(self.folder, happened)
        whole = self.stored(base, 0, base.stored_bytes)
        try:
            return decode(place.dtype, packed, whole)
        except ValueError as error:
            happened = f"cannot decode a piece of {place.pack} ({error})"
            raise CorruptCheckpoint(self.folder, happened) from error

    def rewrite(self, pack: str, keep: Collection[str]) -> str | None:
        """Write the named pieces of a pack into a new one, as they are kept, and return
        its name; the old one stays. Call it while `writing`.
        """
        places = {d: p for d, p in self._pieces_of[pack].items() if d in keep}
        pieces = [Piece(d, p.dtype, p.shape, p.size_bytes) for d, p in places.items()]
        room = header_room(pieces, with_notes=True)
        with PackWriter(self.packs, room) as writer:
            for piece, place in zip(pieces, places.values(), strict=True):
                content = self.stored(place, 0, place.stored_bytes)
                writer.write(piece, content, base=place.base)
            return writer.finish()

    def _create(self) -> None:
        try:
            for folder in (self.packs, self.models_folder):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or str(error)
            happened = f"cannot be made ({reason})"
            raise CacheError(self.folder, happened, "choose another folder") from error
        if not (self.folder / "store.json").exists():
            write_json(self.folder / "store.json", MARKER)


def _preference(place: Place) -> tuple[int, str]:
    return place.stored_bytes, place.pack


def _check(folder: Path) -> None:
    marker = folder / "store.json"
    if not marker.is_file():
        raise UsageError(folder, "is no model store", "make one with `store add`")
    found = read_json(marker)
    if found != MARKER:
        happened = "is a store of another version, or damaged"
        raise CacheError(marker, happened, "update Pedigree")
