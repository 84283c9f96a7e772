"""Fetch sources anew as one job: progress, stop, one refresh at a time.

What is taken and what is refused is decided in core.tables.update.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from core.errors import CacheError
from core.progress import Cancelled, Progress, part_of, stop_if, stoppable
from core.settings import Settings
from core.tables.sources import SOURCES, source_named
from core.tables.update import Refresh, update
from core.tables.visit import Visitor

THE_REFRESH, KEPT = "The refresh", "what it finished is kept"


def refresh(
    names: Iterable[str],
    settings: Settings,
    *,
    accept: bool = False,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Refresh]:
    """Refresh the sources of these names, or all, and return what came of each.

    A source that fails is a result, not an error. `accept` takes what lost more than
    half of its rows. Raises UsageError for an unknown name, JobCancelled when
    `cancelled` says so (sources that were finished stay), CacheError when the disk
    refuses or another refresh runs.
    """
    sources = [source_named(name) for name in dict.fromkeys(names)] or list(SOURCES)
    report = stoppable(THE_REFRESH, progress, cancelled, KEPT)
    visitor = Visitor(settings, accepts_less=accept, sleep=_stoppable(sleep, cancelled))

    with _only_refresh(settings):
        return [
            update(
                source,
                settings,
                visitor,
                accept=accept,
                tell=part_of(report, at, len(sources)),
            )
            for at, source in enumerate(sources)
        ]


def _stoppable(
    sleep: Callable[[float], None], cancelled: Cancelled | None
) -> Callable[[float], None]:
    """Return a sleep that looks once a second whether a person asked to stop."""
    if cancelled is None:
        return sleep

    def wait(seconds: float) -> None:
        while seconds > 0:
            stop_if(cancelled, THE_REFRESH, KEPT)
            sleep(min(seconds, 1.0))
            seconds -= 1.0

    return wait


@contextmanager
def _only_refresh(settings: Settings) -> Iterator[None]:
    folder = settings.cache_root / "tables"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".refresh.lock", timeout=0):
            yield
    except Timeout as error:
        happened = "are being refreshed by another process"
        raise CacheError("The tables", happened, "wait for it") from error
    except OSError as error:
        reason = error.strerror or str(error)
        remedy = "free space or change PEDIGREE_CACHE"
        raise CacheError(folder, f"cannot be written ({reason})", remedy) from error
