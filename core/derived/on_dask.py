"""The same comparisons on the workers of a Dask cluster that shares the cache folder.
Knows tasks and lost workers; comparing is `hub_work`'s.

Source: distributed's Client and its retries of tasks whose worker died
(https://distributed.dask.org/en/stable/resilience.html).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from core.derived.comparisons import Result, failed, skipped
from core.derived.crawl import Gate, Outcome, Watch, tallied
from core.derived.hub_base import BaseHandle
from core.derived.hub_child import HubChild
from core.derived.hub_work import HubWork
from core.errors import HubError, PedigreeError
from core.hub.budget import ByteBudget
from core.hub.client import HubClient
from core.hub.limits import RateLimiter
from core.scheduler import connected, ended
from core.settings import Settings, load_settings

LARGEST_TASK = 16
TASKS_A_THREAD = 4
RETRIES = 3


@dataclass(frozen=True)
class Task:
    """Some children for one worker, and all it needs; it carries no token.

    `share` is how many tasks crawl at once under one rate limit.
    """

    children: tuple[HubChild, ...]
    work: HubWork
    handle: BaseHandle
    settings: Settings
    retry: str | None
    share: int
    budget_bytes: int | None


def crawl_on_dask(
    children: Sequence[HubChild],
    work: HubWork,
    handle: BaseHandle,
    settings: Settings,
    *,
    retry: str | None,
    budget_bytes: int | None,
    gate: Gate,
    watch: Watch,
) -> tuple[dict[str, Result], tuple[int, int]]:
    """Compare children on the workers of the scheduler in `settings`.

    Returns the results, without tensors, and the bytes and requests of all workers. A
    task whose worker is lost is given to another, which goes on where the lost one
    stopped. A byte budget is split evenly over the tasks. Raises HubError when the
    scheduler cannot be reached.
    """
    with connected(settings) as client, client.as_current():
        share = max(1, sum(client.nthreads().values()))
        groups = list(_groups(children, share))
        plain = replace(settings, hub_token=None)
        budget = budget_bytes and max(1, budget_bytes // len(groups))
        tasks = [
            Task(group, work, handle, plain, retry, share, budget) for group in groups
        ]
        futures = {
            client.submit(compare_group, task, retries=RETRIES, pure=False): task
            for task in tasks
        }
        counted = _Traffic()
        outcomes = _outcomes(client, futures, gate, counted)
        try:
            found = tallied(outcomes, len(children), watch)
        except BaseException:
            client.cancel(list(futures), force=True)
            raise
        return found, (counted.bytes_fetched, counted.requests)


def compare_group(task: Task) -> list[Outcome]:
    """Compare the children of one task; runs on a worker, with the worker's token."""
    token = load_settings().hub_token
    budget = None if task.budget_bytes is None else ByteBudget(task.budget_bytes)
    with HubClient(
        replace(task.settings, hub_token=token),
        limiter=RateLimiter(share=task.share),
        budget=budget,
    ) as client:
        opened = task.handle.open(client)
        work = replace(task.work, base=opened, client=client)
        with opened.checkpoint:
            return [
                _counted(work, client, child, task.retry) for child in task.children
            ]


@dataclass
class _Traffic:
    """What all workers together fetched."""

    bytes_fetched: int = 0
    requests: int = 0


def _counted(
    work: HubWork, client: HubClient, child: HubChild, retry: str | None
) -> Outcome:
    traffic = client.traffic
    received, sent = traffic.bytes_received, traffic.requests
    outcome = work.compare(child, retry)
    return replace(
        outcome,
        bytes_fetched=traffic.bytes_received - received,
        requests=traffic.requests - sent,
    )


def _groups(
    children: Sequence[HubChild], threads: int
) -> Iterator[tuple[HubChild, ...]]:
    """Cut the children into tasks: some for each thread, none too long to lose."""
    size = len(children) // (threads * TASKS_A_THREAD)
    size = min(max(1, size), LARGEST_TASK)
    for start in range(0, len(children), size):
        yield tuple(children[start : start + size])


def _outcomes(
    client, futures: dict, gate: Gate, counted: _Traffic
) -> Iterator[Outcome]:
    """Yield outcomes as tasks end; a stop cancels what has not ended."""
    waiting = set(futures)
    while waiting:
        if not gate.enter():
            client.cancel(list(waiting), force=True)
            for future in waiting:
                yield from _turned_away(futures[future])
            return
        for future in ended(waiting):
            waiting.discard(future)
            for outcome in _brought(future, futures[future]):
                counted.bytes_fetched += outcome.bytes_fetched
                counted.requests += outcome.requests
                yield outcome


def _brought(future, task: Task) -> list[Outcome]:
    """Return what a task brought; a task that failed is a failure of its children."""
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, PedigreeError):
        named = error
    else:
        happened = f"could not be finished by a worker ({type(error).__name__})"
        named = HubError("The task", happened, "look at the workers' logs")
    return [Outcome(failed(c.id, "compare", named, "")) for c in task.children]


def _turned_away(task: Task) -> list[Outcome]:
    return [Outcome(skipped(child.id, "cancelled")) for child in task.children]
