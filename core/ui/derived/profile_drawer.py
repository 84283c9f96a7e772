"""The drawer with the profile of one derived model; the address opens it."""

import pandas as pd
import streamlit as st

from core.derived.family import Family
from core.ui.derived.tensor_view import tensor_view
from core.ui.states import error_text, unknown_choice
from core.ui.text import literal

PARAMETER = "model"


def open_profile(identity: str) -> None:
    """Ask for the profile of one model; the address keeps it."""
    st.query_params[PARAMETER] = identity


def close_profile() -> None:
    """Let the profile go."""
    st.query_params.pop(PARAMETER, None)


def profile_drawer(family: Family) -> None:
    """Open the profile of the model that the address names."""
    asked = st.query_params.get(PARAMETER)
    if asked is None:
        return
    found = family.models[family.models["id"] == asked]
    if found.empty:
        unknown_choice("the model", asked, "in this family")
        return
    model = found.iloc[0]
    st.dialog(literal(asked), width="large", on_dismiss=close_profile)(_profile)(
        family, model
    )


def _profile(family: Family, model: pd.Series) -> None:
    if model["status"] != "ok":
        error_text(str(model["message"] or "This model is not compared yet."))
        return
    st.markdown(f"**{model['kind']}**: {literal(model['sentence'])}")
    st.text(model["runs"])
    tensor_view(
        family.tensors(model=model["id"]),
        name=f"profile-{model['id']}",
        caption=f"{model['id']} against {family.base_name}, {model['compared_at']}.",
        key="profile-view",
    )
