"""Asking the Hub for a family: which models, how thoroughly, at what cost."""

import streamlit as st

from core.derived.cascade import LEVELS
from core.derived.estimate import estimate
from core.hub.kept import last_listing
from core.hub.rows import RELATIONS
from core.settings import load_settings
from core.ui.derived.family_jobs import start_family, start_listing
from core.ui.states import empty_state
from core.ui.text import literal, plural, size

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
                help="What the Hub says was done to the base.",
            )  # fmt: skip
            hops = st.number_input(
                "Hops", 1, 5, key="hops", bind="query-params", width=110,
                help="2 lists the children of children too.",
            )  # fmt: skip
            limit = st.number_input(
                "At most", 1, 100_000, value=None, key="limit", bind="query-params",
                placeholder="all", width=130,
                help="Compares the first so many of the list.",
            )  # fmt: skip
        certify = st.selectbox(
            "Certify", LEVELS, key="certify", bind="query-params", width=420,
            help="  \n".join(f"**{k}**: {text}" for k, text in CERTIFICATES.items()),
        )  # fmt: skip
        st.caption(CERTIFICATES[certify])
        question = {"relations": tuple(relations), "hops": hops}
        _expectation(base, question)
        with st.container(horizontal=True):
            st.button(
                "List only", icon=":material/list:", on_click=start_listing,
                args=(base,), kwargs=question, disabled=not relations,
                help="Asks the Hub for the models; then the estimate stands here.",
            )  # fmt: skip
            st.button(
                "List and compare", type="primary", icon=":material/play_arrow:",
                on_click=start_family, args=(base,), disabled=not relations,
                kwargs=question | {"limit": limit, "certify": certify},
            )  # fmt: skip
        token = "A token is set" if settings.hub_token else "No token is set"
        st.caption(
            f"{token} (HF_TOKEN). It goes to {literal(settings.hub_endpoint)} only, is "
            "never written to a file or a log, and nobody who opens this page can see "
            "it. For a gated model: accept its terms on its Hub page, set HF_TOKEN of "
            "that account, start Pedigree again, and retry the gated rows."
        )


def _expectation(base: str, question: dict) -> None:
    """Say what comparing the listed models will cost, once they are listed."""
    listing = last_listing(base, load_settings(), **question)
    if listing is None:
        st.caption("The estimate of bytes and disk stands here once the list is known.")
        return
    cost = estimate(listing.models)
    st.caption(
        f"Listed {literal(listing.listed_at)}. Without certificates about "
        f"{size(cost.bytes_fetched)} in {cost.requests:,} requests for "
        f"{plural(cost.children, 'model')}, instead of {size(cost.bytes_naive)}; "
        f"{size(cost.bytes_disk)} on disk. An expectation, not a bound."
    )
