"""How far long work is, and whether it should go on: the words between the work and
whoever watches it. Knows no threads and no pages.
"""

from collections.abc import Callable

from core.errors import JobCancelled

Progress = Callable[[float, str], None]
"""Takes the share that is done, 0-1, and what is being done; may raise JobCancelled."""

Cancelled = Callable[[], bool]
"""Whether a person asked the work to stop."""

RESUME = "start it again to resume"


def silent(fraction: float, message: str) -> None:
    """Tell nobody: the progress of work that is not watched."""


def stop_if(cancelled: Cancelled | None, work: str, remedy: str = RESUME) -> None:
    """Raise JobCancelled, naming the `work`, once a person asked it to stop."""
    if cancelled and cancelled():
        raise JobCancelled(work, "was stopped", remedy)


def stoppable(
    work: str,
    progress: Progress | None,
    cancelled: Cancelled | None,
    remedy: str = RESUME,
) -> Progress:
    """Return a progress that stops the work, as `stop_if` does, before it tells."""

    def report(fraction: float, message: str) -> None:
        stop_if(cancelled, work, remedy)
        if progress:
            progress(fraction, message)

    return report


def part_of(progress: Progress | None, at: int, parts: int) -> Progress:
    """Return the progress of one of several equal parts, the first being 0.

    >>> part_of(lambda fraction, message: print(fraction, message), 1, 4)(0.5, "half")
    0.375 half
    """

    def report(fraction: float, message: str) -> None:
        if progress:
            progress((at + fraction) / parts, message)

    return report
