"""Score against cost: one benchmark, the checkpoints of the chosen models."""

import pandas as pd
import streamlit as st

from core.charts.zero_shot_front import COSTS, score_vs_cost
from core.tables.filters import pareto_front
from core.ui.chart import chart
from core.ui.export_row import export_row
from core.ui.states import empty_state, note
from core.ui.text import plural
from core.ui.zero_shot.filters import PROTOCOLS, Chosen
from core.ui.zero_shot.loaders import points, survey

LEAST_DRAWN = 2


def front_section(chosen: Chosen) -> None:
    """Draw the Pareto front of a benchmark of the task."""
    st.subheader("Score against cost")
    if chosen.protocol != PROTOCOLS[0]:
        empty_state(
            "Supervised models with their costs are on the Models page, which has "
            "torchvision's and timm's tables."
        )
        return
    every = points()
    others = every["model"] == ""
    rows = every[
        (every["task"] == chosen.task)
        & (every["model"].isin(chosen.models["model"]) | others)
    ]
    known = rows.dropna(subset=["params"]).groupby("benchmark")["model"]
    widest = known.agg(["nunique", "size"]).sort_values(
        ["nunique", "size"], ascending=False, kind="stable"
    )
    offered = list(widest[widest["size"] >= LEAST_DRAWN].index)
    if not offered:
        empty_state("No benchmark has two of these models with their size.")
        return
    _draw(rows, offered)


def _draw(rows: pd.DataFrame, offered: list[str]) -> None:
    benchmarks = survey().benchmarks.set_index("id")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        benchmark = st.selectbox(
            "Benchmark", offered, key="scored_on", bind="query-params", width=320,
            format_func=benchmarks["name"].get,
            help="What the score was measured on; scores of two never mix.",
        )  # fmt: skip
        cost = st.segmented_control(
            "Cost", list(COSTS), key="against", bind="query-params", default="params",
            required=True, format_func=_short,
            help="Weights: two bytes a parameter. Peak adds the traced activations of "
            "one image, known for a few checkpoints only.",
        ) or "params"  # fmt: skip
    listed = rows[rows["benchmark"] == benchmark]
    drawn = listed.dropna(subset=[cost])
    if drawn.empty:
        empty_state(f"No checkpoint of this benchmark has its {_short(cost).lower()}.")
        return
    about = benchmarks.loc[benchmark]
    metric = f"{about['metric']}, {about['name']}"
    front = pareto_front(drawn, cost, "accuracy")
    st.markdown(
        f"{plural(len(drawn), 'checkpoint')} of {len(listed)} with a known cost; "
        f"{len(front)} on the Pareto front."
    )
    chart(
        score_vs_cost(drawn, cost=cost, metric=metric), key="front", height=430,
        alt=f"{metric} against {COSTS[cost]} of {len(drawn)} checkpoints",
    )  # fmt: skip
    read = f"{drawn['fetched_at'].min()[:10]} to {drawn['fetched_at'].max()[:10]}"
    export_row(
        lambda: score_vs_cost(drawn, cost=cost, metric=metric), drawn,
        name=f"front-{benchmark}-{cost}", key="front-export",
        caption=f"{metric} against {COSTS[cost]}; each row names its source, read "
        f"{read}.",
    )  # fmt: skip
    if about["note"]:
        note(about["note"])


def _short(cost: str) -> str:
    names = {"params": "Parameters", "gmacs": "GMACs", "weights": "Weights"}
    return names.get(cost, "Peak memory")
