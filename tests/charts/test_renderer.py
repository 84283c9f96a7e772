"""One browser, many threads: each caller gets its own figure, or a named error soon."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import plotly.graph_objects as go
import pytest

from core.charts.renderer import MAC_BROWSERS, Renderer, find_browser
from core.errors import MissingTool

SIZE = {"width": 200, "height": 150}


def titled(text):
    return go.Figure(layout={"xaxis": {"title": {"text": text}}, "template": None})


@pytest.mark.browser
def test_each_of_four_threads_gets_its_own_figures(renderer):
    names = [f"figure{number:02d}" for number in range(24)]
    with ThreadPoolExecutor(4) as pool:
        pages = pool.map(lambda n: renderer.image(titled(n), "svg", **SIZE), names)
    for name, page in zip(names, pages, strict=True):
        assert name.encode() in page
        assert page.count(b">figure") == 1


def test_a_missing_browser_is_named_at_once(tmp_path):
    started = time.perf_counter()
    with Renderer(tmp_path / "absent") as absent:
        for _ in range(2):
            with pytest.raises(MissingTool, match="install Chromium"):
                absent.image(titled("x"), "svg", **SIZE)
    assert time.perf_counter() - started < 3


def test_browser_path_decides_alone(tmp_path):
    assert (
        find_browser({"BROWSER_PATH": str(tmp_path / "none"), "PATH": "/usr/bin"})
        is None
    )
    chosen = tmp_path / "chrome"
    chosen.touch()
    assert find_browser({"BROWSER_PATH": str(chosen)}) == chosen


def test_playwright_browser_is_found(tmp_path):
    browser = tmp_path / "chromium-1200/chrome-linux64/chrome"
    browser.parent.mkdir(parents=True)
    browser.touch(mode=0o755)
    places = {"PATH": "", "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    if any(Path(app).is_file() for app in MAC_BROWSERS):
        pytest.skip("an installed app comes before Playwright's own")
    assert find_browser(places) == browser


@pytest.mark.browser
def test_a_killed_browser_is_started_again_and_a_closed_one_too(renderer):
    own = Renderer()
    own.image(titled("warm"), "svg", **SIZE)
    with ThreadPoolExecutor(3) as pool:
        names = ["red", "green", "blue"]
        pages = pool.map(lambda name: own.image(titled(name), "svg", **SIZE), names)
        os.kill(own._browser.subprocess.pid, signal.SIGKILL)
        assert all(
            name.encode() in page for name, page in zip(names, pages, strict=True)
        )
    own.close()
    assert b"again" in own.image(titled("again"), "svg", **SIZE)
    own.close()
    own.close()


@pytest.mark.browser
def test_no_answer_in_time_is_a_named_error(renderer):
    with pytest.raises(MissingTool, match="not drawn within"):
        renderer.image(titled("late"), "png", timeout_seconds=0, **SIZE)
    assert b"next" in renderer.image(titled("next"), "svg", **SIZE)
