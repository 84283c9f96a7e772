"""The drawer with everything that is known of one published model; the address opens
it.
"""

import pandas as pd
import streamlit as st

from core.tables.schema import COLUMNS
from core.ui.states import unknown_choice
from core.ui.text import compact, literal, percent
from core.ui.written import written

PARAMETER = "model"
LINKS = {
    "doc_url": "Documentation",
    "recipe_url": "Training recipe",
    "weights_url": "Weights",
    "licence_url": "Licence",
}


def open_drawer(identity: str) -> None:
    """Ask for the drawer of one model; the address keeps it."""
    st.query_params[PARAMETER] = identity


def close_drawer() -> None:
    """Let the drawer go."""
    st.query_params.pop(PARAMETER, None)


def model_drawer(models: pd.DataFrame) -> None:
    """Open the drawer of the model that the address names."""
    asked = st.query_params.get(PARAMETER)
    if asked is None:
        return
    found = models[models["id"] == asked]
    if found.empty:
        unknown_choice("the model", asked, "in this table")
        return
    model = found.iloc[0]
    st.dialog(
        literal(model["name"]),
        position="right",
        width="medium",
        on_dismiss=close_drawer,
    )(_details)(model)


def _details(model: pd.Series) -> None:
    st.text(model["weight"])
    left, right = st.columns(2)
    left.metric("Accuracy", percent(model["accuracy"]))
    right.metric("Parameters", compact(model["params"]))
    rows = [
        (column.name, written(model[column.name], column), column.description)
        for column in COLUMNS
        if column.name not in LINKS and not _is_missing(model[column.name])
    ]
    st.dataframe(
        pd.DataFrame(rows, columns=["Column", "Value", "Meaning"]),
        hide_index=True, alt="Everything known of this model", height="content",
    )  # fmt: skip
    with st.container(horizontal=True):
        for name, label in LINKS.items():
            if str(model[name]).startswith("https://"):
                st.link_button(label, model[name], icon=":material/open_in_new:")
    if st.button(
        "Add to comparison", on_click=_compare, args=(model["id"],), type="primary",
        icon=":material/compare_arrows:",
    ):  # fmt: skip
        st.rerun()  # a dialog redraws only itself


def _compare(identity: str) -> None:
    known = list(st.session_state.get("compare", []))
    if identity not in known:
        st.session_state["compare"] = [*known, identity][-6:]
    close_drawer()


def _is_missing(value: object) -> bool:
    return value == "" or pd.isna(value)
