"""Asking the Hub for a family: which models, how thoroughly, at what cost."""

import streamlit as st

from core.derived.cascade import LEVELS
from core.hub.rows import RELATIONS
from core.settings import load_settings
from core.ui.family_jobs import start_family
from core.ui.states import empty_state
from core.ui.text import literal, size

PROBE_BYTES = 1_100_000
"""What one model of ViT-base size costs at most without certificates: its header,
its small tensors whole, and both ends of every big one.
"""
CERTIFICATES = {
    "none": "probes: changed is certain, equal is probable",
    "probable": "probes, then in full what is probably equal",
    "full": "everything in full, with distances",
}


def hub_panel(base: str, listed: int) -> None:
    """Offer to list a base's models on the Hub and to compare them."""
    settings = load_settings()
    if not listed:
        empty_state(
            f"Nothing is known of {literal(base)} yet. Pedigree asks the Hub which "
            "models name it as their base, and reads a small part of each."
        )
    with st.expander(
        "Ask the Hub", expanded=not listed, icon=":material/cloud_download:"
    ):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            relations = st.pills(
                "Relations", RELATIONS, selection_mode="multi", default=RELATIONS,
                key="relation", bind="query-params",
            )  # fmt: skip
            hops = st.number_input(
                "Hops", 1, 5, key="hops", bind="query-params", width=110,
                help="2 lists the children of children too.",
            )  # fmt: skip
            limit = st.number_input(
                "At most", 1, 100_000, value=None, key="limit", bind="query-params",
                placeholder="all", width=130,
            )  # fmt: skip
        certify = st.selectbox(
            "Read", LEVELS, key="certify", bind="query-params", width=420,
        )  # fmt: skip
        st.caption(CERTIFICATES[certify])
        count = min(listed or 1, limit or listed or 1)
        st.caption(
            f"Estimate without certificates: about {size(PROBE_BYTES)} a model of "
            f"ViT-base size, so {size(PROBE_BYTES * count)} for "
            f"{count:,} of them; on disk a few kB each."
        )
        st.button(
            "List and compare", type="primary", icon=":material/play_arrow:",
            on_click=start_family, args=(base,), disabled=not relations,
            kwargs={"relations": tuple(relations), "hops": hops, "limit": limit,
                    "certify": certify},
        )  # fmt: skip
        token = "A token is set" if settings.hub_token else "No token is set"
        st.caption(
            f"{token} (HF_TOKEN). It goes to {literal(settings.hub_endpoint)} only, is "
            "never written to a file or a log, and nobody who opens this page can see "
            "it. For a gated model: accept its terms on its Hub page, set HF_TOKEN of "
            "that account, start Pedigree again, and retry the gated rows."
        )
