"""Read the published study's model store (hpides/alsatian, `model_store.json`) into one
of ours. Its pickled layers are never opened; its state dicts are read as bytes.
"""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path, PurePosixPath

import pandas as pd

from core.errors import CorruptCheckpoint, NoWeights, PedigreeError, UsageError
from core.progress import Progress, silent
from core.snapshots.store.families import COLUMNS, Taken, taken
from core.snapshots.store.model_store import ModelStore
from core.weights.bounds import parse_json_object
from core.weights.source import FileSource

LISTING = "model_store.json"
LISTING_BYTES = 256 * 2**20
MAX_PATH, MAX_NAME = 4096, 255
"""What file systems allow a path and each name in it."""


def add_legacy_store(
    store: ModelStore, path: Path, progress: Progress = silent
) -> pd.DataFrame:
    """Add every model of a study's store, the folder or its `model_store.json`; a row
    a model.

    The listing names absolute paths of another machine: a file is looked for by the
    end of its path, under the listing's own folder, and nowhere else. Of each model
    the whole state dict is taken, as safetensors; files per layer repeat it. The study
    recorded no parents. Raises UsageError where there is no listing, CorruptCheckpoint
    for one of another shape.
    """
    listing = path / LISTING if path.is_dir() else path
    models = _listed(listing)
    rows = []
    for place, (id, fields) in enumerate(models.items()):
        progress(place / len(models), f"Adding {id}")
        rows.append(_add(store, id, fields, listing.parent))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _listed(listing: Path) -> Mapping[str, object]:
    if not listing.is_file():
        raise UsageError(listing, "does not exist", f"name the folder of {LISTING}")
    with closing(FileSource(listing)) as source:
        if source.size > LISTING_BYTES:
            raise CorruptCheckpoint(listing, f"has {source.size:,} bytes, too many")
        document = parse_json_object(str(listing), source.read(0, source.size))
    models = document.get("models")
    if not isinstance(models, dict):
        raise CorruptCheckpoint(listing, "lists no models")
    return models


def _add(store: ModelStore, id: str, fields: object, folder: Path) -> Taken:
    try:
        told = fields if isinstance(fields, dict) else {}
        file = _state_dict(id, told.get("save_path"), folder)
        lineage = {"origin": "study", "architecture_id": told.get("architecture_id")}
    except PedigreeError as error:
        return Taken(id, "failed", error.reason, str(error))
    return taken(store, id, file, lineage)


def _state_dict(id: str, told: object, folder: Path) -> Path:
    """Find a file by the longest end of its path that exists under `folder`."""
    is_path = isinstance(told, str) and len(told) <= MAX_PATH
    parts = PurePosixPath(told).parts if is_path else ()
    if (
        not parts
        or ".." in parts
        or any(len(part.encode()) > MAX_NAME for part in parts)
    ):
        raise CorruptCheckpoint(id, "names no file of weights")
    ends = (folder.joinpath(*parts[start:]) for start in range(len(parts)))
    inside = (end for end in ends if end.is_relative_to(folder))
    found = next((end for end in inside if end.is_file()), None)
    if found is None:
        raise NoWeights(id, f"lacks its file {parts[-1]!a}", "copy it to the listing")
    return found
