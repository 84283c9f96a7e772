"""How long until the first chart is seen, against an empty page with one chart.

    python -m bench.first_chart [--json] [--rounds N]

Cold: a server that has just started, an empty cache, a new browser profile; from the
request to the first drawn point. The named alternative is a Streamlit page with nothing
but one Plotly chart, in the same run. Warm: the second visit, and one change of a
filter.
"""

import argparse
import sys
import tempfile
import time
from contextlib import AbstractContextManager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from bench.report import Line, finish
from bench.server import pedigree_server, streamlit_server
from core.charts.renderer import find_browser

EMPTY_PAGE = """
import plotly.graph_objects as go
import streamlit as st
st.title("Models")
st.plotly_chart(go.Figure(go.Scatter(x=[1, 2, 3], y=[1, 4, 9], mode="markers")))
"""
POINT = ".js-plotly-plot .scatterlayer .point"
FEW_POINTS = f"document.querySelectorAll('{POINT}').length < 40"


def seconds_to_chart(page: Page, address: str) -> float:
    """Open `address` and return the seconds until a point is drawn."""
    started = time.perf_counter()
    page.goto(address)
    page.locator(POINT).first.wait_for(state="attached", timeout=60_000)
    return time.perf_counter() - started


def cold(browser: Browser, server: AbstractContextManager[str], path: str) -> float:
    """Return the seconds to the first chart of a server that has just started."""
    with server as address:
        page = browser.new_context().new_page()
        return seconds_to_chart(page, address + path)


def warm(browser: Browser) -> tuple[float, float, float]:
    """Return the seconds to a heading, to the chart, and of one filter change."""
    with (
        tempfile.TemporaryDirectory() as cache,
        pedigree_server({"PEDIGREE_CACHE": cache}) as address,
    ):
        context = browser.new_context()
        seconds_to_chart(context.new_page(), f"{address}/models")
        page = context.new_page()
        started = time.perf_counter()
        page.goto(f"{address}/models")
        page.get_by_role("heading", name="Models").first.wait_for()
        painted = time.perf_counter() - started
        page.locator(POINT).first.wait_for(state="attached")
        chart = time.perf_counter() - started
        time.sleep(1)
        started = time.perf_counter()
        page.get_by_role("searchbox", name="Search").fill("swin")
        page.wait_for_function(FEW_POINTS)
        return painted, chart, time.perf_counter() - started


def main(arguments: list[str]) -> int:
    """Measure, print and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args(arguments)
    ours, theirs, warms = [], [], []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY_PAGE)
        browser = playwright.chromium.launch(executable_path=find_browser())
        for _ in range(chosen.rounds):
            cache = tempfile.mkdtemp(dir=folder)
            theirs.append(cold(browser, streamlit_server(empty), ""))
            served = pedigree_server({"PEDIGREE_CACHE": cache})
            ours.append(cold(browser, served, "/models"))
            warms.append(warm(browser))
    painted, chart, filtered = (min(values) for values in zip(*warms, strict=True))
    lines = [
        Line("first chart, cold, against an empty page with one chart",
             min(ours) / min(theirs), "<=", 1.5,
             f"{min(ours):.2f} s against {min(theirs):.2f} s"),
        Line("first paint, warm, in seconds", painted, "<=", 3.0,
             f"chart {chart:.2f} s"),
        Line("redraw after a filter change, in seconds", filtered, "<=", 0.5),
    ]  # fmt: skip
    return finish(lines, as_json=chosen.json)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
