"""The drawer with everything that is known of one published model; the address opens
it.
"""

import pandas as pd
import streamlit as st

from core.glossary import ELSEWHERE, SHARED
from core.tables.elsewhere import COMPARED, TOLERANCE, elsewhere
from core.tables.schema import COLUMNS, column, origin
from core.ui.columns import described
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
    "licence_url": "License",
}
SHOWN = [
    "table", "name", "image_size", "params", "params_difference", "gmacs",
    "gmacs_difference", "accuracy", "metric", "protocol", "fetched_at",
]  # fmt: skip


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
    left.metric(
        "Accuracy", percent(model["accuracy"]), help=column("accuracy").description
    )
    right.metric(
        "Parameters", compact(model["params"]), help=column("params").description
    )
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
    known = pd.DataFrame(rows, columns=["column", "value", "read from", "meaning"])
    st.dataframe(
        known, hide_index=True, height="content",
        alt=f"{len(known)} facts about this model",
        column_config=described(known, SHARED, pinned="column"),
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
        shown[SHOWN], hide_index=True, key="elsewhere",
        alt=f"This model in {plural(len(shown), 'row')} of other sources",
        column_config=described(shown[SHOWN], ELSEWHERE),
    )  # fmt: skip
    st.caption(
        f"{plural(int(is_off.sum()), 'row')} disagree in parameters or GMACs by more "
        f"than {percent(TOLERANCE, 0)}, compared at the same image size; of a model "
        "with an image and a text tower the image tower counts."
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
