"""A snapshot on disk: weights, configuration and card in a folder, and where it comes
from. `snapshots.json` beside the folders tells the lineage of all. Reads no weights.
"""

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml
from filelock import FileLock

from core.cache import flush, now_utc, read_json, safe_name, write_bytes, write_json
from core.errors import CacheError, UsageError
from core.snapshots.architecture import Architecture, architecture_of, config_document
from core.transfer.preprocess import to_transformers
from core.weights.shards import is_plain_file_name

if TYPE_CHECKING:
    import torch

Origin = Literal["base", "drawn", "trained"]

VERSION = 1
WEIGHTS, RECORD, LISTING = "model.safetensors", "snapshot.json", "snapshots.json"
UNFINISHED = ".unfinished"
MAX_RECORD_BYTES = 16 * 2**20


@dataclass(frozen=True)
class Snapshot:
    """Where one snapshot comes from; ids are folder names.

    `base` is the root of its family, `parent` what it was made from (None for a base).
    `retrain_index` is None where a mask was trained, `retrained` names the blocks in
    forward order. `classes` names the answers (empty: features only), `dataset` is
    what it was trained on with its hash, `recipe` how, `metrics` what was measured.
    `weights_digest` is of names, dtypes, shapes and bytes.
    """

    id: str
    base: str
    parent: str | None
    origin: Origin
    architecture: Mapping[str, Any]
    seed: int
    weights_digest: str
    retrain_index: int | None = None
    retrained: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    dataset: Mapping[str, Any] | None = None
    recipe: Mapping[str, Any] | None = None
    metrics: Mapping[str, Any] | None = None
    made_at: str = field(default_factory=now_utc)

    @property
    def built(self) -> Architecture:
        """The architecture as it can be built."""
        return architecture_of(self.architecture)


def write_snapshot(
    root: Path,
    snapshot: Snapshot,
    state: Mapping[str, "torch.Tensor"],
    *,
    listed: bool = True,
) -> Path:
    """Write the folder of a snapshot, whole or not at all, and list it.

    A folder of the same id is replaced. Raises CacheError when the disk refuses.
    """
    folder, unfinished = root / snapshot.id, root / UNFINISHED / f"{snapshot.id}.new"
    try:
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(unfinished.with_suffix(".writing.lock")):
            _write_folder(unfinished, snapshot, state)
            shutil.rmtree(folder, ignore_errors=True)
            unfinished.rename(folder)
    except OSError as error:
        reason = error.strerror or str(error)
        remedy = "free space or choose another folder"
        raise CacheError(folder, f"cannot be written ({reason})", remedy) from error
    if listed:
        write_listing(root)
    return folder


def read_snapshot(folder: Path) -> Snapshot:
    """Read the record of one folder. Raises CacheError when it is damaged or newer."""
    path = folder / RECORD
    if path.is_file() and path.stat().st_size > MAX_RECORD_BYTES:
        raise CacheError(path, "is larger than 16 MiB", "make it again")
    document = read_json(path)
    known = {f.name for f in fields(Snapshot)}
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise CacheError(folder / RECORD, "is not of this version", "make it again")
    values = {key: value for key, value in document.items() if key in known}
    try:
        for key in ("retrained", "classes"):
            values[key] = tuple(map(str, values.get(key) or ()))
        found = Snapshot(**values)
        _check_types(found)
    except (TypeError, ValueError) as error:
        raise CacheError(folder / RECORD, "lacks fields", "make it again") from error
    return found


def _check_types(found: Snapshot) -> None:
    """Raise TypeError or ValueError for fields that no snapshot of ours has."""
    texts = (found.id, found.base, found.origin, found.weights_digest, found.made_at)
    tables = (found.dataset, found.recipe, found.metrics)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a field is no text")
    if not all(isinstance(table, dict | None) for table in tables):
        raise TypeError("a field is no table")
    if not isinstance(found.architecture, dict) or type(found.seed) is not int:
        raise TypeError("the architecture or the seed is none")
    if not isinstance(found.parent, str | None):
        raise TypeError("the parent is no text")
    if not isinstance(found.retrain_index, int | None):
        raise TypeError("the retrain index is no number")
    if not is_plain_file_name(found.id):
        raise ValueError("the id is a path")


def list_snapshots(root: Path) -> list[Snapshot]:
    """Return the snapshots of a folder, bases first, then by id.

    What is half written is not among them; a damaged record is passed over.
    """
    found = []
    for path in sorted(root.glob(f"*/{RECORD}")):
        is_whole = (path.parent / WEIGHTS).is_file()
        if path.parent.name.startswith(".") or not is_whole:
            continue
        with suppress(CacheError):
            found.append(read_snapshot(path.parent))
    return sorted(found, key=lambda snapshot: snapshot.parent is not None)


def write_listing(root: Path) -> Path:
    """Write `snapshots.json` anew from the folders; two writers take turns."""
    path = root / LISTING
    with FileLock(root / f".{LISTING}.lock"):
        snapshots = [asdict(snapshot) for snapshot in list_snapshots(root)]
        write_json(path, {"version": VERSION, "snapshots": snapshots})
    return path


def own_seed(seed: int, name: str) -> int:
    """Derive the seed of one snapshot from the seed of all.

    >>> own_seed(0, "a") != own_seed(0, "b") == own_seed(0, "b")
    True
    """
    from hashlib import sha256

    return int.from_bytes(sha256(f"{seed}/{name}".encode()).digest()[:4])


def check_name(name: str) -> str:
    """Return `name` if it can be a folder. Raises UsageError for any other."""
    if safe_name(name) != name:
        raise UsageError(
            f"Name {name!a}", "cannot be a folder", f"use {safe_name(name)}"
        )
    return name


def _write_folder(
    folder: Path, snapshot: Snapshot, state: Mapping[str, "torch.Tensor"]
) -> None:
    from safetensors.torch import save_file

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    tensors = {name: tensor.contiguous() for name, tensor in state.items()}
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    flush(folder / WEIGHTS)
    classes = len(snapshot.classes) or 1
    write_json(folder / "config.json", config_document(snapshot.built, classes))
    seen = to_transformers(snapshot.built.preprocess)
    write_json(folder / "preprocessor_config.json", seen)
    write_bytes(folder / "README.md", _card(snapshot).encode())
    write_json(folder / RECORD, asdict(snapshot) | {"version": VERSION})


def _card(snapshot: Snapshot) -> str:
    """Write the model card: front matter as on the Hub, then what was done."""
    front: dict[str, Any] = {"library_name": snapshot.built.library}
    if snapshot.parent:
        front |= {"base_model": snapshot.parent, "base_model_relation": "finetune"}
    if snapshot.dataset:
        front["datasets"] = [snapshot.dataset["name"]]
    front["tags"] = ["vision", "pedigree-snapshot"]
    made = {
        "base": "The base of a family of snapshots.",
        "drawn": f"Made from `{snapshot.parent}`: these blocks were drawn anew.",
        "trained": f"Made from `{snapshot.parent}`: these blocks were trained.",
    }[snapshot.origin]
    lines = [f"- Retrained: {', '.join(snapshot.retrained) or 'nothing'}"]
    lines += [f"- Seed: {snapshot.seed}"]
    if snapshot.metrics:
        lines += [f"- Measured: {json.dumps(snapshot.metrics)}"]
    text = "\n".join(lines)
    return f"---\n{yaml.safe_dump(front)}---\n\n# {snapshot.id}\n\n{made}\n\n{text}\n"
