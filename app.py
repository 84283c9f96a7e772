"""Pedigree: choose, study and reuse pre-trained vision models, with evidence."""

import streamlit as st

from core.ui.frame import PAGES, frame
from core.ui.loaders import tables
from core.ui.states import note

with frame(
    "Pedigree",
    lead="Choose, study and reuse pre-trained vision models. Every number says where "
    "it comes from and when; every verdict says by what evidence.",
):
    with st.grid(2, min_column_width=280):
        for page in PAGES:
            if page.question:
                with st.container(border=True):
                    st.page_link(page.script, label=f"**{page.label}**", icon=page.icon)
                    st.write(page.question)
    known = tables()
    st.metric(
        "Published weights, offline", f"{sum(table.rows for table in known):,}",
        help="Rows of the model tables that are on this machine.",
    )  # fmt: skip
    note(f"{known[0].source} {known[0].revision}, read {known[0].fetched_at}")
