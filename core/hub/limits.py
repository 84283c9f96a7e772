"""Stay below the Hub's rate limits: a crawl slows down before it is told to. Knows the
headers, sends nothing.

Source: the Hub's fixed windows of five minutes and their headers
(https://huggingface.co/docs/hub/rate-limits), parsed by huggingface_hub.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock

from huggingface_hub.utils import RateLimitInfo, parse_ratelimit_headers

PACED_SHARE = 0.2
RESERVED_SHARE = 0.01
ROUNDING_SECONDS = 1.0
LONGEST_HEADER = 200
LONGEST_WINDOW_SECONDS = 3600
"""The Hub's windows have 300 s; a number beyond all sense would stop a crawl."""


@dataclass
class _Window:
    """What is left of one bucket; `ends` and `slot` are moments of the clock."""

    limit: int = 0
    remaining: int = 0
    ends: float = 0.0
    slot: float = 0.0
    paused_until: float = 0.0


@dataclass
class RateLimiter:
    """Admits requests, shared by all threads of a crawl.

    A bucket is full speed until a fifth of its window is left, then the rest is spread
    evenly, and the last hundredth is not used. `share` is the number of processes that
    crawl under the same limit. `sleep` may raise to stop a crawl that waits.
    """

    share: int = 1
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    waited_seconds: float = 0.0
    _windows: dict[str, _Window] = field(default_factory=dict, repr=False)
    _said: dict[str, RateLimitInfo] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def wait(self, bucket: str) -> None:
        """Return when a request of this bucket may be sent."""
        while True:
            with self._lock:
                seconds, is_admitted = self._admit(bucket)
                self.waited_seconds += seconds
            if seconds > 0:
                self.sleep(seconds)
            if is_admitted:
                return

    def learn(
        self, bucket: str, headers: Mapping[str, str], *, sent: float | None = None
    ) -> RateLimitInfo | None:
        """Take over what a response says of its bucket; None where it says nothing.

        `sent` is when its request left, now if left out: the server wrote the headers
        at some moment since, so a slow answer of a known window is no new window.
        """
        short = {n: text for n, text in headers.items() if len(text) <= LONGEST_HEADER}
        found = parse_ratelimit_headers(short)
        if found is None:
            return None
        soon = min(found.reset_in_seconds, LONGEST_WINDOW_SECONDS)
        found = replace(found, reset_in_seconds=soon)
        with self._lock:
            self._said[bucket] = found
            window = self._windows.setdefault(bucket, _Window())
            now = self.clock()
            ends = now + found.reset_in_seconds + ROUNDING_SECONDS
            earliest = (now if sent is None else sent) + found.reset_in_seconds
            if earliest > window.ends + ROUNDING_SECONDS:
                window.remaining, window.ends = found.remaining, ends
            window.remaining = min(window.remaining, found.remaining)
            window.limit = found.limit or window.limit or found.remaining
            window.ends = min(window.ends, ends)
        return found

    def last(self, bucket: str) -> RateLimitInfo | None:
        """Return what the bucket's last response said; None where none did."""
        return self._said.get(bucket)

    def pause(self, bucket: str, seconds: float) -> None:
        """Admit nothing to the bucket for `seconds`, as a server asked."""
        with self._lock:
            window = self._windows.setdefault(bucket, _Window())
            window.paused_until = max(window.paused_until, self.clock() + seconds)

    def _admit(self, bucket: str) -> tuple[float, bool]:
        """Return how long to wait, and whether the request may go after that."""
        window, now = self._windows.get(bucket), self.clock()
        if window is None:
            return 0.0, True
        if now < window.paused_until:
            return window.paused_until - now, False
        if now >= window.ends:
            return 0.0, True
        reserved = max(self.share, int(window.limit * RESERVED_SHARE))
        if window.remaining <= reserved:
            return window.ends - now, False
        window.remaining -= 1
        if window.remaining > window.limit * PACED_SHARE:
            return 0.0, True
        slot = max(now, window.slot)
        window.slot = slot + self.share * (window.ends - now) / window.remaining
        return slot - now, True
