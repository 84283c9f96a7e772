"""How soon each page is there, and what ten people and 300 runs cost it.

    python -m bench.pages [--json] [--rounds N] [--runs N] [--page NAME ...]

Every page with its largest data (`bench.large`). Cold: a server that has just started,
a new browser profile, until the page's script has ended and its title is drawn; the
named alternative is an empty Streamlit page with one Plotly chart in the same run.
First paint: the title on a second visit, same browser. Rerun: the whole script again,
over Streamlit's own websocket, until all of it was sent. Memory: what the server holds
(resident) after 300 runs, over what it held after the first 30. Ten sessions: all run
at once, five times; how long that takes over the same fifty runs in turn.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from bench.first_chart import EMPTY_PAGE
from bench.large import PAGES, fill
from bench.report import Line, finish
from bench.server import Served, pedigree_server, streamlit_server
from bench.session import Session
from core.charts.renderer import find_browser
from core.settings import Settings

SESSIONS = 10
EACH = 5
SETTLED_RUNS = 30
READY = """
document.querySelector('h1') &&
document.querySelector('[data-testid=stApp]').dataset.testScriptState == 'notRunning'
"""


@dataclass(frozen=True)
class Cost:
    """What one page takes: seconds, and MiB of the server."""

    cold: float
    empty: float
    first_paint: float
    rerun: float
    memory: float
    growth: float
    ten: float
    per_session: float

    def row(self, label: str) -> str:
        """Return a line of a Markdown table."""
        return (
            f"| {label} | {self.cold:.2f} s ({self.cold / self.empty:.2f}) "
            f"| {self.first_paint:.2f} s | {1000 * self.rerun:.0f} ms "
            f"| {self.memory:.0f} MiB ({self.growth:.3f}) "
            f"| {1000 * self.ten:.0f} ms ({self.ten / SESSIONS / self.rerun:.2f}), "
            f"{self.per_session:.1f} MiB each |"
        )


HEAD = """\
| page | cold start (over an empty page) | first paint | rerun \
| memory after 300 reruns (over 30) | ten sessions (over one after the other) |
|---|---|---|---|---|---|"""


def seconds_to_ready(tab: Page, address: str) -> float:
    """Open `address`; return the seconds until its script has ended."""
    started = time.perf_counter()
    tab.goto(address)
    tab.wait_for_function(READY, timeout=120_000)
    return time.perf_counter() - started


def cold(browser: Browser, server: AbstractContextManager[Served], tail: str) -> float:
    """Return the seconds until a page of a server that has just started is ready."""
    with server as served:
        context = browser.new_context()
        try:
            return seconds_to_ready(context.new_page(), served + tail)
        finally:
            context.close()


def first_paint(browser: Browser, address: str) -> float:
    """Return the seconds to the title on the second visit."""
    context = browser.new_context()
    seconds_to_ready(context.new_page(), address)
    tab = context.new_page()
    started = time.perf_counter()
    tab.goto(address)
    tab.locator("h1").first.wait_for()
    seconds = time.perf_counter() - started
    context.close()
    return seconds


def resident(server: psutil.Process) -> float:
    """Return the MiB that the server holds."""
    return server.memory_info().rss / 2**20


def many_runs(served: Served, page: str, query: dict, runs: int) -> tuple[float, ...]:
    """Return the seconds of a rerun, the MiB after all, and their growth."""
    server = served.server()
    with Session(served, page, **query) as session:
        for _ in range(SETTLED_RUNS):
            session.run()
        early = resident(server)
        seconds = [session.run() for _ in range(runs - SETTLED_RUNS)]
        if session.errors:
            raise RuntimeError(f"{page} failed: {session.errors[0]}")
        late = resident(server)
    return statistics.median(seconds), late, late / early


def ten_at_once(served: Served, page: str, query: dict) -> tuple[float, float]:
    """Return the seconds of a run beside nine others, and the MiB of each session."""
    server = served.server()
    with ExitStack() as stack, ThreadPoolExecutor(SESSIONS) as pool:
        before = resident(server)
        sessions = [
            stack.enter_context(Session(served, page, **query)) for _ in range(SESSIONS)
        ]
        list(pool.map(Session.run, sessions))
        seconds = []
        for _ in range(EACH):
            started = time.perf_counter()
            list(pool.map(Session.run, sessions))
            seconds.append(time.perf_counter() - started)
        return statistics.median(seconds), (resident(server) - before) / SESSIONS


def measured(
    browser: Browser, label: str, environment: dict, empty: Path, rounds: int, runs: int
) -> Cost:
    """Measure one page."""
    page, query = PAGES[label]
    tail = f"/{page}?{urlencode(query)}"
    pairs = [
        (
            cold(browser, streamlit_server(empty), ""),
            cold(browser, pedigree_server(environment), tail),
        )
        for _ in range(rounds)
    ]
    with pedigree_server(environment) as served:
        paint = min(first_paint(browser, served + tail) for _ in range(rounds))
        rerun, memory, growth = many_runs(served, page, query, runs)
        ten, each = ten_at_once(served, page, query)
    empty_cold, our_cold = (min(side) for side in zip(*pairs, strict=True))
    return Cost(our_cold, empty_cold, paint, rerun, memory, growth, ten, each)


def lines(label: str, cost: Cost) -> list[Line]:
    """Return what is claimed of a page."""
    return [
        Line(f"{label}: cold, over an empty page", cost.cold / cost.empty, "<=", 2.0,
             f"{cost.cold:.2f} s, {cost.empty:.2f} s"),
        Line(f"{label}: first paint, in seconds", cost.first_paint, "<=", 3.0),
        Line(f"{label}: memory after many runs, over 30", cost.growth, "<=", 1.1,
             f"{cost.memory:.0f} MiB, {1000 * cost.rerun:.0f} ms a run"),
        Line(f"{label}: ten at once, over in turn", cost.ten / SESSIONS / cost.rerun,
             "<=", 1.5, f"{1000 * cost.ten:.0f} ms"),
    ]  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Measure, print and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--page", nargs="*", choices=list(PAGES), default=list(PAGES))
    chosen = parser.parse_args(arguments)
    costs = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        settings = Settings(Path(folder) / "cache")
        fill(settings)
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY_PAGE)
        environment = {"PEDIGREE_CACHE": str(settings.cache_root)}
        browser = playwright.chromium.launch(executable_path=find_browser())
        for label in chosen.page:
            costs[label] = measured(
                browser, label, environment, empty, chosen.rounds, chosen.runs
            )
    if not chosen.json:
        print(HEAD, *(cost.row(label) for label, cost in costs.items()), sep="\n")
    claims = [line for label, cost in costs.items() for line in lines(label, cost)]
    return finish(claims, as_json=chosen.json)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
