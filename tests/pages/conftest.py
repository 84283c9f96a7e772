"""A page as a person opens it: AppTest on an empty cache of its own."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def cache_root(tmp_path, monkeypatch):
    """Give the test a cache of its own."""
    monkeypatch.setenv("PEDIGREE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(ROOT)
    return tmp_path / "cache"


@pytest.fixture
def open_page(cache_root):
    """Return a function that opens a page with URL parameters and runs it."""

    def opened(script: str, **parameters) -> AppTest:
        page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        page.switch_page(script)
        for name, value in parameters.items():
            page.query_params[name] = value
        return page.run()

    return opened
