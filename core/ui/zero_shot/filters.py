"""Which models the rankings are about: the task, the protocol, the four criteria."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.ui.zero_shot.loaders import points, survey
from core.zero_shot.criteria import NO, UNKNOWN, decide
from core.zero_shot.schema import ACCESS, TASKS

PROTOCOLS = ("zero-shot", "supervised")
LICENCE_UNKNOWN = "not found"
MEMORY_GIB = 8.0
NO_FILTER = {
    "criteria": [], "undecided": True, "code_licence": [], "weights_access": [],
    "gpu_memory": MEMORY_GIB,
}  # fmt: skip


@dataclass(frozen=True)
class Chosen:
    """One task and protocol, and the models that the filters leave.

    `models` has a row a model: its entry, and the decision on each criterion.
    """

    task: str
    protocol: str
    models: pd.DataFrame
    of: int


def choose_zero_shot() -> Chosen:
    """Read the filters; supervised and zero-shot models are never shown together."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        task = st.segmented_control(
            "Task", TASKS, key="recognize", bind="query-params", default=TASKS[0],
            required=True, format_func=str.capitalize,
            help="What the models do: name, find, or outline things.",
        ) or TASKS[0]  # fmt: skip
        protocol = st.segmented_control(
            "Protocol", PROTOCOLS, key="trained", bind="query-params",
            default=PROTOCOLS[0], required=True, format_func=str.capitalize,
            help="A zero-shot model was never trained on the benchmark; its rank "
            "answers another question than a supervised model's.",
        ) or PROTOCOLS[0]  # fmt: skip
        with st.popover("Filters", icon=":material/tune:"):
            decided = _decided()
            models = _of_task(decided, task, protocol)
            left = _filtered(models)
        st.button("Reset", on_click=_reset, icon=":material/restart_alt:")
    return Chosen(task, protocol, left, len(models))


def _decided() -> pd.DataFrame:
    memory = st.number_input(
        "Memory of your GPU (GiB)", min_value=0.5, max_value=1000.0, value=MEMORY_GIB,
        key="gpu_memory", bind="query-params",
        help="“Fits” asks that the weights at 16 bits take at most half of it. The "
        "section “Fits my machine” counts the rest.",
    )  # fmt: skip
    catalog = survey()
    decisions = decide(catalog, points(), (memory or MEMORY_GIB) * 2**30)
    entries = catalog.every_model.rename(columns={"id": "model"}).drop(columns="name")
    return decisions.merge(entries, on="model")


def _of_task(models: pd.DataFrame, task: str, protocol: str) -> pd.DataFrame:
    has_task = models["tasks"].map(lambda tasks: task in tasks)
    is_zero_shot = models["zero_shot"].astype(bool)
    return models[has_task & (is_zero_shot == (protocol == PROTOCOLS[0]))]


def _filtered(models: pd.DataFrame) -> pd.DataFrame:
    criteria = survey().criteria.set_index("id")
    wanted = st.multiselect(
        "Criteria to meet", list(criteria.index), key="criteria", bind="query-params",
        format_func=criteria["name"].get,
        help="  \n".join(
            f"**{one.name}**: {one.decided_by}" for one in criteria.itertuples(index=0)
        ),
    )  # fmt: skip
    undecided = st.toggle(
        "Keep what is unknown", value=True, key="undecided", bind="query-params",
        help="Off: a model must be known to meet every criterion chosen.",
    )  # fmt: skip
    names = models["licence"].replace("", LICENCE_UNKNOWN)
    licences = st.multiselect(
        "License", sorted(set(names)), key="code_licence", bind="query-params",
        help="Of the code; the weights may have another.",
    )  # fmt: skip
    access = st.multiselect(
        "Access to the weights",
        ACCESS,
        key="weights_access",
        bind="query-params",
        help="open: whoever wants may fetch them; gated: after accepting terms.",
    )
    refused = [NO] if undecided else [NO, UNKNOWN]
    for criterion in wanted:
        models = models[~models[criterion].isin(refused)]
    if licences:
        models = models[names.loc[models.index].isin(licences)]
    return models[models["access"].isin(access)] if access else models


def _reset() -> None:
    """Take every filter back."""
    for key, value in NO_FILTER.items():
        st.session_state[key] = value
