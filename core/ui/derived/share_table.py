"""The table under a chart of counts and shares: the same columns everywhere."""

import pandas as pd
import streamlit as st

from core.derived.columns_glossary import MODELS, SHARES
from core.derived.glossary import WORDS
from core.ui.columns import described

ENDS = ("share", "low", "high")


def share_table(rows: pd.DataFrame, *, key: str, alt: str) -> None:
    """Show rows of counts, shares and their intervals; `alt` names the table.

    The ends of a median are downloads, all others shares.
    """
    is_of_counts = "median" in rows
    configured = described(
        rows, SHARES, MODELS, WORDS, pinned="frozen",
        fractions=() if is_of_counts else ENDS, order=None,
    )  # fmt: skip
    if "period" in rows:
        configured["period"] = st.column_config.DateColumn(
            "From", format="YYYY-MM-DD", help="The first day of the period."
        )
    st.dataframe(
        rows, hide_index=True, key=key, alt=alt, placeholder="–",
        column_config=configured,
    )  # fmt: skip
