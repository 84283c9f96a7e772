"""The best child for a person's task: ranked by what can be compared, with reasons."""

import pandas as pd
import streamlit as st

from core.charts.family_popularity import reported_values
from core.derived.best_child import MARGIN, conclusion, rank_children
from core.derived.columns_glossary import BEST_CHILD, MODELS
from core.derived.family import Family
from core.derived.reported import (
    NOT_STATED,
    Comparable,
    comparable_groups,
    is_share,
)
from core.ui.chart import chart
from core.ui.columns import described
from core.ui.derived.family_loaders import Base, base_name
from core.ui.export_row import export_row
from core.ui.states import empty_state, note
from core.ui.text import literal

IN_CHART = 30


def best_child_section(base: Base, family: Family) -> None:
    """Ask for the task and what counts, and rank the children."""
    models = family.models
    if models.empty:
        empty_state("No model is listed yet, so there is none to choose from.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        task = _task(models)
        comparable = _comparable(comparable_groups(models, task))
        commercial = st.toggle(
            "Commercial use", key="commercial", bind="query-params",
            help="Only models whose stated license is known to permit it.",
        )  # fmt: skip
        margin = _margin(comparable)
    ranked = rank_children(
        models, comparable, task=task, commercial_only=commercial, margin=margin
    )
    if ranked.empty:
        empty_state("No model is left; choose another task or allow any license.")
        return
    st.markdown(f"**{literal(conclusion(ranked, comparable))}**")
    note(
        "Values are what model cards report of themselves; nobody has checked them. "
        "Only values of one metric on one set of data are compared, and a card may not "
        "say on which part of the data it measured."
    )
    _show(base, ranked, comparable)


def _task(models: pd.DataFrame) -> str | None:
    tasks = models["task"].fillna(NOT_STATED).value_counts()
    return st.selectbox(
        "Task", list(tasks.index), index=None, key="best_task", bind="query-params",
        placeholder="any", width=240,
        help="The task that the model card states.",
    )  # fmt: skip


def _comparable(groups: tuple[Comparable, ...]) -> Comparable | None:
    labels = {group.label: group for group in groups}
    if not labels:
        return None
    label = st.selectbox(
        "Compare by", list(labels), key="best_by", bind="query-params", width=320,
        help="A metric on a set of data, and how many models report it. Other metrics "
        "and other data never mix.",
    )  # fmt: skip
    return labels.get(label)


def _margin(comparable: Comparable | None) -> float:
    """Ask up to which difference values tie, in percentage points."""
    if comparable is None or not is_share(comparable.metric):
        return MARGIN
    points = st.number_input(
        "Tie within (points)", 0.0, 5.0, 100 * MARGIN, 0.1, key="tie",
        bind="query-params", width=150,
        help="Cards do not say how many images a value rests on: 0.5 points is the "
        "95 % half-width of 95 % accuracy over some 7,300 images.",
    )  # fmt: skip
    return points / 100


def _show(base: Base, ranked: pd.DataFrame, comparable: Comparable | None) -> None:
    name = f"best-child-{base_name(base)}"
    if comparable is not None and ranked["value"].notna().any():
        what = f"{comparable.metric} on {comparable.dataset}, as reported"
        drawn = ranked.head(IN_CHART)
        figure = reported_values(drawn, what, is_share=is_share(comparable.metric))
        chart(figure, key="best-chart", alt=f"{what}, of the best {IN_CHART} at most")
        export_row(
            lambda: figure, ranked, name=name, key="best-export",
            caption=f"Children of {base_name(base)} by {what}.",
        )  # fmt: skip
    st.dataframe(
        ranked, hide_index=True, key="best-rows", alt="Children, the best first",
        placeholder="–",
        column_order=["rank", "id", "value", "downloads", "license", "kind", "reasons"],
        column_config=described(
            ranked, BEST_CHILD, MODELS, pinned="id",
            reasons=st.column_config.TextColumn(
                "Why it stands here", width="large",
                help="What the card says, how much it is used, its license, and what "
                "was trained.",
            ),
        ),
    )  # fmt: skip
    for row in ranked.head(3).itertuples():
        st.markdown(f"**{literal(row.id)}**: {literal(row.reasons)}")
