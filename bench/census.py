"""The published study, counted again: all 2,853 models of its 33 bases, in one job.

    python -m bench.census [--json] [--most N]

Against the stand-in of the tests: tiny models of the right classes, as many of each
making as the study counted, its known errors mended (tests/standin/census.py). Every
family must be summed up as it was made, and every finding must agree or be the one that
its correction tells. `--most N` makes at most N children of each making.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter

from bench.report import Line, finish
from core.derived.census_run import compare_census, stored_census
from core.derived.census_study import published_study
from core.settings import load_settings
from tests.standin import Standin
from tests.standin.census import (
    FAMILIES,
    census_family,
    expected_standings,
    few,
    patterns_told,
    shrunk,
)


def run_census(most: int) -> dict[str, float]:
    """Make, compare and count every family; return what is wrong and what it took."""
    study = shrunk(published_study(), most)
    with Standin() as hub, tempfile.TemporaryDirectory() as cache:
        truth = {base: census_family(hub, base, few(base, most)) for base in FAMILIES}
        place = {"HF_ENDPOINT": hub.endpoint, "PEDIGREE_CACHE": cache}
        settings = load_settings(place)
        started = time.perf_counter()
        run = compare_census(settings)
        seconds = time.perf_counter() - started
        before = len(hub.requests)
        compare_census(settings)
        beyond = {r.path for r in hub.requests[before:]} - {"/api/models"}
        started = time.perf_counter()
        found = stored_census(settings, study)
        read_seconds = time.perf_counter() - started
    children = sum(map(len, truth.values()))
    return {
        "children": children,
        "missing": children - int(found.bases["compared"].sum()),
        "wrong": sum(patterns_told(f.models) != Counter(truth[f.base].values())
                     for f in run.families),
        "unlike": sum(found.findings["standing"] != expected_standings(study)),
        "beyond": len(beyond),
        "seconds": seconds,
        "read_seconds": read_seconds,
    }  # fmt: skip


def main(arguments: list[str]) -> int:
    """Measure, print and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--most", type=int, default=10_000)
    chosen = parser.parse_args(arguments)
    found = run_census(chosen.most)
    lines = [
        Line("families whose patterns are not those made", found["wrong"], "<=", 0,
             f"{found['children']:,} children of 33 bases"),
        Line("findings that neither agree nor are corrected", found["unlike"], "<=", 0),
        Line("children that are no compared row", found["missing"], "<=", 0),
        Line("paths asked for again beyond listing", found["beyond"], "<=", 0),
        Line("reading the census kept against comparing it",
             found["read_seconds"] / found["seconds"], "<=", 0.1,
             f"{found['read_seconds']:.1f} s against {found['seconds']:.0f} s"),
    ]  # fmt: skip
    return finish(lines, as_json=chosen.json)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
