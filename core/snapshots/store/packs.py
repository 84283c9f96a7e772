"""Packs: safetensors files in which the store keeps pieces, each under its digest. A
pack never changes; a new one is there whole or not at all.
"""

import json
import os
import tempfile
from collections.abc import Iterable
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path

from core.errors import CacheError, CorruptCheckpoint
from core.snapshots.store.parts import Part
from core.snapshots.store.piece import Piece, Place
from core.weights.bounds import parse_json_object
from core.weights.entry import DTYPE_BITS, TensorEntry
from core.weights.safetensors import read_safetensors
from core.weights.source import FileSource

SUFFIX = ".safetensors"
UNFINISHED = ".unfinished-"
FLUSH_BYTES = 16 * 2**20
"""How much is written before it is flushed, while other threads hash what follows."""


def read_pack(path: Path) -> dict[str, Place]:
    """Return where each piece of a pack is, by digest. Raises CorruptCheckpoint when
    its header is damaged; the bytes of the pieces are not read.
    """
    with closing(FileSource(path)) as source:
        entries, notes = read_safetensors(source, path.name)
        length = int.from_bytes(source.read(0, 8), "little")
        header = source.read(8, 8 + length)
    if _pack_name(header) != path.name:
        raise CorruptCheckpoint(path, "is not the file that its name tells")
    return {entry.name: _place(path, entry, notes.get(entry.name)) for entry in entries}


def read_place(folder: Path, place: Place, start: int, stop: int) -> bytes:
    """Read the bytes [start, stop) of a piece as it is kept in its pack."""
    with closing(FileSource(folder / place.pack)) as source:
        return source.read(place.start + start, place.start + stop)


class PackWriter:
    """Writes pieces into a new pack of `folder`; a context manager that leaves nothing
    behind unless `finish` was called.

    `room` are the bytes kept free for the header (`header_room`). Raises CacheError
    when the disk refuses.
    """

    def __init__(self, folder: Path, room: int) -> None:
        self._folder, self._room = folder, room + -room % 8
        self._header: dict[str, object] = {}
        self._notes: dict[str, str] = {}
        self._size = self._unflushed = 0
        try:
            handle, name = tempfile.mkstemp(prefix=UNFINISHED, dir=folder)
            self._path, self._file = Path(name), os.fdopen(handle, "wb")
            self._file.seek(8 + self._room)
        except OSError as error:
            raise _refused(folder, error) from error

    def write(
        self, piece: Piece, content: bytes | memoryview, *, base: str | None = None
    ) -> None:
        """Append a piece: its own bytes, or what `encode` made of them and `base`."""
        dtype, shape = piece.dtype, piece.shape
        if base or dtype not in DTYPE_BITS:
            note = {"dtype": dtype, "shape": shape, "base": base}
            self._notes[piece.digest] = _text(note)
            dtype, shape = "U8", (len(content),)
        offsets = [self._size, self._size + len(content)]
        self._header[piece.digest] = {
            "dtype": dtype, "shape": shape, "data_offsets": offsets,
        }  # fmt: skip
        self._size += len(content)
        self._unflushed += len(content)
        try:
            self._file.write(content)
            if self._unflushed >= FLUSH_BYTES:
                self._flush()
        except OSError as error:
            raise _refused(self._folder, error) from error

    def finish(self) -> str | None:
        """Put the pack in its place and return its name; None where nothing was
        written.
        """
        if not self._header:
            return None
        if self._notes:
            self._header["__metadata__"] = self._notes
        text = _text(self._header).encode().ljust(self._room)
        assert len(text) == self._room, "header_room is too small"
        name = _pack_name(text)
        try:
            self._file.seek(0)
            self._file.write(self._room.to_bytes(8, "little") + text)
            self._flush()
            self._file.close()
            self._path.chmod(0o644)
            self._path.replace(self._folder / name)
            flush_folder(self._folder)
        except OSError as error:
            raise _refused(self._folder, error) from error
        return name

    def _flush(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._unflushed = 0

    def __enter__(self) -> "PackWriter":
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._file.close()
        with suppress(FileNotFoundError):
            self._path.unlink()


def header_room(pieces: Iterable[Piece | Part], *, with_notes: bool = False) -> int:
    """Return bytes that a pack's header takes at most when it holds `pieces`.

    Offsets have up to 15 digits; `with_notes` says that pieces may be coded.
    """
    room = 64
    for piece in pieces:
        told = len(piece.dtype) + len(_text(piece.shape))
        room += 140 + told
        if with_notes or piece.dtype not in DTYPE_BITS:
            room += 230 + told
    return room


def sweep(*folders: Path) -> None:
    """Delete what writers that were killed left behind; call it under the lock."""
    for folder in folders:
        for path in folder.glob(".*"):
            path.unlink(missing_ok=True)


def flush_folder(folder: Path) -> None:
    """Make sure that a folder's list of files is on disk."""
    if os.name == "nt":
        return  # Windows opens no folders; its renames are kept in its journal
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pack_name(header: bytes) -> str:
    return sha256(header).hexdigest()[:32] + SUFFIX


def _place(path: Path, entry: TensorEntry, note: str | None) -> Place:
    if note is None:
        return Place(path.name, entry.start, entry.stop, entry.dtype, entry.shape)
    told = parse_json_object(str(path), note.encode())
    dtype, shape, base = (told.get(key) for key in ("dtype", "shape", "base"))
    is_shape = isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape)
    is_coded = isinstance(base, str) and dtype in DTYPE_BITS
    if not isinstance(dtype, str) or not is_shape or not (is_coded or base is None):
        raise CorruptCheckpoint(path, f"describes piece {entry.name[:12]} wrongly")
    return Place(path.name, entry.start, entry.stop, dtype, tuple(shape), base)


def _text(document: object) -> str:
    return json.dumps(document, separators=(",", ":"))


def _refused(folder: Path, error: OSError) -> CacheError:
    reason = error.strerror or str(error)
    return CacheError(
        folder, f"cannot be written ({reason})", "free space or move the store"
    )
