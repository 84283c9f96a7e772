"""All comparisons of one base, a local folder or a model of the Hub: each listed child
is one row, compared or failed, kept on disk and never compared twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from time import perf_counter

import pandas as pd

from core.derived.card import Card
from core.derived.cascade import Certify
from core.derived.columns import By
from core.derived.comparisons import Result, file_name, skipped
from core.derived.crawl import Asked, Gate, Tally, Watch, crawl
from core.derived.folded import FEWEST, fold, stored_results
from core.derived.frames import document, model_rows, tensor_rows
from core.derived.hub_family import (
    Found,
    Options,
    Question,
    compare_hub_family,
    hub_folder,
    stored_hub_family,
)
from core.derived.local import list_children
from core.derived.local_family import LocalWork, local_folder, open_base
from core.derived.matrix import MATRIX_COLUMNS, Shown, verdict_matrix
from core.errors import CacheError
from core.hub.names import repository_id
from core.hub.rows import RELATIONS, Relation
from core.progress import Progress, silent
from core.settings import Settings

LOCAL_WORKERS = 2
HUB_WORKERS = 8
"""Children at once: of the Hub more, because they wait for answers."""


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
        return self._models.copy(deep=False)  # pandas copies when either is written to

    @cached_property
    def _models(self) -> pd.DataFrame:
        return model_rows(self.results, self.cards)

    @property
    def base_name(self) -> str:
        """The base as people name it: a local one without the way to its folder."""
        path = Path(self.base)
        return path.name if path.is_absolute() else self.base

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

    def matrix(
        self,
        by: By = "block",
        *,
        parameters_only: bool = True,
        shown: Shown = "verdict",
    ) -> pd.DataFrame:
        """Code every compared child's tensors, columns in forward order."""
        rows = tensor_rows(self.results, MATRIX_COLUMNS)
        return verdict_matrix(rows, by=by, parameters_only=parameters_only, shown=shown)

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
    base: Path | str,
    settings: Settings,
    *,
    limit: int | None = None,
    workers: int | None = None,
    retry: str | None = None,
    metrics: bool = True,
    progress: Progress | None = None,
    cancelled: Asked | None = None,
    paused: Asked | None = None,
    watch: Watch | None = None,
    relations: Sequence[Relation] = RELATIONS,
    hops: int = 1,
    ids: Sequence[str] | None = None,
    certify: Certify = "none",
    budget_bytes: int | None = None,
) -> Family:
    """Compare the children of a base, from where the last run stopped.

    A path is a local base, whose children are the folders beside it; a text is a model
    of the Hub, whose children are listed as `relations`, `hops` and `ids` say and
    compared as cheaply as `certify` and `budget_bytes` allow (see
    `core.derived.cascade`). What is stored is used again until a file of the base or
    the child changes. A failed child stays failed until `retry` is its reason or "all".
    `limit` leaves what follows the first children aside (0 asks nobody and returns what
    is stored), and a cancel what was not begun: those rows are skipped. `watch` gets a
    Tally after each child, `progress` the same in words. `metrics` is for local bases.
    Raises UsageError, CheckpointError or HubError when the base or its children cannot
    be had.
    """
    started = perf_counter()
    gate = Gate(cancelled or (lambda: False), paused or (lambda: False))
    tell = progress or silent

    def both(tally: Tally) -> None:
        if watch:
            watch(tally)
        tell(tally.fraction, tally.sentence)

    if isinstance(base, Path):
        options = Options(limit, workers or LOCAL_WORKERS, retry)
        return _local(base, settings, options, metrics, gate, both, started)
    question = Question(tuple(relations), hops, ids)
    if limit == 0:
        found = stored_hub_family(base, settings, question)
    else:
        options = Options(limit, workers or HUB_WORKERS, retry, certify, budget_bytes)
        found = compare_hub_family(
            base, settings, question, options, gate=gate, tell=tell, watch=both
        )
    return _family(repository_id(base), found, perf_counter() - started)


def results_folder(base: Path | str, settings: Settings) -> Path:
    """Return the folder that keeps the comparisons of a base."""
    if isinstance(base, Path):
        return local_folder(base, settings)
    return hub_folder(base, settings)


def _family(base: str, found: Found, seconds: float) -> Family:
    cards = tuple(child.card for child in found.children)
    return Family(
        base, found.results, cards, found.bytes_fetched, found.requests, seconds
    )


def _local(
    base: Path,
    settings: Settings,
    options: Options,
    metrics: bool,
    gate: Gate,
    watch: Watch,
    started: float,
) -> Family:
    children = list_children(base)
    folder = local_folder(base, settings)
    with open_base(base) as opened:
        work = LocalWork(base, opened, folder, metrics)
        kept = stored_results(folder)
        known = {
            child.id: work.stored(child, kept, options.retry) for child in children
        }
        missing = [child for child in children[: options.limit] if not known[child.id]]
        if missing:
            _make(folder)
            known |= crawl(
                missing, work.compare, workers=options.workers, gate=gate, watch=watch
            )
        if len(missing) > FEWEST:
            fold(folder, {file_name(id): r for id, r in known.items() if r})
    results = tuple(known[child.id] or skipped(child.id, "limit") for child in children)
    cards = tuple(child.card for child in children)
    return Family(str(base), results, cards, seconds=perf_counter() - started)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = "free space or change PEDIGREE_CACHE"
        happened = f"cannot be written ({error.strerror})"
        raise CacheError(folder, happened, remedy) from error
