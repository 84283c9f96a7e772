"""Pages of charts name their libraries at once; every other answer is Streamlit's."""

import urllib.request
from pathlib import Path

import pytest
import streamlit

from bench.server import pedigree_server
from core.ui.web import CHARTED, LIBRARIES, with_libraries

STATIC = Path(streamlit.__file__).parent / "static"


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    cache = tmp_path_factory.mktemp("cache")
    with pedigree_server({"PEDIGREE_CACHE": str(cache)}) as address:
        yield lambda path: opener.open(address + path, timeout=20).read().decode()


def test_this_version_of_streamlit_has_the_libraries():
    scripts = STATIC / "static/js"
    assert all(len(list(scripts.glob(f"{name}.*.js"))) == 1 for name in LIBRARIES)


def test_a_page_of_charts_asks_for_them_and_is_else_the_same(read):
    index = read("/")
    assert index == (STATIC / "index.html").read_text()
    for name in CHARTED:
        assert (Path("pages") / f"{name}.py").is_file()
        assert read(f"/{name}?x=1") == with_libraries(index, STATIC / "static/js")
        assert read(f"/{name}").count('src="./static/js/PlotlyChart.') == 1


def test_what_they_ask_for_is_there(read):
    page = read("/models")
    start = page.index("/static/js/DataFrame.")
    assert "import" in read(page[start : page.index('"', start)])
