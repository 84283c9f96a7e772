"""What the stand-in lets through: requests within a rate limit, addresses that are
signed and not expired.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from threading import Lock
from urllib.parse import urlencode

from tests.standin.connection import Request

WINDOW_SECONDS = 300


@dataclass
class RateLimits:
    """Fixed windows of five minutes: `limits` requests each, by kind."""

    limits: dict[str, int]
    clock: Callable[[], float]
    _windows: dict[str, tuple[float, int]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def count(self, kind: str) -> tuple[dict[str, str], bool]:
        """Count a request; return the headers that say so, and whether it is one too
        many.
        """
        now, limit = self.clock(), self.limits[kind]
        with self._lock:
            start, used = self._windows.get(kind, (now, 0))
            if now >= start + WINDOW_SECONDS:
                start, used = now, 0
            self._windows[kind] = start, used + 1
        left = max(0, limit - used - 1)
        reset = math.ceil(start + WINDOW_SECONDS - now)
        policy = f'"fixed window";"{kind}";q={limit};w={WINDOW_SECONDS}'
        headers = {
            "RateLimit": f'"{kind}";r={left};t={reset}',
            "RateLimit-Policy": policy,
        }
        return headers, used >= limit


@dataclass
class Signatures:
    """Signed queries that are good for `seconds`, or until they are all revoked."""

    seconds: float
    clock: Callable[[], float]
    _numbers: count = field(default_factory=count)
    _first_good: int = 0

    def sign(self, path: str) -> str:
        """Return the query that opens `path` from now on."""
        number, issued = str(next(self._numbers)), repr(self.clock())
        signature = _digest(path, number, issued)
        return urlencode({"number": number, "issued": issued, "signature": signature})

    def revoke(self) -> None:
        """Make every signature so far worthless."""
        self._first_good = next(self._numbers)

    def opens(self, request: Request) -> bool:
        """Whether the query of a request is signed and has not expired."""
        names = ("number", "issued", "signature")
        number, issued, signature = (request.query.get(n, ["0"])[0] for n in names)
        if signature != _digest(request.path, number, issued):
            return False
        is_fresh = self.clock() < float(issued) + self.seconds
        return is_fresh and int(number) >= self._first_good


def _digest(*words: str) -> str:
    return sha256(" ".join(words).encode()).hexdigest()[:16]
