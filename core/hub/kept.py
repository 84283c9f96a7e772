"""Listings as they are kept in the cache, and how one differs from the one before. Asks
nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from core.cache import (
    Provenance,
    read_json,
    read_provenance,
    safe_name,
    whole_file,
    write_json,
    write_provenance,
)
from core.errors import CacheError
from core.hub.names import repository_id
from core.hub.rows import LISTS, RELATIONS, Relation
from core.settings import Settings


@dataclass(frozen=True)
class Listing:
    """The models made from `base`, and how they differ from the listing before.

    `models` has the columns of `core.hub.rows.COLUMNS`, one row a model. `changed` are
    those with another commit than before, `gone` those that are listed no more. In a
    first listing all are `new`.
    """

    base: str
    models: pd.DataFrame
    listed_at: str
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def keep_listing(
    path: Path, base: str, models: pd.DataFrame, provenance: Provenance
) -> Listing:
    """Write a listing to `path`, in place of the one before, and return it with the
    difference.
    """
    changes = difference(_read(path), models)
    with whole_file(path) as temporary:
        models.to_parquet(temporary, index=False)
    write_json(_changes_path(path), changes)
    write_provenance(path, provenance)
    return Listing(base, models, provenance.fetched_at, **changes)


def last_listing(
    base: str,
    settings: Settings,
    *,
    relations: Sequence[Relation] = RELATIONS,
    hops: int = 1,
    ids: Sequence[str] | None = None,
) -> Listing | None:
    """Return the listing that is kept for the same question; None when there is none.

    Raises CacheError when it is damaged.
    """
    base = repository_id(base)
    path = listing_path(base, settings, relations=relations, hops=hops, ids=ids)
    models = _read(path)
    if models is None:
        return None
    provenance = read_provenance(path)
    found = read_json(_changes_path(path)) if _changes_path(path).exists() else {}
    changes = found if isinstance(found, dict) else {}
    named = {
        name: tuple(map(str, ids))
        for name in ("new", "gone", "changed")
        if isinstance(ids := changes.get(name), list)
    }
    return Listing(base, models, provenance.fetched_at if provenance else "", **named)


def listing_path(
    base: str,
    settings: Settings,
    *,
    relations: Sequence[Relation] = RELATIONS,
    hops: int = 1,
    ids: Sequence[str] | None = None,
) -> Path:
    """Return the file under the cache root in which a listing is kept."""
    asked = sorted(set(relations)) if ids is None else ["ids", *sorted(set(ids))]
    key = " ".join([base, *asked, str(hops), settings.hub_endpoint])
    return settings.cache_root / "hub" / f"{safe_name(key)}.parquet"


def difference(
    before: pd.DataFrame | None, now: pd.DataFrame
) -> dict[str, tuple[str, ...]]:
    """Return the ids that are new, gone and changed (another commit), sorted.

    >>> was = pd.DataFrame({"id": ["a", "b"], "sha": ["1", "1"]})
    >>> now = pd.DataFrame({"id": ["b", "c"], "sha": ["2", "1"]})
    >>> difference(was, now)
    {'new': ('c',), 'gone': ('a',), 'changed': ('b',)}
    """
    old = {} if before is None else dict(zip(before["id"], before["sha"], strict=True))
    new = dict(zip(now["id"], now["sha"], strict=True))
    return {
        "new": tuple(sorted(new.keys() - old.keys())),
        "gone": tuple(sorted(old.keys() - new.keys())),
        "changed": tuple(sorted(id for id in new.keys() & old if new[id] != old[id])),
    }


def _read(path: Path) -> pd.DataFrame | None:
    if not path.exists():
        return None
    try:
        models = pd.read_parquet(path)
        for name in LISTS:
            models[name] = models[name].map(list)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CacheError(path, f"cannot be read ({error})", "delete it") from error
    return models


def _changes_path(path: Path) -> Path:
    return path.with_name(path.name + ".changes.json")
