"""The table under a chart of counts and shares: the same columns everywhere."""

import pandas as pd
import streamlit as st

TEXTS = {
    "kind": "Pattern", "reason": "Reason", "up_to": "Frozen up to", "block": "Layer",
    "models": "Models", "total": "Of", "depth": "Blocks",
    "parameters": "Parameters", "patterns": "Patterns", "order": None,
    "statistics_drifted": "Statistics moved", "by_probes": "By probes",
}  # fmt: skip
PERCENTS = {
    "share": ("Share", None),
    "low": ("Low", "Lower end of the 95 % interval (Wilson)."),
    "high": ("High", "Upper end of the 95 % interval (Wilson)."),
    "downloads_share": ("Of downloads", "Each model counts as often as it is loaded."),
    "downloads_low": ("Low ", "95 %, by Kish's effective number of models."),
    "downloads_high": ("High ", "95 %, by Kish's effective number of models."),
}
NUMBERS = {
    "downloads": ("Downloads", None, "localized"),
    "median": ("Median downloads", None, "localized"),
    "measured": ("Measured", "Models in which the layer's distance is known.", None),
    "mean_relative_l2": (
        "Mean distance", "Mean of ‖child − base‖ / ‖base‖.", "%.3g",
    ),
}  # fmt: skip


def share_table(rows: pd.DataFrame, *, key: str, alt: str) -> None:
    """Show rows of counts, shares and their intervals; `alt` names the table."""
    number = st.column_config.NumberColumn
    percents = {
        name: number(label, help=text, format="percent")
        for name, (label, text) in PERCENTS.items()
    }
    numbers = {
        name: number(label, help=text, format=form)
        for name, (label, text, form) in NUMBERS.items()
    }
    if "median" in rows:
        ends = {"low": "Low", "high": "High"}
        percents |= {
            name: number(label, help="95 %, order statistics.", format="localized")
            for name, label in ends.items()
        }
    texts = {
        "frozen": st.column_config.TextColumn("Frozen", pinned=True),
        "period": st.column_config.DateColumn("From", format="YYYY-MM-DD"),
    }
    st.dataframe(
        rows, hide_index=True, key=key, alt=alt, placeholder="–",
        column_config={**TEXTS, **percents, **numbers, **texts},
    )  # fmt: skip
