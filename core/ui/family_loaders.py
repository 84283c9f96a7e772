"""What the Derived page loads of a family, remembered until a file of it changes."""

from pathlib import Path

import pandas as pd
import streamlit as st

from core.derived.family import Family, family, results_folder
from core.derived.matrix import By
from core.settings import load_settings
from core.ui.loaders import changed_at


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
    return tuple(changed_at(folder) for folder in folders)
