"""What a page shows when there is nothing, when something failed, when it is old."""

import streamlit as st

from core.errors import PedigreeError
from core.ui.text import literal


def error_state(error: PedigreeError) -> None:
    """Show an error in its one sentence."""
    st.error(literal(error), icon=":material/error:")


def unexpected_state(error: Exception) -> None:
    """Show that something broke that nobody foresaw, and where the details are."""
    st.error(
        f"This page failed ({literal(type(error).__name__)}); the log has the details: "
        "Jobs, About this installation. Reload the page, or go back to the Overview.",
        icon=":material/error:",
    )


def empty_state(text: str, *, icon: str = ":material/inbox:") -> None:
    """Show that there is nothing yet, and what to do about it; `text` is Markdown."""
    st.info(text, icon=icon)


def note(text: str) -> None:
    """Show a note on the freshness or the limits of what is shown; text is literal."""
    st.caption(f":material/info: {literal(text)}")


def unknown_choice(parameter: str, value: str, what: str) -> None:
    """Say that the address asks for something that is not here."""
    st.warning(
        f"The address asks for {parameter} “{literal(value[:200])}”, which is not "
        f"{what}; choose another one.",
        icon=":material/link_off:",
    )


def error_text(text: str) -> None:
    """Show what went wrong, in words that were stored with it."""
    st.error(literal(text), icon=":material/error:")
