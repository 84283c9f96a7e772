"""How fluid the Derived page is with 1,500 models of 200 tensors each.

    python -m bench.family_page [--json] [--rounds N]

The family is written to a cache of its own (`tests.standin.stored`: the published mix
of patterns; nothing is compared). Warm: a visit with a profile whose browser has kept
the page's scripts compiled (see `bench.explorer`), from the request until the freeze
map of all tensors, in its first picture or in the chart, and the table of models are
seen, and until the chart itself is drawn. Then another order, and a filter, until the
map shows it; and the map as a vector PDF, drawn by a warm browser.
"""

import argparse
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import BrowserContext, Page, sync_playwright

from bench.explorer import (
    COMPILED_AFTER,
    PICTURE,
    seconds_until,
    seconds_until_each,
)
from bench.report import Line, finish
from bench.server import pedigree_server
from core.charts.export import figure_bytes
from core.charts.freeze_map import freeze_map
from core.charts.renderer import Renderer, find_browser
from core.derived.family import family
from core.derived.order import sort_rows
from core.settings import Settings
from tests.standin.stored import BASE, keep_family

COMPARED = 1500
MAP = "document.querySelector('.st-key-map .hm image')?.getAttribute('href')"
TABLE = "document.querySelector('[data-testid=stDataFrame] canvas')"
ORDERS = ("name", "downloads", "pattern")
WORDS = ("person-7", "base-12", "person-39")


def visited(page: Page, address: str) -> tuple[float, float]:
    """Return the seconds until map and table are seen, and until they are drawn."""
    query = urlencode({"base": BASE, "by": "tensor"})
    target = f"{address}/derived?{query}"
    go = partial(page.goto, target, wait_until="commit")
    shown = [f"({MAP} || {PICTURE}) && {TABLE}", f"{MAP} && {TABLE}"]
    return tuple(seconds_until_each(page, shown, go))


def changed(page: Page, act: partial) -> float:
    """Return the seconds from an action until the map is another one."""
    page.wait_for_timeout(1500)
    before = page.evaluate(MAP)
    return seconds_until(page, f"{MAP} && {MAP} != {before!r}", act)


def measured(
    context: BrowserContext, address: str
) -> tuple[float, float, float, float]:
    """Return the seconds of a visit until the page is seen and drawn, of a new order
    and of a filter.
    """
    page = context.new_page()
    seen, drawn = visited(page, address)
    sorts = []
    for order in ORDERS:
        page.get_by_role("combobox", name="Sort by").click()
        option = page.get_by_role("option", name=order, exact=True)
        option.wait_for()
        sorts.append(changed(page, partial(option.click)))
    box = page.get_by_role("searchbox", name="Search")
    filters = [changed(page, partial(box.fill, word)) for word in WORDS]
    page.close()
    return seen, drawn, min(sorts), min(filters)


def printed(settings: Settings) -> tuple[float, float]:
    """Return the seconds and the bytes of the vector PDF of the whole family."""
    found = family(BASE, settings, limit=0)
    matrix = sort_rows(found.matrix("tensor"), found.models, "frozen depth")
    with Renderer() as renderer:
        figure_bytes(freeze_map(matrix[:2], vector=True), "pdf", renderer=renderer)
        started = time.perf_counter()
        figure = freeze_map(matrix, vector=True)
        pdf = figure_bytes(figure, "pdf", column="double", renderer=renderer)
        return time.perf_counter() - started, len(pdf)


def main(arguments: list[str]) -> int:
    """Measure, print and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as cache, sync_playwright() as playwright:
        settings = Settings(Path(cache))
        keep_family(settings, COMPARED)
        context = playwright.chromium.launch_persistent_context(
            f"{cache}/profile", executable_path=find_browser(),
            viewport={"width": 1280, "height": 900},
        )  # fmt: skip
        environment = {"PEDIGREE_CACHE": cache, "HF_ENDPOINT": settings.hub_endpoint}
        with pedigree_server(environment) as address:
            for _ in range(COMPILED_AFTER):
                page = context.new_page()
                visited(page, address)
                page.close()
            rounds = [measured(context, address) for _ in range(chosen.rounds)]
        context.close()
        seen, drawn, sorted_, filtered = (min(v) for v in zip(*rounds, strict=True))
        seconds, size_bytes = min(printed(settings) for _ in range(chosen.rounds))
    size, told = "1,500 models x 200 tensors", f"drawn by the chart after {drawn:.2f}"
    return finish(
        [
            Line(f"{size} seen, warm, in seconds", seen, "<=", 3.0, told),
            Line("another order of them answers, in seconds", sorted_, "<=", 1.0),
            Line("a filter of them answers, in seconds", filtered, "<=", 1.0),
            Line("their freeze map as vector PDF, in seconds", seconds, "<=", 3.0),
            Line("their freeze map as vector PDF, in MB", size_bytes / 1e6, "<=", 1.0),
        ],
        as_json=chosen.json,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
