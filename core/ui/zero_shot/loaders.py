"""What the Zero-shot page loads, remembered in memory; the survey's files and the cache
are the truth.
"""

import pandas as pd
import streamlit as st

from core.settings import load_settings
from core.ui.loaders import changed_at, every_model, tables_changed_at
from core.zero_shot.catalog import SURVEY, Catalog, load_catalog
from core.zero_shot.open_clip import TABLE
from core.zero_shot.points import every_point
from core.zero_shot.rankings import every_ranking


def survey() -> Catalog:
    """Return the survey, read again when its files change; nobody may change it."""
    return _survey(tuple(map(changed_at, sorted(SURVEY.iterdir()))))


@st.cache_resource(show_spinner="Reading the survey", max_entries=2)
def _survey(stamp: tuple[int, ...]) -> Catalog:
    return load_catalog()


def open_clip_table() -> pd.DataFrame:
    """Return open_clip's zero-shot table, empty before its first refresh."""
    every = every_model()
    return every[every["table"] == TABLE]


def rankings() -> pd.DataFrame:
    """Return every ranking of the survey, of published results and of open_clip."""
    return _answers(*_stamp())[0]


def points() -> pd.DataFrame:
    """Return score and cost of every checkpoint."""
    return _answers(*_stamp())[1]


def _stamp() -> tuple:
    root = load_settings().cache_root
    files = tuple(map(changed_at, sorted(SURVEY.iterdir())))
    return str(root), tables_changed_at(root), files


@st.cache_resource(show_spinner="Reading the rankings", max_entries=2)
def _answers(root: str, *stamps: tuple[int, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    catalog, table = survey(), open_clip_table()
    return every_ranking(catalog, table), every_point(catalog, table)
