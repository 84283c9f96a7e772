"""One model of the survey: what it is, the criteria, its places, its results."""

import pandas as pd
import streamlit as st

from core.ui.columns import described
from core.ui.fit_link import fit_button
from core.ui.states import empty_state
from core.ui.text import literal
from core.ui.zero_shot.filters import Chosen
from core.ui.zero_shot.loaders import rankings, survey
from core.ui.zero_shot.tables import corrections
from core.zero_shot.glossary import RANKS, SURVEY

FACTS = (
    ("organization", "From"), ("year", "Year"), ("kind", "Kind"),
    ("library", "Library"), ("entry", "Class or name"), ("found_in", "Seen in"),
    ("licence", "License"), ("licence_source", "License read in"),
    ("access", "Weights"), ("paper", "Paper"), ("repositories", "Repositories"),
    ("hub_ids", "On the Hub"), ("note", "Note"),
)  # fmt: skip


PLACES = ["title", "task", "rank", "of", "label", "value", "date"]
RESULTS = [
    "variant", "benchmark", "value", "params", "gmacs", "speed", "source", "read",
]  # fmt: skip


def model_details(chosen: Chosen) -> None:
    """Let the person choose a model and show all that is known of it."""
    names = dict(zip(chosen.models["model"], chosen.models["name"], strict=True))
    model = st.selectbox(
        "Details of", list(names), key="recognizer", bind="query-params", width=420,
        index=None, format_func=names.get, placeholder="A model",
        help="Its facts, the four criteria, its places and results.",
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
        if entry["hub_ids"]:
            fit_button(entry["hub_ids"][0])
    _places(model)
    _results(model)
    _corrections(model)


def _facts(entry: pd.Series) -> None:
    said = {title: _written(entry[name]) for name, title in FACTS}
    facts = pd.DataFrame({"fact": list(said), "value": list(said.values())})
    st.dataframe(
        facts, hide_index=True, alt=f"{len(facts)} facts about the model",
        height="content", column_config=described(facts, SURVEY),
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
            rows[PLACES], hide_index=True, placeholder="–",
            alt=f"{len(rows)} places of the model",
            column_config=described(rows[PLACES], RANKS, fractions=("value",)),
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
    shown = rows.assign(benchmark=rows["benchmark"].map(names))[RESULTS]
    st.dataframe(
        shown, hide_index=True, placeholder="–",
        alt=f"{len(shown)} published results of the model",
        column_config=described(shown, RANKS, fractions=("value",)),
    )  # fmt: skip
