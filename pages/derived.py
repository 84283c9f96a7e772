"""Derived models: which layers of a base were really trained, model by model."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from core.demo import demo_bases, is_built
from core.derived.family import Family
from core.settings import load_settings
from core.ui.derived.advice_section import advice_section
from core.ui.derived.archive_section import archive_section
from core.ui.derived.base_choice import choose_base
from core.ui.derived.best_child_section import best_child_section
from core.ui.derived.census_section import census_section
from core.ui.derived.compare_section import SECTION, compare_section
from core.ui.derived.family_jobs import (
    again_buttons,
    compare_family,
    demo_is_running,
    demo_panel,
    family_panel,
)
from core.ui.derived.family_loaders import Base, stored_family
from core.ui.derived.hub_panel import hub_panel
from core.ui.derived.map_section import map_section
from core.ui.derived.profile_drawer import profile_drawer
from core.ui.derived.siblings_section import siblings_section
from core.ui.derived.storage_section import storage_section
from core.ui.derived.summary_section import summary_section
from core.ui.derived.tree_section import tree_section
from core.ui.fit_link import fit_link
from core.ui.frame import frame
from core.ui.states import empty_state
from core.ui.text import literal

VIEWS: dict[str, Callable[[Base, Family], None]] = {
    "Map": map_section,
    "Summary": summary_section,
    "Siblings": siblings_section,
    "Tree": tree_section,
    "Storage": storage_section,
    "Freeze advice": advice_section,
    "Best child": best_child_section,
    "Export": archive_section,
}


def family_section() -> None:
    """Everything about one family: its jobs, its counts, and the view chosen."""
    if demo_is_running():
        demo_panel()
        return
    base = choose_base()
    if base is None:
        if not is_built(load_settings()):
            demo_panel()
        return
    family = stored_family(base)
    models = family.models
    if isinstance(base, str):
        hub_panel(base, len(models))
    if models.empty:
        nothing_listed(base)
        return
    waiting = int((models["status"] == "skipped").sum())
    if waiting:
        compare_family(base, waiting, start=base in demo_bases(load_settings()))
    else:
        family_panel(base)
    profile_drawer(family)
    counts(base, models)
    fit_link(str(base))
    view = st.segmented_control(
        "View", list(VIEWS), key="view", bind="query-params", default="Map",
        required=True, label_visibility="collapsed",
        help="One question about the family at a time.",
    )  # fmt: skip
    VIEWS[view or "Map"](base, family)


def nothing_listed(base: Base) -> None:
    """Say how a family comes to be."""
    if isinstance(base, str):
        family_panel(base)
        return
    empty_state(
        f"No folder beside {literal(base)} names it in its model card. A family is "
        "a folder of model folders whose `README.md` says `base_model: "
        f"{literal(base.name)}`."
    )


def counts(base: Base, models: pd.DataFrame) -> None:
    """Count listed, compared and failed models, which reconcile."""
    status = models["status"].value_counts()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.metric(
            "Listed", f"{len(models):,}", width="content", border=True,
            help="Models that name this base; the other numbers add up to it.",
        )  # fmt: skip
        for label, key, text in (
            ("Compared", "ok", "Their weights were held against the base's."),
            ("Failed", "failed", "Each is listed with its reason below the map."),
            ("Not compared yet", "skipped", "Left by a limit, or by stopping."),
        ):
            count = int(status.get(key, 0))
            if count or key != "skipped":
                st.metric(label, f"{count:,}", width="content", border=True, help=text)
        again_buttons(base, models.loc[models["status"] == "failed", "reason"])


SECTIONS: dict[str, Callable[[], None]] = {
    "Family": family_section,
    "Census": census_section,
    SECTION: compare_section,
}

with frame(
    "Derived models",
    lead="What was made out of a base model, and which of its layers were really "
    "trained: weight files compared tensor by tensor, byte by byte.",
):
    chosen = st.segmented_control(
        "Section", list(SECTIONS), key="section", bind="query-params",
        default="Family", required=True, label_visibility="collapsed",
        help="One base's family, the bases of a published study, or two checkpoints.",
    )  # fmt: skip
    SECTIONS[chosen or "Family"]()
