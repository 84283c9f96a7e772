"""The rankings: several benchmarks side by side, where they agree, and every model."""

import pandas as pd
import streamlit as st

from core.charts.zero_shot_ranks import consensus_range, rank_matrix
from core.glossary import criteria_words
from core.ui.chart import chart
from core.ui.columns import described
from core.ui.export_row import export_row
from core.ui.states import empty_state, note
from core.ui.text import literal, plural
from core.ui.zero_shot.drawer import model_details
from core.ui.zero_shot.filters import Chosen, choose_zero_shot
from core.ui.zero_shot.front_section import front_section
from core.ui.zero_shot.loaders import open_clip_table, rankings, survey
from core.ui.zero_shot.tables import corrections, exported_table
from core.zero_shot.consensus import agreement, consensus
from core.zero_shot.criteria import answer
from core.zero_shot.glossary import RANKS, SURVEY

HONEST = (
    "Benchmarks do not transfer: an order on ImageNet or LVIS says little about, for "
    "example, medical pictures. Try the best few on your own."
)


def rankings_section() -> None:
    """Show ranks, consensus, score against cost and all models of a task."""
    chosen = choose_zero_shot()
    said = answer(chosen.models, survey().criteria["id"])
    st.markdown(
        f"**{len(chosen.models):,} of {plural(chosen.of, 'model')}.** {literal(said)}"
    )
    ranked = _ranked(chosen)
    if chosen.models.empty:
        empty_state("No model meets all filters. Reset them, or widen one.")
        return
    found = consensus(ranked)
    if found.empty:
        empty_state("No ranking has two of these models; they are listed below.")
    else:
        _consensus(chosen, found, ranked)
        _matrix(chosen, found, ranked)
    front_section(chosen)
    _every_model(chosen, found)
    model_details(chosen)


def _ranked(chosen: Chosen) -> pd.DataFrame:
    """Return the ranks of the chosen models in the sources that the person trusts."""
    every = rankings()
    rows = every[
        (every["task"] == chosen.task) & (every["protocol"] == chosen.protocol)
    ]
    names = dict(zip(rows["source"], rows["source_name"], strict=True))
    sources = st.multiselect(
        "Sources to count", list(names), key="counted_sources", bind="query-params",
        format_func=names.get, placeholder="All sources",
        help="Ranks are those of the whole lists, whatever the filters leave.",
    )  # fmt: skip
    rows = rows[rows["source"].isin(sources)] if sources else rows
    if open_clip_table().empty and chosen.task == "classification":
        note("open_clip's table is not here yet; `python -m core tables refresh "
             "open_clip` adds its six benchmarks.")  # fmt: skip
    return rows[rows["model"].isin(chosen.models["model"])]


def _consensus(chosen: Chosen, found: pd.DataFrame, ranked: pd.DataFrame) -> None:
    st.subheader("Consensus")
    lists = ranked.loc[ranked["of"] > 1, "ranking"].nunique()
    st.markdown(
        f"Mean reciprocal rank of {plural(len(found), 'model')} in "
        f"{plural(lists, 'list')} of {plural(ranked['source'].nunique(), 'source')}. "
        f"{literal(_winner(found))} The line reaches down to what is left if "
        "every list that leaves a model out gives it nothing."
    )
    chart(
        consensus_range(found), key="consensus",
        alt=f"Consensus of {len(found)} {chosen.protocol} models, {chosen.task}",
    )  # fmt: skip
    export_row(
        lambda: consensus_range(found), found, key="consensus-export",
        name=f"consensus-{chosen.protocol}-{chosen.task}",
        caption=f"Consensus of {chosen.protocol} models, {chosen.task}: mean "
        f"reciprocal rank over sources. {_sources(ranked)}",
    )  # fmt: skip


def _winner(found: pd.DataFrame) -> str:
    first = found[found["place"] == 1]
    thin = " It is in one list only." if (first["rankings"] == 1).all() else ""
    if len(first) > 1:
        return f"{', '.join(first['name'])} tie."
    return f"{first['name'].iloc[0]} leads.{thin}"


def _matrix(chosen: Chosen, found: pd.DataFrame, ranked: pd.DataFrame) -> None:
    st.subheader("Side by side")
    pairs = agreement(ranked)
    if len(pairs):
        worst = pairs.iloc[0]
        st.markdown(
            f"Where two lists share models they order "
            f"**{pairs['alike'].sum()} of {pairs['pairs'].sum()}** pairs alike. "
            f"Least alike: {literal(worst['one'])} and {literal(worst['other'])}, "
            f"{worst['alike']} of {worst['pairs']}."
        )
    chart(
        rank_matrix(ranked, found), key="ranks",
        alt=f"Ranks of {len(found)} models in {ranked['ranking'].nunique()} lists",
    )  # fmt: skip
    export_row(
        lambda: rank_matrix(ranked, found), ranked, key="ranks-export",
        name=f"ranks-{chosen.protocol}-{chosen.task}",
        caption=f"Ranks of {chosen.protocol} models, {chosen.task}. {_sources(ranked)}",
    )  # fmt: skip
    owners = "ranking:" + pd.Series(ranked["ranking"].unique())
    corrections(survey().corrections_of(*owners))
    with st.expander("Every two lists", key="pairs", bind="query-params"):
        if pairs.empty:
            empty_state("No two lists share two models.")
            return
        exported_table(
            pairs, name="agreement", key="pairs-export", alt="Agreement of lists",
            caption=f"Pairs of models that two lists order alike. {_sources(ranked)}",
            column_config=described(pairs, RANKS),
        )  # fmt: skip


def _sources(ranked: pd.DataFrame) -> str:
    """Name the sources with the last date of each."""
    dates = ranked.groupby("source_name")["date"].max()
    return "; ".join(f"{name} ({date})" for name, date in dates.items()) + "."


def _every_model(chosen: Chosen, found: pd.DataFrame) -> None:
    st.subheader("Models")
    names = survey().criteria.set_index("id")["name"].to_dict()
    columns = ["name", *names, "licence", "access", "organization", "year", "library"]
    placed = found.drop(columns="name")
    rows = chosen.models.merge(placed, on="model", how="left").sort_values(
        ["place", "at_least"], ascending=[True, False], na_position="last"
    )
    ranks = ["place", "score", "at_least", "sources", "rankings"]
    exported_table(
        rows[["name", *ranks, *columns[1:]]], name=f"models-{chosen.task}",
        key="models-export", alt="Models", height="auto",
        caption=f"{chosen.protocol.capitalize()} models, {chosen.task}: consensus and "
        "the survey's criteria as of 2026-11.",
        column_config=described(
            rows, RANKS, SURVEY, criteria_words(survey()), pinned="name",
            year=st.column_config.NumberColumn(
                "Year", format="%d", help="When it was published."
            ),
        ),
    )  # fmt: skip
    note(HONEST)
