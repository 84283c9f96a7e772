"""Read a whole store and tell what is damaged, and which models that touches."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from core.errors import PedigreeError
from core.snapshots.store.manifest import StoredModel, manifest_path, read_manifest
from core.snapshots.store.model_store import ModelStore
from core.snapshots.store.packs import flush_folder
from core.snapshots.store.piece import tensor_digest


@dataclass(frozen=True)
class Problem:
    """Something damaged: what, how, and the ids of the models that need it."""

    subject: str
    happened: str
    models: tuple[str, ...] = ()


COLUMNS = ("subject", "happened", "models")


def verify(store: ModelStore) -> pd.DataFrame:
    """Hash every piece and read every manifest; a row (COLUMNS) for each problem.

    Every bit of the store is read: headers are bound by the names of their packs,
    pieces by their digests, manifests by their own. Nothing is changed.
    """
    store.refresh(reread=True)
    problems = [Problem(name, told) for name, told in sorted(store.damaged.items())]
    models, unreadable = _manifests(store)
    problems += unreadable
    users = defaultdict(set)
    for model in models:
        for piece in model.pieces:
            users[piece.digest].add(model.id)
    for name, digest, happened in damaged_pieces(store):
        told = f"piece {digest[:12]} of {name}"
        problems.append(Problem(told, happened, tuple(sorted(users[digest]))))
    for digest in sorted(users.keys() - store.places.keys()):
        told = tuple(sorted(users[digest]))
        problems.append(Problem(f"piece {digest[:12]}", "is missing", told))
    return pd.DataFrame(problems, columns=list(COLUMNS))


def damaged_pieces(store: ModelStore) -> Iterator[tuple[str, str, str]]:
    """Yield pack, digest and what happened for each copy whose bytes are not those of
    its digest.
    """
    for name, places in sorted(store.copies().items()):
        for digest, place in places.items():
            try:
                content = store.decoded(place)
            except PedigreeError as error:
                yield name, digest, f"cannot be read ({error})"
                continue
            if tensor_digest(place.dtype, place.shape, content) != digest:
                yield name, digest, "does not have its digest"


def drop_damaged(store: ModelStore) -> int:
    """Take damaged copies, and packs whose header is damaged, out of the store, so
    that adding their models again mends it; return how many went.
    """
    with store.writing():
        store.refresh(reread=True)
        bad = defaultdict(set)
        for name, digest, _ in damaged_pieces(store):
            bad[name].add(digest)
        for name, digests in bad.items():
            store.rewrite(name, store.copies()[name].keys() - digests)
            (store.packs / name).unlink()
        for name in store.damaged:
            (store.packs / name).unlink()
        flush_folder(store.packs)
        dropped = sum(map(len, bad.values())) + len(store.damaged)
        store.refresh()
    return dropped


def _manifests(store: ModelStore) -> tuple[list[StoredModel], list[Problem]]:
    models, problems = [], []
    for path in store.manifests():
        try:
            model = read_manifest(path)
        except PedigreeError as error:
            problems.append(Problem(path.name, str(error)))
            continue
        models.append(model)
        if manifest_path(store.models_folder, model.id) != path:
            problems.append(Problem(path.name, "is under another name", (model.id,)))
    return models, problems
