"""Compare a base of the Hub with every model that is listed as made from it, from where
the last run stopped. Knows how the parts go together; each does its own work.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from core.cache import read_json, safe_name, write_json
from core.derived.base_weights import BaseWeights
from core.derived.cascade import Certify
from core.derived.comparisons import Result, skipped
from core.derived.crawl import Gate, GatedLimiter, Outcome, Watch, crawl
from core.derived.folded import stored_results
from core.derived.hub_base import BaseHandle, fetch_base, known_base
from core.derived.hub_child import HubChild, hub_children
from core.derived.hub_work import HubWork
from core.errors import CacheError
from core.hub.budget import ByteBudget
from core.hub.client import HubClient
from core.hub.kept import Listing, last_listing
from core.hub.listing import list_derived
from core.hub.names import repository_id
from core.hub.rows import RELATIONS, Relation
from core.progress import Progress
from core.settings import Settings

ASKED = "asked.json"
LEFTOVER_SECONDS = 3600

Kept = Mapping[str, Result | CacheError]


@dataclass(frozen=True)
class Question:
    """Which models to list: the relations, how many hops, or exactly these ids."""

    relations: Sequence[Relation] = RELATIONS
    hops: int = 1
    ids: Sequence[str] | None = None


@dataclass(frozen=True)
class Options:
    """How a family is compared."""

    limit: int | None = None
    workers: int = 8
    retry: str | None = None
    certify: Certify = "none"
    budget_bytes: int | None = None


@dataclass(frozen=True)
class Found:
    """The children of a base in the order listed, their results, and what it cost."""

    children: tuple[HubChild, ...]
    results: tuple[Result, ...]
    bytes_fetched: int = 0
    requests: int = 0


def hub_folder(base: str, settings: Settings) -> Path:
    """Return the folder that keeps the comparisons of a base of the Hub."""
    name = safe_name(f"{repository_id(base)} {settings.hub_endpoint}")
    return settings.cache_root / "derived" / name


def stored_hub_family(base: str, settings: Settings, question: Question) -> Found:
    """Return what is known without asking anybody: a listing and its results.

    The plain question is answered as the last run was asked.
    """
    folder = hub_folder(base, settings)
    if question == Question():
        question = _last_question(folder) or question
    listing = _last(base, settings, question)
    if listing is None:
        return Found((), ())
    record = known_base(folder)
    work = HubWork(folder, record and record.identity)
    children = tuple(hub_children(listing.models))
    kept = stored_results(folder)
    results = (work.stored(child, kept, None) for child in children)
    found = zip(children, results, strict=True)
    return Found(
        children, tuple(result or skipped(child.id, "limit") for child, result in found)
    )


def compare_hub_family(
    base: str,
    settings: Settings,
    question: Question,
    options: Options,
    *,
    gate: Gate,
    tell: Progress,
    watch: Watch,
) -> Found:
    """List the children of a base and compare those that are not compared yet.

    Raises UsageError for a name that is none, and a HubError or CheckpointError when
    the listing or the base cannot be had.
    """
    folder = hub_folder(base, settings)
    budget = options.budget_bytes
    with HubClient(
        settings,
        connections=max(16, options.workers),
        limiter=GatedLimiter(gate=gate, clock=gate.clock, sleep=gate.sleep),
        budget=None if budget is None else ByteBudget(budget),
    ) as client:
        listing = list_derived(
            base, client, settings, relations=question.relations, hops=question.hops,
            ids=question.ids, report=lambda n: tell(0.0, f"Listed {n:,} models"),
        )  # fmt: skip
        write_json(folder / ASKED, asdict(question))
        run = _Run(base, client, settings, folder, options)
        children = tuple(hub_children(listing.models))
        results = run.results(children, gate, tell, watch)
        fetched = client.traffic.bytes_received + run.elsewhere[0]
        requests = client.traffic.requests + run.elsewhere[1]
    return Found(children, results, fetched, requests)


class _Run:
    """One run over the children of a base."""

    def __init__(
        self,
        base: str,
        client: HubClient,
        settings: Settings,
        folder: Path,
        options: Options,
    ) -> None:
        self.base, self.client, self.settings = repository_id(base), client, settings
        self.folder, self.options = folder, options
        self.elsewhere = (0, 0)

    def results(
        self, children: Sequence[HubChild], gate: Gate, tell: Progress, watch: Watch
    ) -> tuple[Result, ...]:
        """Return the result of every child, in order."""
        record = known_base(self.folder)
        work = self._work(record and record.identity)
        kept = stored_results(self.folder, keep=False)
        retry = self.options.retry
        chosen = children[: self.options.limit]
        missing = [child for child in chosen if not work.stored(child, kept, retry)]
        fresh: dict[str, Result] = {}
        if missing:
            self.folder.mkdir(parents=True, exist_ok=True)
            _sweep(self.folder)
            handle = self._fetch_base(tell)
            work = self._work(handle.record.identity)
            missing = [c for c in chosen if not work.stored(c, kept, retry)]
            fresh = self._compare(missing, work, handle, gate, watch)
            kept = stored_results(self.folder)
        return tuple(self._result(child, work, kept, fresh) for child in children)

    def _work(self, identity: str | None) -> HubWork:
        return HubWork(self.folder, identity, self.options.certify)

    def _fetch_base(self, tell: Progress) -> BaseHandle:
        told = 0

        def report(done: int, total: int) -> None:
            nonlocal told
            if done >= told:
                told = done + total // 10
                share = f"{done / 2**20:,.0f} of {total / 2**20:,.0f} MiB"
                tell(0.0, f"Reading the base once: {share}")

        return fetch_base(
            self.base, self.client, self.settings, self.folder, report=report
        )

    def _compare(
        self,
        children: Sequence[HubChild],
        work: HubWork,
        handle: BaseHandle,
        gate: Gate,
        watch: Watch,
    ) -> dict[str, Result]:
        if self.settings.scheduler:
            from core.derived.on_dask import crawl_on_dask

            options = self.options
            found, self.elsewhere = crawl_on_dask(
                children, work, handle, self.settings, retry=options.retry,
                budget_bytes=options.budget_bytes, gate=gate, watch=watch,
            )  # fmt: skip
            return found
        traffic = self.client.traffic
        received, sent = traffic.bytes_received, traffic.requests
        opened: BaseWeights = handle.open(self.client)
        ready = replace(work, base=opened, client=self.client)

        def compare(child: HubChild) -> Outcome:
            return ready.compare(child, self.options.retry)

        def of_children() -> tuple[int, int]:
            return traffic.bytes_received - received, traffic.requests - sent

        with opened.checkpoint:
            return crawl(
                children, compare, workers=self.options.workers, gate=gate,
                watch=watch, traffic=of_children,
            )  # fmt: skip

    def _result(
        self,
        child: HubChild,
        work: HubWork,
        kept: Kept,
        fresh: Mapping[str, Result],
    ) -> Result:
        """Prefer what is on disk, which has the tensors."""
        stored = work.kept(child, kept)
        made = fresh.get(child.id)
        if made is not None and made.status != "ok":
            return made
        return stored or made or skipped(child.id, "limit")


def _sweep(folder: Path) -> None:
    """Delete what killed processes left half written; nobody writes for so long."""
    for leftover in folder.glob(".*"):
        with suppress(FileNotFoundError):
            if time.time() - leftover.stat().st_mtime > LEFTOVER_SECONDS:
                leftover.unlink()


def _last_question(folder: Path) -> Question | None:
    try:
        return Question(**read_json(folder / ASKED))
    except (CacheError, TypeError):
        return None


def _last(base: str, settings: Settings, question: Question) -> Listing | None:
    return last_listing(
        base, settings, relations=question.relations, hops=question.hops,
        ids=question.ids,
    )  # fmt: skip
