"""Pages beside long jobs, and a family of 20,000 comparisons.

    python -m bench.load [--json] [--models N] [--runs N]

Two long jobs: the demo family and the demo's records, both trained at once by pressing
their buttons in two sessions; meanwhile somebody browses. The named alternative is the
same page of the same server before the jobs began; two cores shared by three is what
the bound allows. 20,000 comparisons: opening the Derived page of a family of that size,
first and again, against one of 1,500 in the same run.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from bench.report import Line, finish
from bench.server import Served, pedigree_server
from bench.session import Session
from core.settings import Settings
from tests.standin.stored import BASE, keep_family

SMALL = 1500
BROWSED = ("models", "zero_shot", "derived", "glossary")
JOBS = (
    ("derived", "Make the demo family"),
    ("transfer", "Make the demo's records"),
)
STARTED_SECONDS = 8


def browse(served: Served, runs: int) -> float:
    """Return the median seconds of a run, over some pages in turn."""
    seconds = []
    for page in BROWSED:
        with Session(served, page) as session:
            session.run()
            seconds += [session.run() for _ in range(runs)]
    return statistics.median(seconds)


def beside_jobs(runs: int) -> tuple[float, float, int]:
    """Return the seconds of a run alone and beside two jobs, and how many still ran."""
    with (
        tempfile.TemporaryDirectory() as cache,
        pedigree_server({"PEDIGREE_CACHE": cache}) as served,
    ):
        alone = browse(served, runs)
        for page, button in JOBS:
            with Session(served, page) as session:
                session.run()
                session.run(press=button)
        time.sleep(STARTED_SECONDS)
        beside = browse(served, runs)
        workers = served.server().children(recursive=True)
        for worker in workers:
            worker.terminate()
        psutil.wait_procs(workers, timeout=20)
    return alone, beside, len(workers)


def opened(models: int, runs: int) -> tuple[float, float, float]:
    """Return the seconds of the first and of later runs, and the server's MiB."""
    with tempfile.TemporaryDirectory() as cache:
        keep_family(Settings(Path(cache)), models)
        with (
            pedigree_server({"PEDIGREE_CACHE": cache}) as served,
            Session(served, "derived", base=BASE, by="tensor") as session,
        ):
            first = session.run()
            again = statistics.median(session.run() for _ in range(runs))
            if session.errors:
                raise RuntimeError(session.errors[0])
            memory = served.server().memory_info().rss / 2**20
            return first, again, memory


def main(arguments: Sequence[str]) -> int:
    """Measure, print and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--models", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=8)
    chosen = parser.parse_args(arguments)
    alone, beside, workers = beside_jobs(chosen.runs)
    first, again, memory = opened(chosen.models, chosen.runs)
    few_first, few_again, _ = opened(SMALL, chosen.runs)
    times = chosen.models / SMALL
    return finish(
        [
            Line("a run beside two long jobs, over the same without", beside / alone,
                 "<=", 3.0, f"{1000 * beside:.0f} ms, {workers} processes at work"),
            Line("processes still at work when it was measured", workers, ">=", 2),
            Line(f"{chosen.models:,} comparisons: first run, over {times:.0f} times "
                 f"that of {SMALL:,}", first / few_first / times, "<=", 1.0,
                 f"{first:.1f} s, {few_first:.1f} s"),
            Line(f"{chosen.models:,} comparisons: each further run, in seconds", again,
                 "<=", 2.0, f"{few_again:.2f} s with {SMALL:,}; {memory:.0f} MiB"),
        ],
        as_json=chosen.json,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
