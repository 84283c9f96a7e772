"""The models of the freeze map as a table: each row links to its page on the Hub, opens
its profile, and can be put beside another. Then those that could not be compared.
"""

import pandas as pd
import streamlit as st

from core.derived.columns_glossary import MODELS
from core.derived.glossary import FLAGS
from core.ui.columns import described
from core.ui.derived.family_loaders import Base, hub_pages
from core.ui.derived.pair_section import put_beside
from core.ui.derived.profile_drawer import open_profile

COLUMNS = [
    "id", "kind", "frozen_blocks", "runs", "task", "dataset", "license", "metric",
    "metric_value", "downloads", "created_at", "size_bytes", "statistics_drift",
    "cast_dtype", "low_rank",
]  # fmt: skip


def listing(base: Base, rows: pd.DataFrame) -> None:
    """List models; buttons of a row open its profile or put it beside another."""
    st.subheader("Models")

    def profile() -> None:
        open_profile(rows["id"].iloc[st.session_state["profile"]["row"]])

    def beside() -> None:
        put_beside(rows["id"].iloc[st.session_state["beside"]["row"]])

    shown = rows[[name for name in COLUMNS if rows[name].notna().any()]]
    order = ["profile", "beside", "hub", *shown]
    shown = shown.assign(profile="Profile", beside="Side by side")
    if links := hub_pages(base, rows["id"]):
        shown["hub"] = rows["id"].map(links)
    button = st.column_config.ButtonColumn
    st.dataframe(
        shown, hide_index=True, key="listing", alt="Derived models", placeholder="–",
        column_order=order,
        column_config=described(
            shown, FLAGS, MODELS, pinned="id",
            profile=button("", key="profile", on_click=profile, type="tertiary"),
            beside=button(
                "", key="beside", on_click=beside, type="tertiary",
                help="Choose two models to see them side by side.",
            ),
            hub=st.column_config.LinkColumn(
                "Hub", display_text="page", help="The model's page on the Hub."
            ),
            created_at=st.column_config.DateColumn(
                "Created", help="When the repository was made."
            ),
        ),
    )  # fmt: skip


def failures(models: pd.DataFrame) -> None:
    """List every model that could not be compared, with its reason."""
    failed = models[models["status"] == "failed"]
    if failed.empty:
        return
    st.subheader("Could not be compared")
    rows = failed[["id", "reason", "stage", "message"]]
    st.dataframe(
        rows,
        hide_index=True,
        alt=f"{len(rows)} models that could not be compared",
        column_config=described(rows, MODELS, pinned="id"),
    )
