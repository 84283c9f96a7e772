"""Long work in the background: progress, cancel, the outcome in words. Knows no pages.

A job's own function keeps what it finishes on disk, so that starting it again resumes.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from core.errors import JobCancelled, PedigreeError

State = Literal["running", "done", "failed", "cancelled"]
Work = Callable[["Job"], object]

log = logging.getLogger("pedigree.jobs")


@dataclass
class Job:
    """One piece of long work; the worker writes its progress here, pages read it.

    `fraction` is 0-1. `result` is what the work returned; `error` is one sentence.
    """

    key: str
    title: str
    state: State = "running"
    fraction: float = 0.0
    message: str = "Starting"
    error: str = ""
    result: object = None
    started: float = field(default_factory=time.time)
    ended: float | None = None
    can_pause: bool = False
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _hold: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def is_running(self) -> bool:
        """Whether the work goes on."""
        return self.state == "running"

    @property
    def elapsed_seconds(self) -> float:
        """How long the work has taken so far, or took."""
        return (self.ended or time.time()) - self.started

    @property
    def is_cancelled(self) -> bool:
        """Whether a person asked the work to stop."""
        return self._stop.is_set()

    @property
    def is_paused(self) -> bool:
        """Whether a person asked the work to wait."""
        return self._hold.is_set()

    def cancel(self) -> None:
        """Ask the work to stop at its next report."""
        self._stop.set()

    def pause(self) -> None:
        """Ask work that can pause to wait where it is."""
        self._hold.set()

    def go_on(self) -> None:
        """Let paused work go on."""
        self._hold.clear()

    def report(self, fraction: float, message: str) -> None:
        """Record progress. Raises JobCancelled once a person asked to stop."""
        self.fraction = min(max(fraction, 0.0), 1.0)
        self.message = message
        if self.is_cancelled:
            raise JobCancelled(self.title, "was stopped", "start it again to resume")


class Jobs:
    """The jobs of this process, by key; a key runs at most once at a time."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def start(
        self, key: str, title: str, work: Work, *, can_pause: bool = False
    ) -> Job:
        """Start `work(job)` in a thread, or return the job already running as `key`.

        `can_pause` says that the work looks at `job.is_paused`.
        """
        with self._lock:
            current = self._jobs.get(key)
            if current and current.is_running:
                return current
            job = self._jobs[key] = Job(key, title, can_pause=can_pause)
        threading.Thread(
            target=_perform, args=(job, work), name=f"job-{key}", daemon=True
        ).start()
        return job

    def get(self, key: str) -> Job | None:
        """Return the newest job of this key."""
        return self._jobs.get(key)

    def all(self) -> list[Job]:
        """Return all jobs, newest first."""
        return sorted(self._jobs.values(), key=lambda job: job.started, reverse=True)


def _perform(job: Job, work: Work) -> None:
    state: State = "failed"
    try:
        job.result = work(job)
        state, job.fraction, job.message = "done", 1.0, "Done"
    except JobCancelled as error:
        state, job.error = "cancelled", str(error)
    except PedigreeError as error:
        log.warning("job %s failed: %s", job.key, error)
        job.error = str(error)
    except Exception as error:
        log.exception("job %s failed", job.key)
        job.error = (
            f"{job.title} failed ({type(error).__name__}); the log has the details."
        )
    finally:
        job.ended = time.time()
        job.state = state
