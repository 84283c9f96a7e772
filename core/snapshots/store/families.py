"""Put whole families into a store: a base and everything made from it, from folders
beside it or from the Hub. A model that cannot be had is a row with its reason.
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pandas as pd

from core.derived.hub_child import HubChild, hub_children
from core.derived.local import folder_id, list_children
from core.errors import CorruptCheckpoint, PedigreeError, UsageError
from core.hub.checkpoint import describe, open_hub_checkpoint, root_files
from core.hub.client import HubClient
from core.hub.listing import list_derived
from core.hub.reader import HubSource
from core.hub.rows import RELATIONS, Relation
from core.progress import Progress, silent
from core.settings import Settings
from core.snapshots.store.add import add_model
from core.snapshots.store.manifest import manifest_path
from core.snapshots.store.model_store import ModelStore
from core.snapshots.store.origin import told_lineage
from core.snapshots.store.parts import SIDE_BYTES, SIDE_SUFFIXES

FETCH_BYTES = 8 * 2**20
COLUMNS = ("id", "status", "reason", "explanation")


@dataclass(frozen=True)
class Taken:
    """What became of one model: "added", "there" already, or "failed" and why."""

    id: str
    status: str
    reason: str | None = None
    explanation: str | None = None


def add_one(
    store: ModelStore, path: Path, *, id: str | None = None, replace: bool = False
) -> Taken:
    """Add a model folder or weight file, with what its record or card claims.

    Raises UsageError, a CheckpointError or CacheError when it cannot be had.
    """
    path = path.absolute()
    name = id or folder_id(path if path.is_dir() else path.with_suffix(""))
    is_there = manifest_path(store.models_folder, name).is_file()
    add_model(store, name, path, lineage=told_lineage(path), replace=replace)
    return Taken(name, "there" if is_there and not replace else "added")


def taken(store: ModelStore, id: str, path: Path, told: Mapping[str, object]) -> Taken:
    """Add a model of a family; what it cannot be had for is the row's reason."""
    is_there = manifest_path(store.models_folder, id).is_file()
    try:
        add_model(store, id, path, lineage=told)
    except PedigreeError as error:
        return Taken(id, "failed", error.reason, str(error))
    return Taken(id, "there" if is_there else "added")


def add_local_family(
    store: ModelStore, base: Path, progress: Progress = silent
) -> pd.DataFrame:
    """Add a base folder and all that is made from it, also from its children; a row
    (COLUMNS) a model.

    Children are the folders beside the base whose card or record names it, or names
    one that does. Raises UsageError where `base` is no folder.
    """
    found = dict(_local_family(base))
    root = folder_id(base.absolute())
    rows = []
    for place, (folder, parent) in enumerate(found.items()):
        progress(place / len(found), f"Adding {folder.name}")
        told = dict(told_lineage(folder))
        if "origin" not in told and parent:
            told |= {"base": root, "parent": parent}
        rows.append(taken(store, folder_id(folder), folder, told))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def add_hub_model(store: ModelStore, id: str, settings: Settings) -> Taken:
    """Download and add one model of the Hub, with what its card claims.

    Raises a HubError when the Hub does not describe it.
    """
    with HubClient(settings) as client:
        commit, files = describe(id, client)
        return _from_hub(store, HubChild(id, commit, tuple(files)), client, {})


def add_hub_family(
    store: ModelStore,
    base: str,
    settings: Settings,
    *,
    relations: tuple[Relation, ...] = RELATIONS,
    hops: int = 1,
    limit: int | None = None,
    progress: Progress = silent,
) -> pd.DataFrame:
    """Download and add a base of the Hub and its children; a row (COLUMNS) a model.

    A model whose commit is in the store already is not asked for again, so that a run
    that was stopped goes on. Raises a HubError when the base cannot be listed.
    """
    with HubClient(settings) as client:
        commit, files = describe(base, client)
        family = [HubChild(base, commit, tuple(files))]
        listing = list_derived(base, client, settings, relations=relations, hops=hops)
        family += hub_children(listing.models)[:limit]
        parents = dict(zip(listing.models["id"], listing.models["parent"], strict=True))
        rows = []
        for place, child in enumerate(family):
            progress(place / len(family), f"Adding {child.id}")
            told = {"base": base, "relation": child.card.relation}
            told |= {"parent": parents.get(child.id)}
            rows.append(_from_hub(store, child, client, told))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _local_family(base: Path) -> Iterator[tuple[Path, str | None]]:
    """Yield folders and the id of their parent, each folder once, parents first."""
    base = base.absolute()
    waiting: list[tuple[Path, str | None]] = [(base, None)]
    seen = {base}
    while waiting:
        folder, parent = waiting.pop(0)
        yield folder, parent
        for child in list_children(folder):
            if child.path not in seen:
                seen.add(child.path)
                waiting.append((child.path, folder_id(folder)))


def _from_hub(
    store: ModelStore, child: HubChild, client: HubClient, told: Mapping[str, object]
) -> Taken:
    if child.reason:
        return Taken(child.id, "failed", child.reason, str(child.problem))
    try:
        if store.model(child.id).lineage.get("revision") == child.sha:
            return Taken(child.id, "there")
    except UsageError:
        pass  # not in the store yet
    except PedigreeError as error:
        return Taken(child.id, "failed", error.reason, str(error))
    with tempfile.TemporaryDirectory(prefix="pedigree-") as place:
        try:
            _download(child, client, Path(place))
            told = {**told_lineage(Path(place)), **told, "revision": child.sha}
            add_model(store, child.id, Path(place), lineage=told, replace=True)
        except PedigreeError as error:
            return Taken(child.id, "failed", error.reason, str(error))
    return Taken(child.id, "added")


def _download(child: HubChild, client: HubClient, folder: Path) -> None:
    """Fetch the weights that would be compared, and the small text files."""
    own = root_files(child.files)
    with open_hub_checkpoint(
        child.id, client, revision=child.sha, files=child.files
    ) as opened:
        for name, source in opened.sources.items():
            _fetch(source, folder / name)
    for name in own:
        if name.endswith(SIDE_SUFFIXES) and not name.startswith("."):
            source = HubSource(client, child.id, child.sha, name)
            if source.size <= SIDE_BYTES:
                _fetch(source, folder / name)
            source.close()


def _fetch(source: HubSource, path: Path) -> None:
    digest = sha256()
    with path.open("wb") as file:
        for start in range(0, source.size, FETCH_BYTES):
            content = source.read(start, min(start + FETCH_BYTES, source.size))
            digest.update(content)
            file.write(content)
    if source.sha256 and source.sha256 != digest.hexdigest():
        happened = "is not the file that the Hub describes"
        raise CorruptCheckpoint(source.name, happened, "try again")
