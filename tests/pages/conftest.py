"""A page as a person opens it: AppTest on an empty cache of its own. What any page
shows or offers in a table is held against the glossary.
"""

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.glossary import parts
from core.zero_shot.catalog import load_catalog

ROOT = Path(__file__).parents[2]
COLUMNS_FROM_ROWS = {
    "Comparison of models", "Headers of both checkpoints", "Two models side by side",
    "What became of parameters in both",
}  # fmt: skip
"""Tables whose columns are models or verdicts, by their text alternative."""
BUTTONS = {"details", "profile", "beside"}
FILES_FROM_ROWS = (
    "freeze-map-",
    "study-freeze-map",
    "siblings-",
    "records.",
    "try-out",
)
"""Exports that have a column a block, a model, a task or a class, by file name."""


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


@pytest.fixture(scope="session")
def every_word():
    """The words and titles of the glossary, in lower case."""
    told = [word for part in parts(load_catalog()) for word in part.words]
    return {text.casefold() for word in told for text in (word.word, word.title)}


@pytest.fixture(autouse=True)
def columns_met(monkeypatch, every_word):
    """Notes the columns of every table shown and every CSV offered; all are defined."""
    met: dict[str, list[str]] = {}
    silent: dict[str, list[str]] = {}

    def note_table(draw):
        def drawn(rows=None, *args, **options):
            alt = options.get("alt", "a table without a text alternative")
            if alt not in COLUMNS_FROM_ROWS:
                met[alt] = list(map(str, pd.DataFrame(rows).columns))
                silent[alt] = without_help(met[alt], options)
            return draw(rows, *args, **options)

        return drawn

    def note_file(draw):
        def drawn(label, data, *args, **options):
            name = options.get("file_name", "")
            is_table = name.endswith(".csv") and name not in met
            if is_table and not name.startswith(FILES_FROM_ROWS):
                content = data() if callable(data) else data
                met[name] = header(content)
            return draw(label, data, *args, **options)

        return drawn

    monkeypatch.setattr(st, "dataframe", note_table(st.dataframe))
    monkeypatch.setattr(st, "table", note_table(st.table))
    monkeypatch.setattr(st, "download_button", note_file(st.download_button))
    yield met
    unknown = {
        where: left
        for where, columns in met.items()
        if (left := {name.casefold() for name in columns} - every_word - BUTTONS)
    }
    assert not unknown, f"columns that the glossary does not define: {unknown}"
    silent = {where: names for where, names in silent.items() if names}
    assert not silent, f"columns without help: {silent}"


def without_help(columns: list[str], options: dict) -> list[str]:
    """Return the columns in sight that a person can ask nothing about."""
    if "border" in options:
        return []  # a table of sentences, which explains itself
    configured = options.get("column_config") or {}
    told = {name for name, one in configured.items()
            if one is None or (isinstance(one, dict) and one.get("help"))}  # fmt: skip
    shown = set(options.get("column_order") or columns) & set(columns)
    return sorted(shown - told - BUTTONS)


def header(content: bytes | str) -> list[str]:
    """Read the head of a CSV file; an apostrophe keeps a formula from running."""
    text = content if isinstance(content, str) else content.decode()
    return [name.removeprefix("'") for name in next(csv.reader(io.StringIO(text)))]
