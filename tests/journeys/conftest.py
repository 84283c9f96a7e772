"""A server that has just started and a real Chromium that looks at it."""

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

from bench.server import pedigree_server
from core.charts.renderer import find_browser
from core.demo.build import build_recipes
from core.demo.recipes import BASES, CHILDREN
from tests.journeys.errands import PICTURES, Errand

NO_BROWSER = "no Chromium is installed; `make test` installs one"
SOME_OF_THE_DEMO = {
    "digits-vit", "digits-vit-parity", "digits-vit-above-four", "digits-vit-loops",
    "digits-vit-copy",
}  # fmt: skip


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
def errand(page, tmp_path):
    """Walk an errand of the README in one tab."""
    return Errand(page, tmp_path)


@pytest.fixture(scope="session")
def demo_models(tmp_path_factory):
    """Make some of the demo's models, once for all workers; for pictures make all."""
    root = tmp_path_factory.getbasetemp()
    root = (root.parent if "PYTEST_XDIST_WORKER" in os.environ else root) / "demo"
    recipes = [
        recipe for recipe in (*BASES, *CHILDREN)
        if PICTURES in os.environ or recipe.name in SOME_OF_THE_DEMO
    ]  # fmt: skip
    build_recipes(root, recipes)
    return root


@pytest.fixture
def demo(demo_models, cache_root):
    """Put those models where the app looks for its demo; return their folder."""
    folder = cache_root / "demo" / "digits"
    shutil.copytree(demo_models, folder, dirs_exist_ok=True)
    return folder
