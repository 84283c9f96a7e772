"""What a model may cost, and which one fits: the question and its answer in words."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.tables.budget import Budget, Fit, fits
from core.ui.models.filters import limit, scaled, several
from core.ui.text import literal


@dataclass(frozen=True)
class Ask:
    """One limit of the budget: its label, its key, its column and its unit."""

    label: str
    key: str
    column: str
    factor: float = 1.0


ASKS = (
    Ask("Parameters, at most (millions)", "fit_params", "params", 1e6),
    Ask("GMACs, at most", "fit_gmacs", "gmacs"),
    Ask("File size, at most (MB)", "fit_size", "file_size_bytes", 1e6),
    Ask("Images a second, at least", "fit_throughput", "throughput"),
)


def choose_budget(rows: pd.DataFrame) -> Budget | None:
    """Ask what a model may cost; None while nothing is asked."""
    with st.popover("What fits my budget", icon=":material/savings:"):
        st.caption("The best model within these limits is named above the chart.")
        asked = {
            ask.column: scaled(limit(ask.label, ask.key), ask.factor)
            for ask in ASKS
            if rows[ask.column].notna().any()
        }
        licences = several("License", rows, "licence", key="fit_licence")
    if not licences and all(value is None for value in asked.values()):
        return None
    return Budget(
        most_params=asked.get("params"),
        most_gmacs=asked.get("gmacs"),
        most_file_size_bytes=asked.get("file_size_bytes"),
        least_throughput=asked.get("throughput"),
        licences=tuple(licences),
    )


def budget_answer(
    rows: pd.DataFrame, budget: Budget, y: str, *, lower: bool
) -> pd.DataFrame:
    """Say in words what fits, with the runners-up; return the rows to draw."""
    fit: Fit = fits(rows, budget, value=y, lower=lower)
    st.markdown(f":material/savings: {literal(fit.sentence)}")
    with st.container(horizontal=True, vertical_alignment="center"):
        shows_all = st.toggle(
            "Show all models", key="show_all", bind="query-params",
            help="Off: only what fits is shown. On: the best within the budget is seen "
            "among all.",
        )  # fmt: skip
        st.button(
            "Mark and compare the best", on_click=_mark, args=(fit.ranked["id"],),
            icon=":material/compare_arrows:", disabled=fit.ranked.empty,
            help="Rings the best model and the runners-up in the chart, with their "
            "names, and puts them side by side below.",
        )  # fmt: skip
    return rows if shows_all else fit.fitting


def _mark(ids: pd.Series) -> None:
    """Pick models, the best first; the chart rings them."""
    st.session_state["compare"] = list(ids)
