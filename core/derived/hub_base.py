"""A base of the Hub, its weights kept once in the cache so that children cost no second
reading of it. Knows no children.
"""

import logging
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

from filelock import FileLock

from core.cache import now_utc, read_json, safe_name, whole_file, write_json
from core.derived.base_weights import BaseWeights, identity_of
from core.errors import CacheError
from core.hub.checkpoint import describe, open_hub_checkpoint
from core.hub.client import HubClient
from core.settings import Settings
from core.weights.entry import ByteSource, Checkpoint, Format, TensorEntry
from core.weights.source import FileSource

KEPT_BYTES = 16 * 2**30
"""The most that the weights of all bases may take; the oldest used goes first."""

RANGE_BYTES = 16 * 2**20
RECORD = "base.json"

Report = Callable[[int, int], None]

log = logging.getLogger("pedigree.derived")


@dataclass(frozen=True)
class BaseRecord:
    """Which weights a base had when its children were compared.

    `identity` stands for the weights: a commit that leaves them alone changes nothing.
    """

    id: str
    commit: str
    identity: str
    size_bytes: int
    fetched_at: str


@dataclass(frozen=True)
class BaseHandle:
    """All that another process needs to open the base: its header, and where its files
    are kept; `folder` is None where they are only on the Hub.
    """

    record: BaseRecord
    format: Format
    entries: tuple[TensorEntry, ...]
    files: tuple[str, ...]
    folder: Path | None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def open(self, client: HubClient) -> BaseWeights:
        """Open the base, from its files or from the Hub."""
        id, commit, folder = self.record.id, self.record.commit, self.folder
        if folder is None:
            opened = open_hub_checkpoint(id, client, revision=commit, files=self.files)
            return BaseWeights(opened, self.record.identity, is_local=False)
        names = {entry.file for entry in self.entries}
        sources: dict[str, ByteSource] = {n: FileSource(folder / n) for n in names}
        opened = Checkpoint(id, self.format, self.entries, sources, self.metadata)
        return BaseWeights(opened, self.record.identity)


def known_base(folder: Path) -> BaseRecord | None:
    """Return which base the results in a folder are of; None before the first run."""
    try:
        return BaseRecord(**read_json(folder / RECORD))
    except (CacheError, TypeError):
        return None


def fetch_base(
    id: str,
    client: HubClient,
    settings: Settings,
    folder: Path,
    *,
    report: Report = lambda done, total: None,
    kept_bytes: int = KEPT_BYTES,
) -> BaseHandle:
    """Ask for a base, keep its weights in the cache, and note in `folder` who it is.

    Weights above `kept_bytes`, or that the disk refuses, stay on the Hub. Raises a
    HubError or CheckpointError.
    """
    commit, files = describe(id, client, None)
    with open_hub_checkpoint(id, client, revision=commit, files=files) as opened:
        record = BaseRecord(
            id, commit, _identity(opened, commit), opened.size_bytes, now_utc()
        )
        place = _kept(opened, record, settings, report, kept_bytes)
        write_json(folder / RECORD, asdict(record))
        return BaseHandle(
            record, opened.format, opened.entries, tuple(files), place, opened.metadata
        )


def weights_folder(settings: Settings) -> Path:
    """Return where the weights of bases are kept."""
    return settings.cache_root / "hub" / "weights"


def evict(root: Path, limit_bytes: int, *, but: Path) -> None:
    """Delete the least recently used bases until the rest fits; `but` stays.

    Nothing else is kept there: results are never deleted.
    """
    folders = [path for path in root.glob("*") if path.is_dir()]
    folders.sort(key=lambda path: path.stat().st_mtime)
    held = sum(_size(path) for path in folders)
    for path in folders:
        if held <= limit_bytes:
            return
        if path != but:
            held -= _size(path)
            shutil.rmtree(path, ignore_errors=True)


def _identity(opened: Checkpoint, commit: str) -> str:
    digests = {n: getattr(s, "sha256", None) for n, s in opened.sources.items()}
    named = identity_of(digests, opened.entries)
    text = f"{opened.name} {commit} {sorted(digests)}"
    return named or sha256(text.encode()).hexdigest()


def _kept(
    opened: Checkpoint,
    record: BaseRecord,
    settings: Settings,
    report: Report,
    kept_bytes: int,
) -> Path | None:
    """Return the folder with the weights, fetched unless they are there."""
    root = weights_folder(settings)
    folder = root / f"{safe_name(record.id)}-{record.identity[:16]}"
    if opened.size_bytes > kept_bytes:
        log.warning("%s is too large to keep; it is read from the Hub", record.id)
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(root / f"{folder.name}.lock"):
            _fetch_all(opened, folder, report)
            os.utime(folder)
            evict(root, kept_bytes, but=folder)
    except (CacheError, OSError) as error:
        log.warning("%s is not kept: %s", record.id, error)
        return None
    return folder


def _fetch_all(opened: Checkpoint, folder: Path, report: Report) -> None:
    for leftover in folder.glob(".*"):  # of a killed process: the lock is ours now
        leftover.unlink()
    done = 0
    for name, source in opened.sources.items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != source.size:
            with whole_file(path) as temporary, temporary.open("wb") as file:
                for start in range(0, source.size, RANGE_BYTES):
                    stop = min(start + RANGE_BYTES, source.size)
                    file.write(source.read(start, stop))
                    report(done + stop, opened.size_bytes)
        done += source.size


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
