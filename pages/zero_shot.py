"""Zero-shot models: who ranks where, what installs, what fits, and a try-out."""

import streamlit as st

from core.ui.frame import frame
from core.ui.zero_shot.audits import audit_section
from core.ui.zero_shot.fit_section import fit_section
from core.ui.zero_shot.rankings import rankings_section
from core.ui.zero_shot.sources import sources_section
from core.ui.zero_shot.try_section import try_section

SECTIONS = {
    "Rankings": rankings_section,
    "Install audit": audit_section,
    "Sources and corrections": sources_section,
    "Fits my machine": fit_section,
    "Try it": try_section,
}

with frame(
    "Zero-shot",
    lead="Classifiers, detectors and segmenters that take any label: which are best, "
    "which install, which fit. A survey of July 2024, corrected and continued.",
):
    chosen = st.segmented_control(
        "Section", list(SECTIONS), key="section", bind="query-params",
        default="Rankings", required=True, label_visibility="collapsed",
        help="Rankings, installs, sources, what fits, and a try-out.",
    )  # fmt: skip
    SECTIONS[chosen or "Rankings"]()
