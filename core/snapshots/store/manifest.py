"""A stored model as JSON: its files as lists of pieces, and its lineage. A manifest
carries its own SHA-256, so that a flipped bit is found here too.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from core.cache import read_json, safe_name, write_bytes
from core.errors import CacheError
from core.snapshots.store.piece import Piece
from core.weights.shards import is_plain_file_name

VERSION = 1
DAMAGED = "add the model again"


@dataclass(frozen=True)
class StoredFile:
    """One file as the pieces whose bytes, one after the other, are the file."""

    name: str
    pieces: tuple[Piece, ...]

    @property
    def size_bytes(self) -> int:
        """The size of the whole file."""
        return sum(piece.size_bytes for piece in self.pieces)


@dataclass(frozen=True)
class StoredModel:
    """One model of the store.

    `files` are exported under their names. `lineage` tells where the model comes from
    (`parent`, `base`, `retrain_index`, `dataset`, `seed`, `metrics` ..., as far as it
    is known). `format` is the weight file's as it was added; a torch file, which is a
    pickle, is kept as safetensors.
    """

    id: str
    files: tuple[StoredFile, ...]
    format: str
    added_at: str
    lineage: Mapping[str, object] = field(default_factory=dict)

    @property
    def pieces(self) -> Iterator[Piece]:
        """All pieces of all files."""
        return (piece for file in self.files for piece in file.pieces)

    @property
    def tensors(self) -> dict[str, Piece]:
        """The tensors by name, in file order; their digests tell equal ones."""
        return {piece.name: piece for piece in self.pieces if piece.name is not None}

    @property
    def size_bytes(self) -> int:
        """The size of all files, as exported."""
        return sum(file.size_bytes for file in self.files)


def manifest_path(folder: Path, id: str) -> Path:
    """Return the file that keeps the model `id`."""
    return folder / f"{safe_name(id)}.json"


def write_manifest(folder: Path, model: StoredModel) -> None:
    """Write a model, whole or not at all. Raises CacheError when the disk refuses."""
    document = {
        "version": VERSION,
        "id": model.id,
        "format": model.format,
        "added_at": model.added_at,
        "lineage": model.lineage,
        "files": [
            {"name": f.name, "pieces": [_row(piece) for piece in f.pieces]}
            for f in model.files
        ],
    }
    text = _text(document)
    sealed = {"sha256": sha256(text).hexdigest(), "model": document}
    write_bytes(manifest_path(folder, model.id), _text(sealed))


def read_manifest(path: Path) -> StoredModel:
    """Read a model. Raises CacheError when the file is damaged or newer."""
    sealed = read_json(path)
    document = sealed.get("model") if isinstance(sealed, dict) else None
    if not isinstance(document, dict) or not set(sealed) == {"sha256", "model"}:
        raise CacheError(path, "is not a model of the store", DAMAGED)
    if sha256(_text(document)).hexdigest() != sealed["sha256"]:
        raise CacheError(path, "does not have its own SHA-256", DAMAGED)
    if document.get("version") != VERSION:
        raise CacheError(path, "was written by a newer version", "update Pedigree")
    try:
        return _model(document)
    except (KeyError, TypeError, ValueError) as error:
        raise CacheError(path, "lacks fields", DAMAGED) from error


def _model(document: Mapping[str, object]) -> StoredModel:
    files = tuple(
        StoredFile(file["name"], tuple(_piece(row) for row in file["pieces"]))
        for file in document["files"]
    )
    if not all(is_plain_file_name(file.name) for file in files):
        raise ValueError("a file name leaves its folder")
    named = (document[key] for key in ("id", "format", "added_at", "lineage"))
    id, format_, added_at, lineage = named
    if not all(isinstance(text, str) for text in (id, format_, added_at)):
        raise TypeError("a field is no text")
    if not isinstance(lineage, dict):
        raise TypeError("a lineage is no object")
    return StoredModel(id, files, format_, added_at, lineage)


def _row(piece: Piece) -> list[object]:
    return [piece.digest, piece.dtype, piece.shape, piece.size_bytes, piece.name]


def _piece(row: list[object]) -> Piece:
    digest, dtype, shape, size_bytes, name = row
    is_text = isinstance(digest, str) and isinstance(dtype, str)
    is_size = all(type(n) is int and 0 <= n < 2**63 for n in (size_bytes, *shape))
    if not is_text or not is_size or not isinstance(name, str | None):
        raise ValueError("a piece is described wrongly")
    return Piece(digest, dtype, tuple(shape), size_bytes, name)


def _text(document: object) -> bytes:
    """Write JSON that is the same for the same document."""
    plain = json.dumps(document, allow_nan=False, separators=(",", ":"), sort_keys=True)
    return plain.encode()
