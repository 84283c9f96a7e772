"""How fluid the explorer is with every model of timm: 1,556 points.

    python -m bench.explorer [--json] [--rounds N]

A cache is filled from the published files that lie beside the project, served on
loopback in place of the real hosts; without them nothing is measured. Warm: a visit
with a profile whose browser has kept the page's scripts compiled (Chromium does so at
the second visit), from the request until all points are seen, in the first picture or
in the chart, and until the chart itself is drawn; then one word typed into the search,
until the chart shows what it left. An empty page with one chart is measured beside it,
to tell the page's share from the machine's.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, sync_playwright

from bench.first_chart import EMPTY_PAGE
from bench.report import Line, finish
from bench.server import ROOT, pedigree_server, streamlit_server
from core.charts.renderer import find_browser
from core.settings import Settings
from core.tables.refresh import refresh

PUBLISHED = ROOT / "../shared/data/timm"
RESULTS = "/raw.githubusercontent.com/huggingface/pytorch-image-models/main/results/"
LISTING = "/api.github.com/repos/huggingface/pytorch-image-models/contents/results"
MODELS = 1556
COMPILED_AFTER = 3
WORDS = ("swin", "resnet", "vit")
PICTURE = """(() => {
    const picture = document.querySelector('.first-picture img');
    const seen = picture?.complete && picture.naturalWidth && picture.offsetParent;
    return seen ? atob(picture.src.split(',')[1]) : '';
})()"""
"""The first picture of a chart, while it is seen."""

PICTURED = f"({PICTURE}.split('<use ').length - 1)"
"""How many points it shows."""

POINTS = "document.querySelectorAll('.js-plotly-plot .scatterlayer .point').length"


class Published(BaseHTTPRequestHandler):
    """Answers with the published files in place of timm's hosts."""

    def do_GET(self) -> None:
        """Send the listing, one file, or 404."""
        files = {file.name: file for file in PUBLISHED.iterdir()}
        name = self.path.removeprefix(RESULTS)
        if self.path.partition("?")[0] == LISTING:
            body = json.dumps([{"name": name} for name in files]).encode()
        else:
            body = files[name].read_bytes() if name in files else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextmanager
def published_hosts() -> Iterator[str]:
    """Yield the address that stands for the real hosts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Published)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def seconds_until(page: Page, condition: str, act: partial) -> float:
    """Act, and return the seconds until the condition holds in the page."""
    return seconds_until_each(page, [condition], act)[0]


def seconds_until_each(
    page: Page, conditions: Sequence[str], act: partial
) -> list[float]:
    """Act, and return the seconds until one condition after the other holds."""
    started = time.perf_counter()
    act()
    seconds = []
    for condition in conditions:
        page.wait_for_function(condition, timeout=60_000)
        seconds.append(time.perf_counter() - started)
    return seconds


def visit(
    context: BrowserContext, target: str, points: int
) -> tuple[Page, float, float]:
    """Open a page, and return the seconds until so many points are seen, and drawn."""
    page = context.new_page()
    go = partial(page.goto, target, wait_until="commit")
    shown = [f"{PICTURED} + {POINTS} >= {points}", f"{POINTS} >= {points}"]
    return page, *seconds_until_each(page, shown, go)


def answered(page: Page) -> float:
    """Return the seconds of the quickest answered search."""
    box = page.get_by_role("searchbox", name="Search")
    answers = []
    for word in WORDS:
        page.wait_for_timeout(1500)
        before = page.evaluate(POINTS)
        changed = f"{POINTS} != {before} && {POINTS} > 0"
        answers.append(seconds_until(page, changed, partial(box.fill, word)))
    return min(answers)


def measured(
    context: BrowserContext, address: str, empty: str, rounds: int
) -> tuple[float, float, float, float]:
    """Return the least seconds of the empty page, of ours until its points are seen and
    drawn, and of a search in it.
    """
    target = f"{address}/models?table=timm%2Fimagenet&cost=GMACs"
    for _ in range(COMPILED_AFTER):
        visit(context, target, MODELS)[0].close()
    seconds = []
    for _ in range(rounds):
        page, _, plain = visit(context, empty, 3)
        page.close()
        page, seen, drawn = visit(context, target, MODELS)
        seconds.append((plain, seen, drawn, answered(page)))
        page.close()
    return tuple(min(values) for values in zip(*seconds, strict=True))


def main(arguments: list[str]) -> int:
    """Measure, print and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args(arguments)
    if not PUBLISHED.is_dir():
        print("skipped: timm's published files are not beside the project",
              file=sys.stderr)  # fmt: skip
        return finish([], as_json=chosen.json)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        with published_hosts() as hosts:
            refresh(["timm"], Settings(Path(folder), sources_url=hosts))
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY_PAGE)
        context = playwright.chromium.launch_persistent_context(
            f"{folder}/profile", executable_path=find_browser(),
            viewport={"width": 1280, "height": 900},
        )  # fmt: skip
        with (
            streamlit_server(script) as empty,
            pedigree_server({"PEDIGREE_CACHE": folder}) as address,
        ):
            plain, seen, drawn, filtered = measured(
                context, address, empty, chosen.rounds
            )
        context.close()
    beside = f"drawn by the chart after {drawn:.2f}; an empty page's chart: {plain:.2f}"
    return finish(
        [
            Line(f"{MODELS:,} points seen, warm, in seconds", seen, "<=", 2.0, beside),
            Line("a filter of them answers, in seconds", filtered, "<=", 0.5),
        ],
        as_json=chosen.json,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
