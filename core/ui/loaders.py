"""What pages load, remembered in memory; the files under the cache are the truth."""

from pathlib import Path

import pandas as pd
import streamlit as st

from core.charts.renderer import Renderer
from core.jobs import Jobs
from core.settings import load_settings
from core.tables.catalog import (
    TableSummary,
    benchmarks,
    list_tables,
    load_all,
    load_table,
)
from core.tables.together import IMAGENET, on_imagenet


@st.cache_resource(show_spinner=False)
def jobs() -> Jobs:
    """Return the jobs of this process."""
    return Jobs()


@st.cache_resource(show_spinner=False)
def renderer() -> Renderer:
    """Return the one browser that draws figures for files."""
    return Renderer()


def tables() -> list[TableSummary]:
    """Return what is known of every table: rows, source, date, note.

    Where several sources measure ImageNet-1K, the last one is all of them together.
    """
    root = load_settings().cache_root
    return _tables(str(root), tables_changed_at(root))


@st.cache_data(show_spinner="Reading the tables", max_entries=4, ttl=60)
def _tables(root: str, stamp: tuple[int, ...]) -> list[TableSummary]:
    summaries = list_tables(load_settings())
    rows = on_imagenet(every_model())
    sources = set(rows["table"].str.partition("/")[0])
    if len(sources) > 1:
        read = sorted(set(rows["fetched_at"]))
        summaries.append(
            TableSummary(
                IMAGENET, len(rows), ", ".join(sorted(sources)), read[-1], "",
                f"Read from {read[0]} on; each row keeps its own source and date.",
            )
        )  # fmt: skip
    return summaries


def changed_at(folder: Path) -> int:
    """Return when a folder's entries last changed, in nanoseconds; 0 without it."""
    return folder.stat().st_mtime_ns if folder.exists() else 0


def tables_changed_at(root: Path) -> tuple[int, ...]:
    """Change whenever anything about the tables was written."""
    folder = root / "tables"
    return changed_at(folder), *map(changed_at, sorted(folder.glob("*/")))


def models(summary: TableSummary, benchmark: str | None = None) -> pd.DataFrame:
    """Return one table, read again only when its files are newer."""
    root = str(load_settings().cache_root)
    return _models(root, summary, benchmark)


@st.cache_resource(show_spinner="Reading the tables", max_entries=64)
def _models(root: str, summary: TableSummary, benchmark: str | None) -> pd.DataFrame:
    if summary.name == IMAGENET:
        return on_imagenet(every_model())
    return load_table(summary.name, load_settings(), benchmark=benchmark)


def every_model() -> pd.DataFrame:
    """Return the models of every table; nobody may change the frame."""
    root = load_settings().cache_root
    return _every_model(str(root), tables_changed_at(root))


@st.cache_resource(show_spinner="Reading the tables", max_entries=2)
def _every_model(root: str, stamp: tuple[int, ...]) -> pd.DataFrame:
    return load_all(load_settings())


def timm_benchmarks() -> pd.DataFrame:
    """Return the benchmarks that timm's throughput can be taken from."""
    root = load_settings().cache_root
    return _benchmarks(str(root), tables_changed_at(root))


@st.cache_data(show_spinner=False, max_entries=4)
def _benchmarks(root: str, stamp: tuple[int, ...]) -> pd.DataFrame:
    return benchmarks(load_settings())
