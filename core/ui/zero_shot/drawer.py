"""One model of the survey: what it is, the criteria, its places, its results."""

import pandas as pd
import streamlit as st

from core.ui.states import empty_state
from core.ui.text import literal
from core.ui.zero_shot.filters import Chosen
from core.ui.zero_shot.loaders import rankings, survey
from core.ui.zero_shot.tables import corrections

FACTS = (
    ("organization", "From"), ("year", "Year"), ("kind", "Kind"),
    ("library", "Library"), ("entry", "Class or name"), ("found_in", "Seen in"),
    ("licence", "Licence"), ("licence_source", "Licence read in"),
    ("access", "Weights"), ("paper", "Paper"), ("repositories", "Repositories"),
    ("hub_ids", "On the Hub"), ("note", "Note"),
)  # fmt: skip


def model_details(chosen: Chosen) -> None:
    """Let the person choose a model and show all that is known of it."""
    names = dict(zip(chosen.models["model"], chosen.models["name"], strict=True))
    model = st.selectbox(
        "Details of", list(names), key="recognizer", bind="query-params", width=420,
        index=None, format_func=names.get, placeholder="A model",
    )  # fmt: skip
    if not model:
        empty_state("Choose a model to see its facts, places and results.")
        return
    entry = chosen.models.set_index("model").loc[model]
    left, right = st.columns(2)
    with left:
        _facts(entry)
    with right:
        _criteria(entry)
    _places(model)
    _results(model)
    _corrections(model)


def _facts(entry: pd.Series) -> None:
    said = {title: _written(entry[name]) for name, title in FACTS}
    st.dataframe(
        {"Fact": list(said), "": list(said.values())}, hide_index=True,
        alt="Facts of the model", height="content",
    )  # fmt: skip


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "–"
    if isinstance(value, float):
        return "–" if value != value else f"{value:.0f}"
    return str(value) or "–"


def _criteria(entry: pd.Series) -> None:
    for one in survey().criteria.itertuples():
        decision, why = entry[one.id], entry[f"why_{one.id}"]
        st.markdown(f"**{one.name}: {decision}.** {literal(why)}")


def _corrections(model: str) -> None:
    catalog = survey()
    has_model = catalog.audits["models"].map(lambda models: model in models)
    audits = "audit:" + catalog.audits.loc[has_model, "id"]
    links = catalog.links.loc[catalog.links["owner"].isin(audits), "url"]
    corrections(catalog.corrections_of(*audits, *("link:" + links)))


def _places(model: str) -> None:
    rows = rankings()
    rows = rows[rows["model"] == model]
    popular = survey().placements
    popular = popular[(popular["model"] == model) & popular["rank"].isna()]
    if len(rows):
        st.dataframe(
            rows[["title", "task", "rank", "of", "label", "value", "date"]],
            hide_index=True, alt="Places of the model", placeholder="–",
            column_config={
                "title": "List", "task": "Task", "rank": "Rank", "of": "of",
                "label": "Listed as", "date": "As of",
                "value": st.column_config.NumberColumn("Value", format="percent"),
            },
        )  # fmt: skip
    for place in popular.itertuples():
        st.caption(
            f"Named as {literal(place.label)} in a list of popular models "
            f"({literal(place.ranking)}), which ranks nobody."
        )


def _results(model: str) -> None:
    catalog = survey()
    rows = catalog.results[catalog.results["model"] == model]
    if rows.empty:
        return
    names = catalog.benchmarks.set_index("id")["name"]
    st.dataframe(
        rows.assign(benchmark=rows["benchmark"].map(names))[
            ["variant", "benchmark", "value", "params", "gmacs", "speed", "source",
             "read"]
        ], hide_index=True, alt="Published results of the model", placeholder="–",
        column_config={
            "variant": "Checkpoint", "benchmark": "Benchmark", "source": "Source",
            "value": st.column_config.NumberColumn("Value", format="percent"),
            "params": st.column_config.NumberColumn("Parameters", format="compact"),
            "gmacs": st.column_config.NumberColumn("GMACs", format="%.2f"),
            "speed": "Speed", "read": "Read",
        },
    )  # fmt: skip
