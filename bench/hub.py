"""What a family on the Hub costs: bytes and requests against downloading every child.

    python -m bench.hub [--json] [--children N]

Against the stand-in of the tests, on loopback. Forty children of ViT-base size, whose
verdicts are known, against their naive download; then a census of 1,769 small ones with
20 ms of latency a request, run by the command line in a process of its own: its time,
its peak memory, and what a second run asks for.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile

from bench.report import Line, finish
from bench.server import ROOT
from core.derived.family import family
from core.settings import load_settings
from tests.standin import Standin, tune, vit
from tests.standin.families import (
    BASE,
    WEIGHTS,
    from_block,
    publish,
    tuned_vit,
    vit_family,
)

TINY = {"width": 32, "depth": 2, "image": 32}
LATENCY_SECONDS = 0.02
CENSUS = 1769
UNREADABLE = 301
"""How many of 1,769 the published study could not load."""


def large_family(*, multi_range: bool) -> dict[str, float]:
    """Compare forty large children; return shares, requests and wrong verdicts."""
    with (
        Standin(multi_range=multi_range) as hub,
        tempfile.TemporaryDirectory() as cache,
    ):
        truth = vit_family(hub)
        place = {"HF_ENDPOINT": hub.endpoint, "PEDIGREE_CACHE": cache}
        found = family(BASE, load_settings(place))
        models = found.document()["models"]
        right = sum(
            (model["kind"], model["frozen_blocks"]) == truth[model["id"]]
            for model in models
        )
        naive = sum(hub.repositories[id].files[WEIGHTS].size for id in truth)
        asked = {id: [r for r in hub.requests if f"/{id}/" in r.path] for id in truth}
        plain = [id for id in truth if "lora" not in id]
        return {
            "wrong": len(truth) - right,
            "bytes": sum(r.bytes_sent for rows in asked.values() for r in rows) / naive,
            "requests": sum(len(asked[id]) for id in plain) / len(plain),
            "seconds": found.seconds,
        }


def census(children: int) -> dict[str, float]:
    """Crawl small children in a process of its own, twice; return what it took."""
    with Standin() as hub, tempfile.TemporaryDirectory() as cache:
        _publish_census(hub, children)
        hub._hub.latency_seconds = hub._cdn.latency_seconds = LATENCY_SECONDS
        place = {"HF_ENDPOINT": hub.endpoint, "PEDIGREE_CACHE": cache}
        first = _derived(place)
        before = len(hub.requests)
        second = _derived(place)
        paths = {request.path for request in hub.requests[before:]}
    told = [row["status"] for row in first["models"]]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return {
        "listed": first["listed"],
        "reconciled": told.count("ok") + told.count("failed"),
        "failed": told.count("failed"),
        "seconds": first["seconds"],
        "again": second["seconds"],
        "peak_bytes": peak,
        "beyond_listing": len(paths - {"/api/models"}),
        "same": first["models"] == second["models"],
    }


def _publish_census(hub: Standin, children: int) -> None:
    publish(hub, BASE, vit(**TINY))
    made = tuned_vit(**TINY)
    broken = children * UNREADABLE // CENSUS
    for number in range(children - broken):
        tuned = tune(made, *from_block(number % 3, 2), by=f"t{number}")
        publish(hub, f"kid/n{number}", tuned, base_model=BASE)
    for number in range(broken):
        files = [{"config.json": b"{}"}, {"tf_model.h5": b"x"}, {WEIGHTS: b"x" * 4096}]
        hub.repository(f"bad/n{number}", base_model=BASE, files=files[number % 3])


def _derived(variables: dict[str, str]) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "core", "derived", BASE, "--json"],
        cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout)


def main(arguments: list[str]) -> int:
    """Measure, print and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--children", type=int, default=CENSUS)
    chosen = parser.parse_args(arguments)
    several, single = (large_family(multi_range=each) for each in (True, False))
    small = census(chosen.children)
    lines = [
        Line("wrong patterns among 40 children", several["wrong"], "<=", 0),
        Line("bytes against downloading 40 children", several["bytes"], "<=", 0.01,
             f"{several['seconds']:.1f} s"),
        Line("bytes, one range a request", single["bytes"], "<=", 0.012,
             f"{single['seconds']:.1f} s"),
        Line("requests a child", several["requests"], "<=", 12),
        Line("requests a child, one range a request", single["requests"], "<=", 80),
        Line("children of the census that are no row", small["listed"]
             - small["reconciled"], "<=", 0, f"{small['failed']:,} failed"),
        Line("census in minutes", small["seconds"] / 60, "<=", 10,
             f"{small['listed']:,} children, {LATENCY_SECONDS} s a request"),
        Line("peak memory of the census in GB", small["peak_bytes"] / 1e9, "<=", 1.0),
        Line("requests of a second run beyond listing", small["beyond_listing"], "<=",
             0, f"{small['again']:.1f} s"),
        Line("rows that a second run tells otherwise", 1.0 - small["same"], "<=", 0),
    ]  # fmt: skip
    return finish(lines, as_json=chosen.json)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
