"""All comparisons of one base that is a local folder: each listed child is one row,
compared or failed, kept on disk and never compared twice. Knows no network.
"""

import json
import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Event
from time import perf_counter

import pandas as pd

from core.cache import safe_name
from core.derived.card import Card
from core.derived.compare import compare_checkpoints
from core.derived.comparisons import (
    Result,
    failed,
    read_result,
    skipped,
    succeeded,
    write_result,
)
from core.derived.frames import document, model_rows, tensor_rows
from core.derived.local import Child, folder_id, list_children
from core.derived.matrix import MATRIX_COLUMNS, By, verdict_matrix
from core.errors import CacheError, CheckpointError, PedigreeError
from core.settings import Settings
from core.weights.checkpoint import open_checkpoint
from core.weights.entry import Checkpoint

RULES = 1
"""Raised when verdicts or kinds are decided otherwise, so that children are compared
again.
"""

Progress = Callable[[float, str], None]

log = logging.getLogger("pedigree.derived")


@dataclass(frozen=True)
class Family:
    """What became of every child of `base`; one result and one card a child."""

    base: str
    results: tuple[Result, ...]
    cards: tuple[Card, ...]
    bytes_fetched: int = 0
    requests: int = 0
    seconds: float = 0.0

    @property
    def models(self) -> pd.DataFrame:
        """One row a child: its verdict or failure, and what its card claims."""
        return model_rows(self.results, self.cards)

    def tensors(
        self, *, model: str | None = None, kind: str | None = None
    ) -> pd.DataFrame:
        """One row a compared child and tensor, of all children, one, or one kind."""
        return tensor_rows(
            result
            for result in self.results
            if (model is None or result.id == model)
            and (kind is None or (result.summary or {}).get("kind") == kind)
        )

    def matrix(self, by: By = "block", *, parameters_only: bool = True) -> pd.DataFrame:
        """Code every compared child's verdicts, columns in forward order."""
        rows = tensor_rows(self.results, MATRIX_COLUMNS)
        return verdict_matrix(rows, by=by, parameters_only=parameters_only)

    def document(self) -> dict[str, object]:
        """Return the JSON of `derived`: plain values, None for what is missing."""
        return {
            "base": self.base,
            "listed": len(self.results),
            "models": document(self.results),
            "bytes_fetched": self.bytes_fetched,
            "requests": self.requests,
            "seconds": round(self.seconds, 3),
        }


def family(
    base: Path,
    settings: Settings,
    *,
    limit: int | None = None,
    workers: int = 2,
    retry: str | None = None,
    metrics: bool = True,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Family:
    """Compare the children beside `base`, from where the last run stopped.

    What is stored is used again until a file of the base or the child changes. A failed
    child stays failed until `retry` is its reason or "all". `limit` leaves what follows
    the first children aside, and a cancel what was not begun: those rows are skipped.
    Raises UsageError or CheckpointError when the base itself cannot be read.
    """
    started = perf_counter()
    children = list_children(base)
    stopped = Event()
    with _open_base(base) as opened:
        work = _Work(base, opened, results_folder(base, settings), metrics)
        known = {child.id: work.stored(child, retry) for child in children}
        missing = [child for child in children[:limit] if not known[child.id]]
        report = progress or (lambda fraction, message: None)
        asked = cancelled or (lambda: False)
        known |= _compare_all(work, missing, workers, report, asked, stopped)
    results = tuple(known[child.id] or skipped(child.id, "limit") for child in children)
    cards = tuple(child.card for child in children)
    return Family(str(base), results, cards, seconds=perf_counter() - started)


def results_folder(base: Path, settings: Settings) -> Path:
    """Return the folder that keeps the comparisons of a local base."""
    place = os.path.abspath(base)
    digest = sha256(os.fsencode(place)).hexdigest()[:10]
    name = safe_name(folder_id(Path(place)))
    return settings.cache_root / "derived" / f"{name}-{digest}"


class _Work:
    """Compares children with one open base and keeps what came of it."""

    def __init__(
        self, base: Path, opened: Checkpoint, folder: Path, metrics: bool
    ) -> None:
        self.opened, self.folder, self.metrics = opened, folder, metrics
        self.base_files = _files(base)

    def stored(self, child: Child, retry: str | None) -> Result | None:
        """Return the kept result of `child`, unless it is outdated or to be retried."""
        try:
            result = read_result(self._path(child))
        except CacheError as error:
            return failed(child.id, "store", error, "")
        if not result or result.signature != self._signature(child):
            return None
        again = result.status == "failed" and retry in ("all", result.reason)
        return None if again else result

    def compare(self, child: Child) -> Result:
        """Compare one child and keep the result, a failure included."""
        signature = self._signature(child)
        try:
            result = self._compared(child, signature)
        except PedigreeError as error:
            result = failed(child.id, "compare", error, signature)
        except Exception as error:
            # Our own mistake: the batch goes on, and the next run tries again.
            log.exception("comparing %s failed", child.path)
            happened = f"cannot be compared ({type(error).__name__}: {error})"
            named = CheckpointError(child.id, happened, "report it with the log")
            return failed(child.id, "compare", named, signature)
        write_result(self._path(child), result)
        return result

    def _compared(self, child: Child, signature: str) -> Result:
        if child.problem:
            return failed(child.id, "card", child.problem, signature)
        try:
            opened = open_checkpoint(child.path)
        except PedigreeError as error:
            return failed(child.id, "open", error, signature)
        with opened:
            found = compare_checkpoints(self.opened, opened, metrics=self.metrics)
        return succeeded(child.id, found, signature)

    def _path(self, child: Child) -> Path:
        return self.folder / f"{safe_name(child.id)}.parquet"

    def _signature(self, child: Child) -> str:
        """Stand for all that a comparison depends on: rules, options, both folders."""
        problem = str(child.problem) if child.problem else None
        facts = [RULES, self.metrics, problem, self.base_files, _files(child.path)]
        return sha256(json.dumps(facts).encode()).hexdigest()


def _compare_all(
    work: _Work,
    children: Sequence[Child],
    workers: int,
    report: Progress,
    cancelled: Callable[[], bool],
    stopped: Event,
) -> dict[str, Result]:
    def compare(child: Child) -> Result:
        if stopped.is_set() or cancelled():
            return skipped(child.id, "cancelled")
        return work.compare(child)

    with ThreadPoolExecutor(max(1, workers), "compare") as pool:
        futures = [pool.submit(compare, child) for child in children]
        try:
            return dict(_finished(futures, report))
        except BaseException:
            stopped.set()
            raise


def _finished(
    futures: Sequence[Future[Result]], report: Progress
) -> list[tuple[str, Result]]:
    done = []
    for future in as_completed(futures):
        result = future.result()
        done.append((result.id, result))
        report(len(done) / len(futures), f"Compared {result.id}")
    return done


def _open_base(base: Path) -> Checkpoint:
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
