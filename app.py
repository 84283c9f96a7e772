"""Pedigree: choose, study and reuse pre-trained vision models, with evidence."""

import streamlit as st

from core.ui.frame import PAGES, frame

with frame(
    "Pedigree",
    lead="Choose, study and reuse pre-trained vision models, with evidence.",
):
    for page in PAGES:
        if page.question:
            with st.container(border=True):
                st.page_link(page.script, label=f"**{page.label}**", icon=page.icon)
                st.write(page.question)
