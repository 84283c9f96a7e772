"""Snapshots: fine-tuned models whose lineage is known, kept once, searched together."""

from collections.abc import Callable

import streamlit as st

from core.ui.frame import frame
from core.ui.snapshots.blocks_section import blocks_section
from core.ui.snapshots.datasets_section import datasets_section
from core.ui.snapshots.index_section import index_section
from core.ui.snapshots.list_section import list_section
from core.ui.snapshots.search_section import search_section
from core.ui.snapshots.store_section import store_section

SECTIONS: dict[str, Callable[[], None]] = {
    "Snapshots": list_section,
    "Blocks": blocks_section,
    "Retrain index": index_section,
    "Datasets": datasets_section,
    "Store": store_section,
    "Search": search_section,
}

with frame(
    "Snapshots",
    lead="Fine-tuned snapshots whose lineage is known: how they are made, how little "
    "they take when each tensor is kept once, and which of them to start from.",
):
    chosen = st.segmented_control(
        "Section", list(SECTIONS), key="section", bind="query-params",
        default="Snapshots", required=True, label_visibility="collapsed",
        help="Make, look at, store and search snapshots.",
    )  # fmt: skip
    SECTIONS[chosen or "Snapshots"]()
