"""A file of the store as a source of bytes, so that whatever reads checkpoints reads
stored models without exporting them; and the export.
"""

from bisect import bisect_right
from contextlib import suppress
from itertools import accumulate
from pathlib import Path

from core.cache import whole_file
from core.errors import CorruptCheckpoint, UsageError
from core.snapshots.store.manifest import StoredFile, StoredModel
from core.snapshots.store.model_store import ModelStore
from core.snapshots.store.piece import Piece
from core.weights.checkpoint import open_weights, pick_weights
from core.weights.entry import Checkpoint
from core.weights.source import check_range


class StoredSource:
    """One file of a stored model; its pieces are read from the packs as asked for."""

    def __init__(self, store: ModelStore, id: str, file: StoredFile) -> None:
        self.name = f"{id}/{file.name}"
        self.size = file.size_bytes
        self._store, self._pieces = store, file.pieces
        self._starts = [0, *accumulate(piece.size_bytes for piece in file.pieces)]
        self._decoded: tuple[str, bytes] = ("", b"")

    def read(self, start: int, stop: int) -> bytes:
        """Return exactly the bytes [start, stop), or raise CorruptCheckpoint."""
        check_range(self, start, stop)
        found, at = bytearray(), bisect_right(self._starts, start) - 1
        while len(found) < stop - start:
            begin, piece = self._starts[at], self._pieces[at]
            upto = min(stop - begin, piece.size_bytes)
            found += self._part(piece, max(start - begin, 0), upto)
            at += 1
        return bytes(found)

    def read_into(self, start: int, buffer: memoryview) -> None:
        """Fill `buffer` with the bytes from `start`, or raise CorruptCheckpoint."""
        buffer.cast("B")[:] = self.read(start, start + buffer.nbytes)

    def close(self) -> None:
        """Forget the piece that was decoded last."""
        self._decoded = ("", b"")

    def _part(self, piece: Piece, start: int, stop: int) -> bytes:
        place = self._store.place(piece.digest)
        if place.size_bytes != piece.size_bytes:
            happened = f"has another size than piece {piece.digest[:12]}"
            raise CorruptCheckpoint(self.name, happened, "run `store verify`")
        if place.base is None:
            with suppress(UsageError):  # the pack was written anew meanwhile
                return self._store.stored(place, start, stop)
        if self._decoded[0] != piece.digest:
            self._decoded = (piece.digest, self._store.content(piece.digest))
        return self._decoded[1][start:stop]


def open_stored(store: ModelStore, id: str) -> Checkpoint:
    """Open the weights of a stored model, as `open_checkpoint` opens a file's.

    Raises UsageError for an id that is not there, and a CheckpointError.
    """
    model = store.model(id)
    files = {file.name: file for file in model.files}
    picked = pick_weights(files, id)
    return open_weights(
        id, picked, files, lambda name: StoredSource(store, id, files[name])
    )


def export(store: ModelStore, id: str, folder: Path) -> StoredModel:
    """Write the files of a model into `folder`, bit by bit as they were added.

    Every piece is checked against its digest first; each file is written whole or not
    at all. Raises UsageError for an id that is not there, and CorruptCheckpoint.
    """
    model = store.model(id)
    for file in model.files:
        with whole_file(folder / file.name) as temporary, temporary.open("wb") as out:
            for piece in file.pieces:
                out.write(store.checked(piece))
    return model
