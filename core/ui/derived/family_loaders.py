"""What the Derived page loads of a family, remembered until a file of it changes."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import streamlit as st

from core.derived.columns import By
from core.derived.family import Family, family, results_folder
from core.derived.frames import tensor_rows
from core.derived.matrix import MATRIX_COLUMNS, Shown, verdict_matrix
from core.hub.names import is_repository_id
from core.settings import load_settings
from core.ui.loaders import changed_at

Base = Path | str
"""A folder of this machine, or the id of a model of the Hub."""


def base_name(base: Base) -> str:
    """Return the short name of a base."""
    return base.name if isinstance(base, Path) else base


def hub_pages(base: Base, models: Iterable[str]) -> dict[str, str]:
    """Return the addresses of derived models on the Hub; local ones have none."""
    if isinstance(base, Path):
        return {}
    endpoint = load_settings().hub_endpoint
    return {id: f"{endpoint}/{id}" for id in models if is_repository_id(id)}


def stored_family(base: Base) -> Family:
    """Return what is known of a base's family without comparing or asking anybody."""
    return _family(str(load_settings().cache_root), base, family_stamp(base))


def family_matrix(
    base: Base, by: By, parameters_only: bool = True, shown: Shown = "verdict"
) -> pd.DataFrame:
    """Return the freeze map of a family as codes; shared, so it must not be changed."""
    root = str(load_settings().cache_root)
    return _matrix(root, base, family_stamp(base), by, parameters_only, shown)


@st.cache_resource(show_spinner="Reading the comparisons", max_entries=4, ttl=60)
def _family(root: str, base: Base, stamp: tuple[int, ...]) -> Family:
    return family(base, load_settings(), limit=0)


@st.cache_resource(show_spinner=False, max_entries=2, ttl=60)
def _tensors(root: str, base: Base, stamp: tuple[int, ...]) -> pd.DataFrame:
    return tensor_rows(stored_family(base).results, MATRIX_COLUMNS)


@st.cache_resource(show_spinner=False, max_entries=8, ttl=60)
def _matrix(
    root: str,
    base: Base,
    stamp: tuple[int, ...],
    by: By,
    parameters_only: bool,
    shown: Shown,
) -> pd.DataFrame:
    tensors = _tensors(root, base, stamp)
    return verdict_matrix(tensors, by=by, parameters_only=parameters_only, shown=shown)


def family_stamp(base: Base) -> tuple[int, ...]:
    """Change whenever a comparison was written or a folder came or went."""
    settings = load_settings()
    beside = (
        (base.parent, base)
        if isinstance(base, Path)
        else (settings.cache_root / "hub",)
    )
    return tuple(map(changed_at, (results_folder(base, settings), *beside)))
