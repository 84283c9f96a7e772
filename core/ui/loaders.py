"""What pages load, remembered in memory; the files under the cache are the truth."""

from pathlib import Path

import pandas as pd
import streamlit as st

from core.charts.renderer import Renderer
from core.jobs import Jobs
from core.settings import load_settings
from core.tables.catalog import TableSummary, list_tables, load_table


@st.cache_resource(show_spinner=False)
def jobs() -> Jobs:
    """Return the jobs of this process."""
    return Jobs()


@st.cache_resource(show_spinner=False)
def renderer() -> Renderer:
    """Return the one browser that draws figures for files."""
    return Renderer()


def tables() -> list[TableSummary]:
    """Return what is known of every table: rows, source, date, note."""
    root = load_settings().cache_root
    return _tables(str(root), changed_at(root / "tables"))


@st.cache_data(show_spinner="Reading the tables", max_entries=4, ttl=60)
def _tables(root: str, changed_at: int) -> list[TableSummary]:
    return list_tables(load_settings())


def changed_at(folder: Path) -> int:
    """Return when a folder's entries last changed, in nanoseconds; 0 without it."""
    return folder.stat().st_mtime_ns if folder.exists() else 0


def models(summary: TableSummary) -> pd.DataFrame:
    """Return one table, read again only when its files are newer."""
    root = str(load_settings().cache_root)
    return _models(root, summary)


@st.cache_data(show_spinner="Reading the tables", max_entries=64)
def _models(root: str, summary: TableSummary) -> pd.DataFrame:
    return load_table(summary.name, load_settings())
