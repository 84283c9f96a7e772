"""Figures to SVG, PDF and PNG in one headless browser, from any thread. Knows no
charts.

Kaleido's own synchronous server hands callers each other's figures when threads share
it (Kaleido #444) and hangs without a browser; one event loop of ours does neither.
"""

import asyncio
import concurrent.futures
import os
import shutil
import threading
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import plotly.graph_objects as go

from core.errors import MissingTool

ImageKind = Literal["svg", "pdf", "png"]

INSTALL = (
    "install Chromium (Debian: apt-get install chromium fonts-liberation; "
    "elsewhere: python -m playwright install chromium) or set BROWSER_PATH"
)
BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
    "microsoft-edge", "msedge",
)  # fmt: skip
PLAYWRIGHT_FOLDERS = (
    "~/.cache/ms-playwright",
    "~/Library/Caches/ms-playwright",
    "~/AppData/Local/ms-playwright",
)
PLAYWRIGHT_BROWSERS = (
    "chromium-*/chrome-linux*/chrome",
    "chromium_headless_shell-*/chrome-*/*headless*shell",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
    "chromium-*/chrome-win*/chrome.exe",
)
MAC_BROWSERS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def find_browser(environment: Mapping[str, str] | None = None) -> Path | None:
    """Return a Chromium: BROWSER_PATH, one on PATH, an installed app, or Playwright's.

    A BROWSER_PATH that names no file is an answer too: none.
    """
    values = os.environ if environment is None else environment
    if chosen := values.get("BROWSER_PATH"):
        return Path(chosen) if Path(chosen).is_file() else None
    for name in BROWSERS:
        if found := shutil.which(name, path=values.get("PATH", "")):
            return Path(found)
    for candidate in map(Path, MAC_BROWSERS):
        if candidate.is_file():
            return candidate
    return _playwright_browser(values)


def _playwright_browser(values: Mapping[str, str]) -> Path | None:
    folders = (values.get("PLAYWRIGHT_BROWSERS_PATH"), *PLAYWRIGHT_FOLDERS)
    for folder in filter(None, folders):
        for pattern in PLAYWRIGHT_BROWSERS:
            newest = sorted(Path(folder).expanduser().glob(pattern))[-1:]
            if newest and os.access(newest[0], os.X_OK):
                return newest[0]
    return None


class Renderer:
    """One browser on one event loop, opened at the first figure; safe from any thread.

    `browser` is the path of a Chromium; by default it is looked for at each opening.
    """

    def __init__(self, browser: Path | None = None) -> None:
        self._path = browser
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._opening: asyncio.Lock | None = None
        self._browser: Any = None

    def image(
        self,
        figure: go.Figure,
        kind: ImageKind,
        *,
        width: float,
        height: float,
        scale: float = 1,
        timeout_seconds: float = 60,
    ) -> bytes:
        """Draw `figure` at `width` x `height` CSS pixels (0.75 pt each).

        A browser that died is started again once. Raises MissingTool when there is no
        browser, when it will not start, or when it gives no answer in time.
        """
        options = {"format": kind, "width": width, "height": height, "scale": scale}
        spec = figure.to_dict()
        task = asyncio.run_coroutine_threadsafe(
            self._draw_twice(spec, options), self._running_loop()
        )
        try:
            return task.result(timeout_seconds)
        except concurrent.futures.TimeoutError as error:
            task.cancel()
            raise MissingTool(
                f"the {kind} of a figure",
                f"was not drawn within {timeout_seconds:g} s",
                "try again, or save the chart as HTML",
            ) from error

    def close(self) -> None:
        """Stop the browser and its thread; a later figure starts them again."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._close_browser(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()

    def __enter__(self) -> "Renderer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._opening = asyncio.Lock()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, daemon=True, name="renderer"
                )
                self._thread.start()
            return self._loop

    async def _draw_twice(self, spec: dict, options: dict) -> bytes:
        for _ in range(2):
            browser = await self._open()
            try:
                return await _own_task(browser.calc_fig(spec, opts=options))
            except _lost_browser():
                if _is_cancelled():
                    raise
                if self._browser is browser:
                    await self._close_browser()
        raise MissingTool("Chromium", "stopped twice while drawing", "try again")

    async def _open(self) -> Any:
        async with self._opening:
            if self._browser is None:
                self._browser = await _start(self._path or find_browser())
            return self._browser

    async def _close_browser(self) -> None:
        browser, self._browser = self._browser, None
        if browser is not None:
            with suppress(*_lost_browser()):
                await asyncio.wait_for(browser.close(), 5)


async def _start(path: Path | None) -> Any:
    import kaleido
    from kaleido.errors import BrowserFailedError, ChromeNotFoundError

    if path is None:
        raise MissingTool("Chromium", "was not found on this machine", INSTALL)
    try:
        browser = kaleido.Kaleido(n=1, mathjax=False, timeout=30, path=str(path))
        await asyncio.wait_for(browser.open(), 30)
    except (ChromeNotFoundError, BrowserFailedError, TimeoutError, OSError) as error:
        raise MissingTool(path, "does not start as a browser", INSTALL) from error
    return browser


def _own_task(drawing: Coroutine) -> asyncio.Task:
    """Run in a task of its own what Kaleido may cancel when its browser dies."""
    return asyncio.ensure_future(drawing)


def _is_cancelled() -> bool:
    """Tell whether the caller gave up, rather than Kaleido on a browser that died."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _lost_browser() -> tuple[type[BaseException], ...]:
    """Return what Kaleido raises, or cancels, when its browser died."""
    from choreographer.errors import BrowserClosedError, ChannelClosedError

    return (
        BrowserClosedError,
        ChannelClosedError,
        asyncio.CancelledError,
        OSError,
        TimeoutError,
    )
