"""What pages load, remembered in memory; the files under the cache are the truth."""

from pathlib import Path

import pandas as pd
import streamlit as st

from core.charts.renderer import Renderer
from core.derived.family import Family, family, results_folder
from core.derived.matrix import By
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
    return list_tables(load_settings())


def models(summary: TableSummary) -> pd.DataFrame:
    """Return one table, read again only when its files are newer."""
    root = str(load_settings().cache_root)
    return _models(root, summary)


@st.cache_data(show_spinner="Reading the tables", max_entries=64)
def _models(root: str, summary: TableSummary) -> pd.DataFrame:
    return load_table(summary.name, load_settings())


def stored_family(base: Path) -> Family:
    """Return what is known of a base's family without comparing anything."""
    return _family(str(load_settings().cache_root), str(base), _stamp(base))


def family_matrix(base: Path, by: By, parameters_only: bool) -> pd.DataFrame:
    """Return the freeze map of a family as codes; shared, so it must not be changed."""
    root = str(load_settings().cache_root)
    return _matrix(root, str(base), _stamp(base), by, parameters_only)


@st.cache_resource(show_spinner="Reading the comparisons", max_entries=4, ttl=60)
def _family(root: str, base: str, stamp: tuple[int, ...]) -> Family:
    return family(Path(base), load_settings(), limit=0)


@st.cache_resource(show_spinner=False, max_entries=8, ttl=60)
def _matrix(
    root: str, base: str, stamp: tuple[int, ...], by: By, parameters_only: bool
) -> pd.DataFrame:
    return stored_family(Path(base)).matrix(by, parameters_only=parameters_only)


def _stamp(base: Path) -> tuple[int, ...]:
    """Change whenever a comparison was written or a folder came or went."""
    folders = (results_folder(base, load_settings()), base.parent, base)
    return tuple(f.stat().st_mtime_ns if f.exists() else 0 for f in folders)
