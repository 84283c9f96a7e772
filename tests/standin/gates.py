"""What the stand-in lets through: requests within a rate limit, addresses that are
signed and not expired.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
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
    """Signed queries that are good for `seconds`; `oldest` is the first moment whose
    signatures count.
    """

    seconds: float
    clock: Callable[[], float]
    oldest: float = 0.0

    def sign(self, path: str) -> str:
        """Return the query that opens `path` from now on."""
        issued = self.clock()
        return urlencode({"issued": repr(issued), "signature": _digest(path, issued)})

    def opens(self, request: Request) -> bool:
        """Whether the query of a request is signed and has not expired."""
        issued = float(request.query.get("issued", ["0"])[0])
        is_signed = request.query.get("signature") == [_digest(request.path, issued)]
        return is_signed and self.oldest <= issued > self.clock() - self.seconds


def _digest(path: str, issued: float) -> str:
    return sha256(f"{path}{issued!r}".encode()).hexdigest()[:16]
