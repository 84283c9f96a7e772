"""One source fetched anew: what is taken, what is refused, and what changed by it.

Nothing worse replaces something good: a document that cannot be read, or that lost
most of its rows, leaves the kept copy in place and a sentence that says why.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal

import pandas as pd

from core.cache import now_utc
from core.errors import MissingTool, SourceChanged
from core.settings import Settings
from core.tables.acceptance import check_tables
from core.tables.drift import Drift, drift, no_drift
from core.tables.history import remember, remember_first
from core.tables.kept import (
    Kept,
    KeptDocument,
    frame,
    keep,
    kept_content,
    read_kept,
    readings_of,
)
from core.tables.schema import tidy
from core.tables.source import Joined, Reading, Source
from core.tables.visit import Visit, Visitor

State = Literal["read", "not modified", "failed"]


@dataclass(frozen=True)
class Refresh:
    """What came of one source.

    `drift` is from what was known to what was read: from the installed package for
    torchvision, else from the kept copy. `failures` say what was not read, and why.
    """

    source: str
    state: State
    checked_at: str
    rows: int
    drift: Drift
    visits: tuple[Visit, ...] = ()
    failures: tuple[str, ...] = ()

    @property
    def bytes_read(self) -> int:
        """How many bytes of documents were taken from the network."""
        return sum(len(visit.content) for visit in self.visits)


def update(
    source: Source,
    settings: Settings,
    visitor: Visitor,
    *,
    accept: bool,
    tell: Callable[[float, str], None],
) -> Refresh:
    """Visit every document of a source and keep what is good.

    Raises CacheError when the disk refuses, and what `tell` raises to stop.
    """
    kept = read_kept(source.name, settings)
    whole = _whole(source.name, kept, settings)
    visits = tuple(_visits(source, whole, settings, visitor, tell))
    now = now_utc()
    taken = {one.key: _document(one) for one in visits if one.outcome == "read"}
    documents = {
        one.key: taken.get(one.key) or whole.documents[one.key]
        for one in visits
        if one.key in taken or one.key in whole.documents
    }
    notes = tuple(_note(one, whole, now) for one in visits if one.outcome == "failed")
    state = replace(whole, documents=documents, checked_at=now, failures=notes)
    try:
        is_silent = all(one.outcome in ("failed", "absent") for one in visits)
        if is_silent or not _has_required(source, state):
            return _failed(source, kept, visits, _reasons(visits), now, settings)
        return _taken(source, kept, state, visits, settings, accept=accept)
    except (SourceChanged, MissingTool) as error:
        return _failed(source, kept, visits, (str(error),), now, settings)


def _visits(
    source: Source,
    kept: Kept,
    settings: Settings,
    visitor: Visitor,
    tell: Callable[[float, str], None],
) -> list[Visit]:
    tell(0.0, f"{source.title}: looking")
    visits, names = [], None
    if source.listing:
        visits = [visitor.visit(source.listing, kept.documents.get(source.listing.key))]
        names = _names(source, visits[0], kept, settings)
    documents = source.documents(names)
    for at, document in enumerate(documents):
        tell(at / len(documents), f"{source.title}: {document.key}")
        visits.append(visitor.visit(document, kept.documents.get(document.key)))
    return visits


def _names(
    source: Source, visit: Visit, kept: Kept, settings: Settings
) -> list[str] | None:
    """Return the files that the listing names: the new one, else the kept one."""
    if visit.rows is not None:
        return list(visit.rows["name"])
    held = kept.documents.get(visit.key)
    content = kept_content(source.name, held, settings) if held else None
    return list(source.listing.read(content, held.url)["name"]) if content else None


def _taken(
    source: Source,
    kept: Kept,
    state: Kept,
    visits: tuple[Visit, ...],
    settings: Settings,
    *,
    accept: bool,
) -> Refresh:
    old = frame(source, settings)
    known = source.baseline(settings) if source.baseline else old
    new = {one.key: one for one in visits if one.outcome == "read"}
    if old is not None and not new and state.fingerprint == kept.fingerprint:
        found = drift(known, old, source.rounding) if source.baseline else no_drift()
        keep(source.name, replace(state, said=found.sentence), {}, None, settings)
        return _refresh(source, "not modified", state, old, found, visits)
    joined = _joined(source, state, new, settings)
    models = joined.models
    if old is not None and not accept:
        check_tables(source.title, old, models)
    found = drift(tidy([]) if known is None else known, models, source.rounding)
    tables = models["table"].value_counts(sort=False).to_dict()
    state = replace(state, tables=tables, said=found.sentence)
    contents = {key: visit.content for key, visit in new.items()}
    keep(source.name, state, contents, joined, settings)
    before = known if old is None else old
    if before is None:
        remember_first(source.name, state.checked_at, models, settings)
    else:
        since = drift(before, models, source.rounding)
        remember(source.name, state.checked_at, since, settings)
    return _refresh(source, "read", state, models, found, visits)


def _refresh(
    source: Source,
    outcome: State,
    state: Kept,
    models: pd.DataFrame,
    found: Drift,
    visits: tuple[Visit, ...],
) -> Refresh:
    return Refresh(
        source=source.name,
        state=outcome,
        checked_at=state.checked_at,
        rows=len(models),
        drift=found,
        visits=visits,
        failures=_reasons(visits),
    )


def _joined(
    source: Source, state: Kept, new: Mapping[str, Visit], settings: Settings
) -> Joined:
    """Join the new documents with the kept ones that did not change."""
    unchanged = {key: one for key, one in state.documents.items() if key not in new}
    readings = readings_of(source, replace(state, documents=unchanged), settings) or {}
    for key, visit in new.items():
        readings[key] = Reading(visit.rows, visit.url, visit.revision, visit.fetched_at)
    listing = source.listing.key if source.listing else ""
    ordered = [key for key in state.documents if key in readings and key != listing]
    return source.join({key: readings[key] for key in ordered})


def _failed(
    source: Source,
    kept: Kept,
    visits: tuple[Visit, ...],
    reasons: Sequence[str],
    now: str,
    settings: Settings,
) -> Refresh:
    more = f" So did {len(reasons) - 1} more of its files." if reasons[1:] else ""
    said = f"The refresh of {now} failed: {reasons[0]}{more}" if reasons else ""
    state = replace(kept, failures=(said,) if said else ())
    keep(source.name, state, {}, None, settings)
    rows = sum(kept.tables.values())
    return Refresh(source.name, "failed", now, rows, no_drift(), visits, tuple(reasons))


def _reasons(visits: Sequence[Visit]) -> tuple[str, ...]:
    failed = (one.reason for one in visits if one.outcome == "failed")
    return tuple(dict.fromkeys(failed))


def _has_required(source: Source, state: Kept) -> bool:
    names = set(state.documents)
    listing = {source.listing.key} if source.listing else set()
    required = {one.key for one in source.documents(None) if one.is_required}
    return required <= names and bool(names - listing)


def _document(visit: Visit) -> KeptDocument:
    return KeptDocument(
        key=visit.key,
        url=visit.url,
        revision=visit.revision,
        fetched_at=visit.fetched_at,
        sha256=sha256(visit.content).hexdigest(),
        rows=len(visit.rows),
    )


def _whole(name: str, kept: Kept, settings: Settings) -> Kept:
    """Forget kept documents whose file is damaged, so that they are fetched anew."""
    documents = {
        key: one
        for key, one in kept.documents.items()
        if kept_content(name, one, settings) is not None
    }
    return replace(kept, documents=documents)


def _note(visit: Visit, kept: Kept, now: str) -> str:
    held = kept.documents.get(visit.key)
    stays = f" The copy of {held.fetched_at} stays." if held else ""
    return f"The refresh of {now} failed for {visit.key}: {visit.reason}{stays}"
