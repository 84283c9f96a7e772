"""Derived models: which layers of a base were really trained, model by model."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import streamlit as st

from core.charts.freeze_map import freeze_map
from core.charts.patterns import pattern_counts
from core.demo import demo_bases, is_built
from core.derived.family import Family
from core.derived.glossary import KINDS
from core.derived.order import ORDERS, kind_counts, sort_rows
from core.hub.names import is_repository_id
from core.settings import load_settings
from core.ui.chart import chart
from core.ui.compare_section import compare_section
from core.ui.export_row import export_row
from core.ui.family_jobs import (
    again_buttons,
    compare_family,
    demo_is_running,
    demo_panel,
    family_panel,
)
from core.ui.family_loaders import Base, base_name, family_matrix, stored_family
from core.ui.frame import frame
from core.ui.hub_panel import hub_panel
from core.ui.profile_drawer import open_profile, profile_drawer
from core.ui.states import empty_state, unknown_choice
from core.ui.text import literal, plural

MAP_ROWS_IN_VIEW = 60


def choose_base() -> Base | None:
    """Let the person choose a base: of the demo, of the Hub, or a local folder."""
    demo = {base.name: base for base in demo_bases(load_settings())}
    chosen = st.selectbox(
        "Base model", list(demo), key="base", bind="query-params", width=420,
        accept_new_options=True, placeholder="owner/name on the Hub, or a folder",
        help="A model of the demo; or type owner/name of a model on the Hub; or the "
        "full path of a folder on this machine, whose family are the folders beside "
        "it whose model card names it as base_model.",
    )  # fmt: skip
    if not chosen or chosen in demo:
        return demo.get(chosen)
    folder = Path(chosen).expanduser()
    if folder.is_dir() and folder.is_absolute():
        return folder
    if is_repository_id(chosen) and "/" in chosen:
        return chosen
    what = "in the demo, nor owner/name on the Hub, nor the full path of a folder"
    unknown_choice("the base", chosen, what)
    return None


def family_section() -> None:
    """Everything about one family: its counts, its map, its models."""
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
    if models.empty and isinstance(base, str):
        family_panel(base)
        return
    if models.empty:
        empty_state(
            f"No folder beside {literal(base)} names it in its model card. A family is "
            "a folder of model folders whose `README.md` says `base_model: "
            f"{literal(base.name)}`."
        )
        return
    waiting = int((models["status"] == "skipped").sum())
    if waiting:
        compare_family(base, waiting, start=base in demo_bases(load_settings()))
    else:
        family_panel(base)
    profile_drawer(family)
    summary(base, models)
    if (models["status"] == "ok").any():
        freeze_section(base, family, models)
    failures(models)


def summary(base: Base, models: pd.DataFrame) -> None:
    """Count listed, compared and failed models, which reconcile, and the patterns."""
    status = models["status"].value_counts()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.metric("Listed", len(models), width="content", border=True)
        st.metric("Compared", int(status.get("ok", 0)), width="content", border=True)
        st.metric("Failed", int(status.get("failed", 0)), width="content", border=True)
        skipped = int(status.get("skipped", 0))
        if skipped:
            st.metric("Not compared yet", skipped, width="content", border=True)
        again_buttons(base, models.loc[models["status"] == "failed", "reason"])
    counts = kind_counts(models)
    if counts:
        chart(
            pattern_counts(models), key="patterns", height=60 + 26 * len(counts),
            alt=f"Patterns of {len(models)} models derived from {base_name(base)}",
        )  # fmt: skip


def freeze_section(base: Base, family: Family, models: pd.DataFrame) -> None:
    """The freeze map with its choices, and the models it shows."""
    st.subheader("Freeze map")
    counts = kind_counts(models)
    kinds = st.pills(
        "Pattern", list(counts), selection_mode="multi", key="kind",
        bind="query-params",
        help="  \n".join(f"**{kind}**: {text}" for kind, text in KINDS),
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Search", type="search", live="50ms", key="search", bind="query-params",
            placeholder="model or task", width=240,
        )  # fmt: skip
        by = st.segmented_control(
            "Layers as", ["block", "tensor"], key="by", bind="query-params",
            default="block", required=True,
        )  # fmt: skip
        order = st.selectbox(
            "Sort by", ORDERS, key="sort", bind="query-params", width=170
        )
        parameters_only = st.toggle(
            "Parameters only", value=True, key="parameters", bind="query-params",
            help="Off: running statistics and other buffers are drawn too. They never "
            "decide a pattern.",
        )  # fmt: skip
    rows = shown(models, kinds, text)
    st.markdown(f"**{len(rows)} of {plural(len(models), 'model')}**")
    if rows.empty:
        empty_state("No compared model meets the filter; clear the search or pattern.")
        return
    matrix = family_matrix(base, by or "block", parameters_only)
    matrix = sort_rows(matrix.loc[matrix.index.isin(rows["id"])], models, order)
    draw_map(matrix, rows, base, by or "block")
    listing(rows.set_index("id").loc[matrix.index].reset_index())


def shown(models: pd.DataFrame, kinds: list[str], text: str) -> pd.DataFrame:
    """Return the compared models that the filters leave."""
    rows = models[models["status"] == "ok"]
    if kinds:
        rows = rows[rows["kind"].isin(kinds)]
    for word in (text or "").casefold().split():
        names = (rows["id"] + " " + rows["task"].fillna("")).str.casefold()
        rows = rows[names.str.contains(word, regex=False)]
    return rows


def draw_map(matrix: pd.DataFrame, rows: pd.DataFrame, base: Base, by: str) -> None:
    """Draw the map as a heatmap here and as filled rectangles in files."""
    height = 120 + 22 * min(len(matrix), MAP_ROWS_IN_VIEW)
    chart(
        freeze_map(matrix), key="map", height=height,
        alt=f"Layers changed in {len(matrix)} models of {base_name(base)}",
    )  # fmt: skip
    export_row(
        lambda: freeze_map(matrix, vector=True),
        rows.merge(matrix.reset_index(), left_on="id", right_on="model").drop(
            columns="model"
        ),
        name=f"freeze-map-{base_name(base)}",
        caption=f"Models derived from {base_name(base)}, compared {dates(rows)}. "
        f"{by.capitalize()}s: 0 equal, 1 changed, 2 partly changed, 3 reshaped, "
        "4 added, 5 absent.",
        key="map-export",
    )  # fmt: skip


def dates(rows: pd.DataFrame) -> str:
    """Return when the comparisons were made."""
    first, last = (str(moment)[:10] for moment in
                   (rows["compared_at"].min(), rows["compared_at"].max()))  # fmt: skip
    return first if first == last else f"{first} to {last}"


def listing(rows: pd.DataFrame) -> None:
    """List the models of the map; a row's button opens its profile."""
    st.subheader("Models")

    def clicked() -> None:
        open_profile(rows["id"].iloc[st.session_state["profile"]["row"]])

    st.dataframe(
        rows[["id", "kind", "frozen_blocks", "runs", "task", "metric", "metric_value",
              "statistics_drift", "cast_dtype", "low_rank"]].assign(profile="Profile"),
        hide_index=True, key="listing", alt="Derived models", placeholder="–",
        column_config={
            "profile": st.column_config.ButtonColumn(
                "", key="profile", on_click=clicked, type="tertiary", pinned=True
            ),
            "id": st.column_config.TextColumn("Model", pinned=True),
            "kind": "Pattern",
            "frozen_blocks": st.column_config.NumberColumn("Frozen blocks"),
            "runs": st.column_config.TextColumn("Blocks in forward order"),
            "task": "Task", "metric": "Reported metric",
            "metric_value": st.column_config.NumberColumn("Value", format="%.3f"),
            "statistics_drift": "Statistics drift", "cast_dtype": "Cast",
            "low_rank": "Low rank",
        },
    )  # fmt: skip


def failures(models: pd.DataFrame) -> None:
    """List every model that could not be compared, with its reason."""
    failed = models[models["status"] == "failed"]
    if failed.empty:
        return
    st.subheader("Could not be compared")
    st.dataframe(
        failed[["id", "reason", "stage", "message"]], hide_index=True,
        alt="Models that could not be compared",
        column_config={"id": "Model", "reason": "Reason", "stage": "Stage",
                       "message": "What happened"},
    )  # fmt: skip


SECTIONS: dict[str, Callable[[], None]] = {
    "Family": family_section,
    "Compare two checkpoints": compare_section,
}

with frame(
    "Derived models",
    lead="What was made out of a base model, and which of its layers were really "
    "trained: weight files compared tensor by tensor, byte by byte.",
):
    chosen = st.segmented_control(
        "Section", list(SECTIONS), key="section", bind="query-params",
        default="Family", required=True, label_visibility="collapsed",
    )  # fmt: skip
    SECTIONS[chosen or "Family"]()
