"""How much was fetched, and how much may be. Counts across threads; fetches nothing."""

from dataclasses import dataclass, field
from threading import Lock


@dataclass
class Traffic:
    """The requests sent and the bytes of bodies received, by any thread."""

    requests: int = 0
    bytes_received: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def sent(self) -> None:
        """Count a request."""
        with self._lock:
            self.requests += 1

    def received(self, size_bytes: int) -> None:
        """Count bytes of a body."""
        with self._lock:
            self.bytes_received += size_bytes


@dataclass
class ByteBudget:
    """Bytes that may still be spent; None is no limit.

    >>> budget = ByteBudget(100)
    >>> budget.take(60), budget.take(60), budget.spent
    (True, False, 60)
    """

    total: int | None = None
    spent: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def take(self, size_bytes: int) -> bool:
        """Spend `size_bytes`, or return False and spend nothing."""
        with self._lock:
            fits = self.total is None or self.spent + size_bytes <= self.total
            if fits:
                self.spent += size_bytes
            return fits
