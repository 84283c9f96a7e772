"""The drawer with everything that is known of one published model; the address opens
it.
"""

import pandas as pd
import streamlit as st

from core.tables.elsewhere import COMPARED, TOLERANCE, elsewhere
from core.tables.schema import COLUMNS, origin
from core.ui.fit_link import row_fit_link
from core.ui.states import unknown_choice
from core.ui.text import compact, literal, percent, plural
from core.ui.written import written

PARAMETER = "model"
MOST_COMPARED = 6
LINKS = {
    "doc_url": "Documentation",
    "recipe_url": "Training recipe",
    "weights_url": "Weights",
    "licence_url": "Licence",
}
ELSEWHERE = {
    "table": "Table",
    "name": "Model",
    "image_size": "Image size (px)",
    "params": "Parameters",
    "params_difference": "against here",
    "gmacs": "GMACs",
    "gmacs_difference": "against here ",
    "accuracy": "Accuracy",
    "metric": "Metric",
    "protocol": "Protocol",
    "fetched_at": "Read",
}


def open_drawer(identity: str) -> None:
    """Ask for the drawer of one model; the address keeps it."""
    st.query_params[PARAMETER] = identity


def close_drawer() -> None:
    """Let the drawer go."""
    st.query_params.pop(PARAMETER, None)


def model_drawer(models: pd.DataFrame, every: pd.DataFrame) -> None:
    """Open the drawer of the model that the address names.

    `every` holds the models of all tables, among which it is looked for elsewhere.
    """
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
    )(_details)(model, every)


def _details(model: pd.Series, every: pd.DataFrame) -> None:
    st.text(model["weight"])
    left, right = st.columns(2)
    left.metric("Accuracy", percent(model["accuracy"]))
    right.metric("Parameters", compact(model["params"]))
    _elsewhere(model, every)
    rows = [
        (
            column.name,
            written(model[column.name], column),
            origin(model, column.name),
            column.description,
        )
        for column in COLUMNS
        if column.name not in LINKS and not _is_missing(model[column.name])
    ]
    st.dataframe(
        pd.DataFrame(rows, columns=["Column", "Value", "Read from", "Meaning"]),
        hide_index=True, alt="Everything known of this model", height="content",
    )  # fmt: skip
    with st.container(horizontal=True):
        for name, label in LINKS.items():
            if str(model[name]).startswith("https://"):
                st.link_button(label, model[name], icon=":material/open_in_new:")
    row_fit_link(model)
    if st.button(
        "Add to comparison", on_click=_compare, args=(model["id"],), type="primary",
        icon=":material/compare_arrows:",
    ):  # fmt: skip
        st.rerun()  # a dialog redraws only itself


def _elsewhere(model: pd.Series, every: pd.DataFrame) -> None:
    """Show the same architecture in other sources, and where numbers disagree."""
    if model["id"] not in set(every["id"]):
        return
    others = elsewhere(every, model["id"])
    if others.empty:
        st.caption("No other source that is here has this architecture.")
        return
    st.markdown("**This model elsewhere**")
    differences = others[[f"{name}_difference" for name in COMPARED]]
    is_off = (differences.abs() > TOLERANCE).any(axis=1)
    shown = others.assign(
        accuracy=others["accuracy"].map(percent),
        params=others["params"].map(compact),
        gmacs=others["gmacs"].map(compact),
        **{name: differences[name].map(_signed) for name in differences},
    )
    st.dataframe(
        shown[[*ELSEWHERE]], hide_index=True, alt="This model in other sources",
        column_config=ELSEWHERE, key="elsewhere",
    )  # fmt: skip
    st.caption(
        f"{plural(int(is_off.sum()), 'row')} disagree in parameters or GMACs by more "
        f"than {TOLERANCE:.0%}, compared at the same image size; of a model with an "
        "image and a text tower the image tower counts."
    )


def _signed(share: float) -> str:
    return "" if pd.isna(share) else f"{100 * share:+.1f} %"


def _compare(identity: str) -> None:
    known = list(st.session_state.get("compare", []))
    if identity not in known:
        st.session_state["compare"] = [*known, identity][-MOST_COMPARED:]
    close_drawer()


def _is_missing(value: object) -> bool:
    return value == "" or pd.isna(value)
