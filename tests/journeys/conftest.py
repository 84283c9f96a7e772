"""A server that has just started and a real Chromium that looks at it."""

import pytest
from playwright.sync_api import sync_playwright

from bench.server import pedigree_server
from core.charts.renderer import find_browser
from tests.journeys.errands import Errand

NO_BROWSER = "no Chromium is installed; `make test` installs one"


@pytest.fixture(scope="session")
def chromium():
    """Launch one browser for all journeys."""
    path = find_browser()
    if path is None:
        pytest.skip(NO_BROWSER)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def cache_root(tmp_path_factory):
    """Give each module a cache of its own."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def address(cache_root):
    """Serve the app, freshly started for each module."""
    with pedigree_server({"PEDIGREE_CACHE": str(cache_root)}) as address:
        yield address


@pytest.fixture
def page(chromium):
    """Open one tab; it fails the test when the page asks another host for anything."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    foreign = []
    context.on(
        "request",
        lambda request: (
            foreign.append(request.url)
            if request.url.startswith("http") and "//127.0.0.1:" not in request.url
            else None
        ),
    )
    tab = context.new_page()
    tab.set_default_timeout(90_000)
    yield tab
    context.close()
    assert not foreign, f"the page asked other hosts: {foreign}"


@pytest.fixture
def errand(page):
    """Walk an errand of the README in one tab."""
    return Errand(page)
