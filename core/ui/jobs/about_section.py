"""What this installation is, as one text to copy into a report of a problem."""

import streamlit as st

from core.device import detect_device
from core.settings import load_settings
from core.ui.states import note
from core.upkeep.about import about, about_text


def about_section() -> None:
    """Show versions, settings, cache and log when a person asks for them."""
    st.subheader("About this installation")
    if not st.toggle(
        "Show what a report of a problem needs", key="about", bind="query-params",
        help="Versions, settings, machine, cache and the end of the log; no token, no "
        "password. Nothing is sent anywhere.",
    ):  # fmt: skip
        return
    found = about(load_settings(), detect_device("cpu"))
    st.code(about_text(found), language=None, height=480)
    note(
        "Copy it with the button in its corner. `python -m core about` prints the "
        "same and names the GPU too, for which it loads torch."
    )
