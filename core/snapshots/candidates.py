"""Snapshots that can be searched: those of a store, or of a folder of model folders.
What each tensor holds is known by its digest before any weight is read.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import CorruptCheckpoint, PedigreeError, UsageError
from core.snapshots.architecture import Architecture, architecture_of
from core.snapshots.lineage import RECORD, list_snapshots
from core.snapshots.store.manifest import StoredModel
from core.snapshots.store.model_store import ModelStore
from core.snapshots.store.piece import Piece, tensor_digest
from core.snapshots.store.stored_source import StoredSource, open_stored
from core.strict_json import strict_json
from core.transfer.state import to_state
from core.weights.array import read_tensor
from core.weights.checkpoint import open_checkpoint
from core.weights.entry import Checkpoint, TensorEntry

if TYPE_CHECKING:
    import torch

MAX_RECORD_BYTES = 16 * 2**20
LINEAGE = ("base", "parent", "retrain_index", "dataset", "metrics")


@dataclass(frozen=True)
class Candidate:
    """One snapshot: its architecture, its tensors by digest, and how to open them.

    `lineage` is what its record tells of its origin.
    """

    id: str
    architecture: Architecture
    pieces: Mapping[str, Piece]
    open: Callable[[], Checkpoint]
    lineage: Mapping[str, object]

    def read(self, names: Collection[str]) -> "dict[str, torch.Tensor]":
        """Return those of the named tensors that it has; nothing is unpickled."""
        wanted = frozenset(names)
        with self.open() as checkpoint:
            entries = tuple(e for e in checkpoint.entries if e.name in wanted)
            return to_state(replace(checkpoint, entries=entries))


@dataclass(frozen=True)
class Candidates:
    """What can be searched, by id, and why the rest of the place cannot."""

    found: tuple[Candidate, ...]
    failures: Mapping[str, str]


def find_candidates(place: Path) -> Candidates:
    """Return the snapshots of a model store, or of a folder that holds their folders.

    A model without a readable record of its architecture is a failure with its reason.
    Raises UsageError where there is nothing at all.
    """
    if (place / "store.json").is_file():
        store = ModelStore(place)
        every = {model.id: partial(_stored, store, model) for model in store.models()}
    else:
        every = {one.id: partial(_in_folder, place) for one in list_snapshots(place)}
        every = {id: partial(read, id) for id, read in every.items()}
    if not every:
        remedy = "generate or train some, or name another folder"
        raise UsageError(place, "holds no snapshots", remedy)
    found, failures = [], {}
    for id in sorted(every):
        try:
            found.append(every[id]())
        except PedigreeError as error:
            failures[id] = str(error)
    return Candidates(tuple(found), failures)


def _stored(store: ModelStore, model: StoredModel) -> Candidate:
    files = {file.name: file for file in model.files}
    if RECORD not in files or files[RECORD].size_bytes > MAX_RECORD_BYTES:
        happened = f"has no {RECORD} that tells its architecture"
        raise UsageError(model.id, happened, "add it as a folder")
    source = StoredSource(store, model.id, files[RECORD])
    content = source.read(0, source.size)
    opens = partial(open_stored, store, model.id)
    return _candidate(model.id, content, model.tensors, opens)


def _in_folder(place: Path, id: str) -> Candidate:
    opens = partial(open_checkpoint, place / id)
    with opens() as checkpoint:
        pieces = {e.name: _piece(checkpoint, e) for e in checkpoint.entries}
    return _candidate(id, (place / id / RECORD).read_bytes(), pieces, opens)


def _piece(checkpoint: Checkpoint, entry: TensorEntry) -> Piece:
    content = read_tensor(checkpoint, entry).tobytes()
    digest = tensor_digest(entry.dtype, entry.shape, content)
    return Piece(digest, entry.dtype, entry.shape, len(content), entry.name)


def _candidate(
    id: str,
    content: bytes,
    pieces: Mapping[str, Piece],
    opens: Callable[[], Checkpoint],
) -> Candidate:
    try:
        record = strict_json(content)
        architecture = architecture_of(record["architecture"])
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptCheckpoint(f"{RECORD} of {id}", "cannot be read") from error
    lineage = {name: record.get(name) for name in LINEAGE}
    return Candidate(id, architecture, pieces, opens, lineage)
