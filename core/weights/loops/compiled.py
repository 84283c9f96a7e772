"""Compile a loop, and keep its machine code until any file of this folder changes.

numba by itself keeps it until the loop's own file changes, whatever that one calls
("Caching Limitations", https://numba.readthedocs.io/en/stable/developer/caching.html):
after an update, half of a loop could be an old one.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path

from numba import config, njit
from numba.core.caching import (
    InTreeCacheLocator,
    UserProvidedCacheLocator,
    UserWideCacheLocator,
)

FOLDER = Path(__file__).parent

log = logging.getLogger("pedigree.weights")

OTHERS = (
    "UserProvidedCacheLocator", "InTreeCacheLocator", "UserWideCacheLocator",
    "IPythonCacheLocator", "ZipCacheLocator",
)  # fmt: skip
"""Where numba keeps what it compiles for others, in its own order."""


@cache
def sources_digest() -> str:
    """Return what changes with any file of this folder."""
    files = [path for path in sorted(FOLDER.glob("*.py")) if path.is_file()]
    contents = [path.read_bytes() for path in files]
    return sha256(b"\0".join(contents)).hexdigest()


class _Loops:
    """Tells numba which version of a loop of this folder is kept."""

    @classmethod
    def from_function(cls, function: object, file: str) -> object | None:
        """Return where a loop of this folder is kept, None for any other function."""
        inside = Path(file).parent == FOLDER
        return super().from_function(function, file) if inside else None

    def get_source_stamp(self) -> str:
        """Return what makes numba compile the loop again when it changes."""
        return sources_digest()


class Provided(_Loops, UserProvidedCacheLocator):
    """Loops under NUMBA_CACHE_DIR."""


class InTree(_Loops, InTreeCacheLocator):
    """Loops beside this file."""


class UserWide(_Loops, UserWideCacheLocator):
    """Loops in the person's cache, where this folder cannot be written."""


OURS = [f"{__name__}.{kept.__name__}" for kept in (Provided, InTree, UserWide)]


@contextmanager
def _kept_in_ours() -> Iterator[None]:
    """Let numba look for kept loops where this module says, first."""
    before = config.CACHE_LOCATOR_CLASSES
    config.CACHE_LOCATOR_CLASSES = ",".join([*OURS, before or ",".join(OTHERS)])
    try:
        yield
    finally:
        config.CACHE_LOCATOR_CLASSES = before


def compiled(**options: object) -> Callable[[Callable], Callable]:
    """Decorate a loop: compiled once, run without the GIL.

    Where no folder can be written, every process compiles its own.
    """

    def decorate(loop: Callable) -> Callable:
        try:
            with _kept_in_ours():
                return njit(nogil=True, cache=True, **options)(loop)
        except RuntimeError as error:
            log.warning("%s: %s", loop.__name__, error)
            return njit(nogil=True, **options)(loop)

    return decorate
