"""The last good copy of every source under cache/tables: documents as they came, the
tables they join into, and what the last refresh said.

`state.json` is written last and names everything else by content, so that a refresh
that is killed leaves the copy before it.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

import pandas as pd

from core.cache import read_json, whole_file, write_bytes, write_json
from core.errors import CacheError, SourceChanged
from core.settings import Settings
from core.tables.schema import COLUMNS, SCHEMA_VERSION, typed
from core.tables.source import Joined, Reading, Source

MODELS = "models"


@dataclass(frozen=True)
class KeptDocument:
    """One document on disk: where and when it was read, and how many rows it has.

    `revision` is what a conditional request asks with.
    """

    key: str
    url: str
    revision: str
    fetched_at: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class Kept:
    """What is kept of one source; `failures` are of the last refresh, in sentences."""

    documents: Mapping[str, KeptDocument] = field(default_factory=dict)
    tables: Mapping[str, int] = field(default_factory=dict)
    checked_at: str = ""
    said: str = ""
    failures: tuple[str, ...] = ()

    @property
    def fetched_at(self) -> str:
        """When the newest document came."""
        return max((one.fetched_at for one in self.documents.values()), default="")

    @property
    def fingerprint(self) -> str:
        """A name for exactly these documents, read by this version of the schema."""
        parts = [
            f"{one.key} {one.url} {one.revision} {one.fetched_at} {one.sha256}"
            for one in self.documents.values()
        ]
        content = "\n".join([str(SCHEMA_VERSION), *sorted(parts)])
        return sha256(content.encode()).hexdigest()[:12]


def read_kept(name: str, settings: Settings) -> Kept:
    """Return what is kept of a source; an absent or damaged state keeps nothing."""
    path = _folder(name, settings) / "state.json"
    if not path.exists():
        return Kept()
    with suppress(CacheError, TypeError, ValueError, AttributeError, KeyError):
        state = read_json(path)
        documents = {k: KeptDocument(**one) for k, one in state["documents"].items()}
        failures = tuple(map(str, state.pop("failures")))
        return Kept(**state | {"documents": documents, "failures": failures})
    return Kept()


def kept_content(name: str, document: KeptDocument, settings: Settings) -> bytes | None:
    """Return a document as it came, None where the file is gone or damaged."""
    try:
        content = _body(name, document.sha256, settings).read_bytes()
    except OSError:
        return None
    return content if sha256(content).hexdigest() == document.sha256 else None


def keep(
    name: str,
    kept: Kept,
    contents: Mapping[str, bytes],
    joined: Joined | None,
    settings: Settings,
) -> None:
    """Write new documents and tables, then the state that makes them the kept ones.

    `contents` are the new documents by key; `joined` is None where nothing changed.
    Raises CacheError when the disk refuses.
    """
    for key, content in contents.items():
        write_bytes(_body(name, kept.documents[key].sha256, settings), content)
    if joined is not None:
        _write_frames(name, kept, joined, settings)
    write_json(_folder(name, settings) / "state.json", _plain(kept))
    _forget_others(name, kept, settings)


def frame(
    source: Source, settings: Settings, which: str = MODELS
) -> pd.DataFrame | None:
    """Return one of the frames kept of a source, None where there is none.

    Where the Parquet copy is absent, damaged or of an older schema, the kept
    documents are read and joined again.
    """
    found = _frame_of(source, read_kept(source.name, settings), settings, which)
    if found is None:
        # A refresh beside us may have replaced what the state named.
        found = _frame_of(source, read_kept(source.name, settings), settings, which)
    return found


def _frame_of(
    source: Source, kept: Kept, settings: Settings, which: str
) -> pd.DataFrame | None:
    if not kept.documents:
        return None
    found = _read_frame(_frame_path(source.name, kept, which, settings), which)
    if found is not None:
        return found
    joined = _joined_again(source, kept, settings)
    if joined is None:
        return None
    # The tables are at hand; a cache that cannot be written only costs time.
    with suppress(CacheError):
        _write_frames(source.name, kept, joined, settings)
    return joined.models if which == MODELS else joined.others.get(which)


def readings_of(
    source: Source, kept: Kept, settings: Settings
) -> dict[str, Reading] | None:
    """Read the kept documents again, None where one of them cannot be."""
    readers = {one.key: one.read for one in source.documents(list(kept.documents))}
    readings = {}
    for key, document in kept.documents.items():
        if source.listing and key == source.listing.key:
            continue
        content = kept_content(source.name, document, settings)
        if content is None or key not in readers:
            return None
        try:
            rows = readers[key](content, document.url)
        except SourceChanged:
            return None
        readings[key] = Reading(
            rows, document.url, document.revision, document.fetched_at
        )
    return readings


def _joined_again(source: Source, kept: Kept, settings: Settings) -> Joined | None:
    readings = readings_of(source, kept, settings)
    try:
        return source.join(readings) if readings else None
    except SourceChanged:
        return None


def _write_frames(name: str, kept: Kept, joined: Joined, settings: Settings) -> None:
    for which, rows in {MODELS: joined.models, **joined.others}.items():
        with whole_file(_frame_path(name, kept, which, settings)) as temporary:
            rows.to_parquet(temporary)


def _read_frame(path: Path, which: str) -> pd.DataFrame | None:
    try:
        found = pd.read_parquet(path)
    except (OSError, ValueError):
        return None
    same = list(found.columns) == [column.name for column in COLUMNS]
    if which != MODELS:
        return found
    return typed(found) if same else None


def _forget_others(name: str, kept: Kept, settings: Settings) -> None:
    """Delete documents and tables that the state no longer names."""
    wanted = {f"{one.sha256[:24]}.body" for one in kept.documents.values()}
    for path in _folder(name, settings).glob("*.body"):
        if path.name not in wanted:
            path.unlink(missing_ok=True)
    for path in _folder(name, settings).glob("*.parquet"):
        if kept.fingerprint not in path.name:
            path.unlink(missing_ok=True)


def _plain(kept: Kept) -> dict[str, object]:
    state = asdict(kept)
    return state | {"failures": list(kept.failures), "tables": dict(kept.tables)}


def _folder(name: str, settings: Settings) -> Path:
    return settings.cache_root / "tables" / name


def _body(name: str, digest: str, settings: Settings) -> Path:
    return _folder(name, settings) / f"{digest[:24]}.body"


def _frame_path(name: str, kept: Kept, which: str, settings: Settings) -> Path:
    return _folder(name, settings) / f"{which}-{kept.fingerprint}.parquet"
