"""Compare many children at once: workers, pause, cancel, and a count of what is done.
Knows no models; what is finished is kept by whoever compares.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol, TypeVar

from core.derived.comparisons import Result, skipped
from core.errors import JobCancelled
from core.hub.limits import RateLimiter

PAUSE_SECONDS = 0.1


class Named(Protocol):
    """A child, as far as a crawl knows it."""

    id: str


Child = TypeVar("Child", bound=Named)
Asked = Callable[[], bool]


@dataclass(frozen=True)
class Outcome:
    """What came of one child. `bytes_naive` is what downloading it would have cost;
    traffic is counted here only where nobody else counts it.
    """

    result: Result
    bytes_naive: int = 0
    bytes_fetched: int = 0
    requests: int = 0


@dataclass(frozen=True)
class Tally:
    """How far a crawl is. `failures` counts reasons; bytes are of all children so far.

    >>> Tally(done=3, total=10, seconds=6.0, last="org/a").sentence
    'Compared org/a: 3 of 10, 0.5 a second, 14 s left'
    """

    done: int
    total: int
    seconds: float
    last: str = ""
    failures: Mapping[str, int] = field(default_factory=dict)
    bytes_fetched: int = 0
    bytes_naive: int = 0
    requests: int = 0

    @property
    def fraction(self) -> float:
        """How much is done, 0-1."""
        return self.done / self.total if self.total else 1.0

    @property
    def rate(self) -> float:
        """Children a second."""
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float:
        """How long the rest takes at this rate."""
        return (self.total - self.done) / self.rate if self.rate else 0.0

    @property
    def sentence(self) -> str:
        """The same in one line."""
        words = [f"Compared {self.last}: {self.done:,} of {self.total:,}"]
        words += [f"{self.rate:.2g} a second", f"{self.seconds_left:,.0f} s left"]
        if self.failures:
            reasons = ", ".join(f"{n} {reason}" for reason, n in self.failures.items())
            words += [f"failed: {reasons}"]
        if self.bytes_naive:
            spent, naive = self.bytes_fetched / 2**20, self.bytes_naive / 2**20
            words += [f"{spent:,.1f} MiB of {naive:,.0f} fetched"]
        return ", ".join(words)


Watch = Callable[[Tally], None]


class Gate:
    """Lets workers go on, holds them while a job is paused, and turns them away once it
    is stopped. `clock` is that of the waits.
    """

    def __init__(
        self,
        cancelled: Asked = lambda: False,
        paused: Asked = lambda: False,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cancelled, self._paused = cancelled, paused
        self.clock = clock
        self._stopped = Event()

    def stop(self) -> None:
        """Turn away whoever comes from now on."""
        self._stopped.set()

    def enter(self) -> bool:
        """Wait while paused; return False once stopped or cancelled."""
        if not self._stopped.is_set() and self._cancelled():
            self.stop()
        while not self._stopped.is_set() and self._paused():
            self._stopped.wait(PAUSE_SECONDS)
        return not self._stopped.is_set()

    def check(self) -> None:
        """Wait while paused. Raises JobCancelled once stopped."""
        while not self._stopped.is_set() and self._paused():
            self._stopped.wait(PAUSE_SECONDS)
        if self._stopped.is_set():
            raise JobCancelled("The comparison", "was stopped", "start it again")

    def sleep(self, seconds: float) -> None:
        """Sleep, but no longer than until stopped. Raises JobCancelled then."""
        self._stopped.wait(seconds)
        self.check()


@dataclass
class GatedLimiter(RateLimiter):
    """A rate limiter at which a paused or stopped crawl is held, request by request."""

    gate: Gate = field(default_factory=Gate)

    def wait(self, bucket: str) -> None:
        """Return when a request may be sent. Raises JobCancelled once stopped."""
        self.gate.check()
        super().wait(bucket)


def crawl(
    children: Sequence[Child],
    compare: Callable[[Child], Outcome],
    *,
    workers: int,
    gate: Gate,
    watch: Watch,
    traffic: Callable[[], tuple[int, int]] = lambda: (0, 0),
) -> dict[str, Result]:
    """Compare every child in one of `workers` threads; return the results by id.

    What a stopped gate turns away is skipped. `watch` is called after each child, and
    may raise to stop; `traffic` returns the bytes and requests so far.
    """

    def guarded(child: Child) -> Outcome:
        if not gate.enter():
            return Outcome(skipped(child.id, "cancelled"))
        try:
            return compare(child)
        except JobCancelled:
            return Outcome(skipped(child.id, "cancelled"))

    with ThreadPoolExecutor(max(1, workers), "compare") as pool:
        futures = [pool.submit(guarded, child) for child in children]
        try:
            found = (future.result() for future in as_completed(futures))
            return tallied(found, len(children), watch, traffic)
        except BaseException:
            gate.stop()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def tallied(
    outcomes: Iterable[Outcome],
    total: int,
    watch: Watch,
    traffic: Callable[[], tuple[int, int]] = lambda: (0, 0),
) -> dict[str, Result]:
    """Collect outcomes as they come, telling `watch` after each."""
    results: dict[str, Result] = {}
    failures: Counter[str] = Counter()
    started, naive, fetched, sent = time.monotonic(), 0, 0, 0
    for outcome in outcomes:
        result = outcome.result
        results[result.id] = result
        failures.update([result.reason or ""] if result.status == "failed" else [])
        naive += outcome.bytes_naive
        fetched, sent = fetched + outcome.bytes_fetched, sent + outcome.requests
        spent, requests = traffic()
        seconds = time.monotonic() - started
        watch(
            Tally(
                len(results), total, seconds, result.id, dict(failures),
                spent + fetched, naive, requests + sent,
            )
        )  # fmt: skip
    return results
