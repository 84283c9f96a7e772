"""Compare a base that is a local folder with the folders beside it that name it. Knows
no network.
"""

import json
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from core.cache import safe_name
from core.derived.compare import compare_checkpoints
from core.derived.comparisons import (
    RULES,
    Result,
    failed,
    failure,
    file_name,
    keep,
    succeeded,
)
from core.derived.crawl import Outcome
from core.derived.local import Child, folder_id
from core.errors import CacheError, CheckpointError, PedigreeError
from core.settings import Settings
from core.weights.checkpoint import open_checkpoint
from core.weights.entry import Checkpoint
from core.weights.measure import KeptBase


class LocalWork:
    """Compares children with one open base and keeps what came of it."""

    def __init__(
        self, base: Path, opened: Checkpoint, folder: Path, metrics: bool
    ) -> None:
        self.opened, self.folder, self.metrics = opened, folder, metrics
        self.base_files = _files(base)
        self.kept = KeptBase()

    def stored(
        self,
        child: Child,
        kept: Mapping[str, Result | CacheError],
        retry: str | None,
    ) -> Result | None:
        """Return the kept result of `child`, unless it is outdated or to be retried."""
        result = kept.get(file_name(child.id))
        if isinstance(result, CacheError):
            return failed(child.id, "store", result, "")
        if not result or result.signature != self._signature(child):
            return None
        again = result.status == "failed" and retry in ("all", result.reason)
        return None if again else result

    def compare(self, child: Child) -> Outcome:
        """Compare one child and keep the result, a failure included."""
        signature = self._signature(child)
        try:
            result = self._compared(child, signature)
        except Exception as error:
            result = failure(child.id, error, signature)
        return Outcome(keep(self.folder, result))

    def _compared(self, child: Child, signature: str) -> Result:
        if child.problem:
            return failed(child.id, "card", child.problem, signature)
        try:
            opened = open_checkpoint(child.path)
        except PedigreeError as error:
            return failed(child.id, "open", error, signature)
        with opened:
            found = compare_checkpoints(
                self.opened,
                opened,
                metrics=self.metrics,
                keep="contents",
                kept=self.kept,
            )
            return succeeded(child.id, found, signature, opened.size_bytes)

    def _signature(self, child: Child) -> str:
        """Stand for all that a comparison depends on: rules, options, both folders."""
        problem = str(child.problem) if child.problem else None
        facts = [RULES, self.metrics, problem, self.base_files, _files(child.path)]
        return sha256(json.dumps(facts).encode()).hexdigest()


def local_folder(base: Path, settings: Settings) -> Path:
    """Return the folder that keeps the comparisons of a local base."""
    place = os.path.abspath(base)
    digest = sha256(os.fsencode(place)).hexdigest()[:10]
    name = safe_name(folder_id(Path(place)))
    return settings.cache_root / "derived" / f"{name}-{digest}"


def open_base(base: Path) -> Checkpoint:
    """Open a local base. Raises UsageError or a CheckpointError."""
    try:
        return open_checkpoint(base)
    except OSError as error:
        happened = f"cannot be read ({error.strerror or error})"
        raise CheckpointError(base, happened, "check the folder") from error


def _files(folder: Path) -> list[tuple[str, int, int]]:
    """Name, size and time of change of every file that may hold or describe weights."""
    try:
        with os.scandir(folder) as entries:
            files = [(entry, entry.stat()) for entry in entries if entry.is_file()]
    except OSError:
        return []  # opening it will say why
    return sorted(
        (os.fsencode(entry.name).hex(), status.st_size, status.st_mtime_ns)
        for entry, status in files
        if entry.name != "README.md"
    )
