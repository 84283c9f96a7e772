"""What can go wrong on the way: faults that a test switches on for some paths."""

from dataclasses import dataclass, field
from fnmatch import fnmatch
from threading import Lock
from typing import Literal

Kind = Literal[
    "status",  # answer with `status` (and `retry_after`, `code`)
    "reset",  # close the connection without an answer
    "drop",  # promise the whole body, send half of it, close
    "whole",  # ignore the Range header: 200 and the whole file
    "short",  # the file that is stored ends at half of the size that is promised
    "shifted",  # a Content-Range one byte off
    "single",  # of several ranges answer only the first
    "slow",  # wait `seconds` before the body
    "drip",  # send the body 1 KiB at a time with `seconds` between
]
Where = Literal["api", "resolve", "cdn"]


@dataclass
class Fault:
    """One fault: on requests to `where` whose path fits `path`, `times` times.

    `after` requests that fit pass unharmed first; `times` None means for ever.
    """

    kind: Kind
    where: Where | None
    path: str
    times: int | None = 1
    after: int = 0
    status: int = 500
    retry_after: str | None = None
    code: str | None = None
    seconds: float = 0.0
    hits: int = 0
    _seen: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def strikes(self, where: Where, path: str) -> bool:
        """Tell whether the fault hits this request, and count it."""
        if self.where not in (None, where) or not fnmatch(path, self.path):
            return False
        with self._lock:
            self._seen += 1
            spent = self.times is not None and self.hits >= self.times
            if spent or self._seen <= self.after:
                return False
            self.hits += 1
            return True
