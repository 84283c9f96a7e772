"""The chart of models and what it says in words."""

import pandas as pd
import streamlit as st

from core.charts.accuracy import accuracy_vs_cost
from core.charts.axes import FRACTIONS, LABELS, higher_is_better
from core.tables.catalog import TableSummary
from core.tables.filters import pareto_front
from core.tables.selection import Best, best_of, stated_columns
from core.tables.trend import trend
from core.ui.chart import pictured_chart
from core.ui.export_row import export_row
from core.ui.models.axes import Axes
from core.ui.models.drawer import MOST_COMPARED, open_drawer
from core.ui.states import note
from core.ui.text import compact, literal, percent, plural

MARGIN = 0.01
HEIGHT_PX = 450


def explorer_chart(
    rows: pd.DataFrame, axes: Axes, summary: TableSummary, own: pd.DataFrame | None
) -> None:
    """Draw the models, the front of what is shown, trends and a person's own."""
    faster, better = higher_is_better(axes.x), higher_is_better(axes.y)
    front = pareto_front(
        rows, axes.x, axes.y, higher_cost_is_better=faster,
        lower_value_is_better=not better,
    )  # fmt: skip
    _answer(
        best_of(
            rows, axes.x, axes.y, margin=MARGIN, lower=not better, higher_cost=faster
        ),
        axes,
    )
    lines = None
    if axes.has_trend:
        lines = trend(rows, axes.x, axes.y, by=axes.color, log_x=axes.log_x)
    figure = accuracy_vs_cost(
        rows, x=axes.x, y=axes.y, log_x=axes.log_x, front=front, color=axes.color,
        size=axes.size, trends=lines, own=own, higher_x_is_better=faster,
        picked=st.session_state.get("compare", []),
    )  # fmt: skip
    pictured_chart(
        figure, key="chart", height=HEIGHT_PX, legend_rows=2, on_select=_picked_points,
        alt=f"{LABELS[axes.x]} against {LABELS[axes.y]} of {len(rows)} models of "
        f"{summary.name}",
    )  # fmt: skip
    st.caption(
        f"{plural(len(front), 'model')} on the Pareto front. Click a point for its "
        "details; select several with the box or the lasso to compare them."
    )
    _missing(rows, axes, own)
    export_row(
        lambda: figure, lambda: rows[stated_columns(rows)],
        name=f"{summary.name}-{axes.x}".replace("/", "-"),
        caption=f"{summary.name}: {summary.source} {summary.revision}, "
        f"read {summary.fetched_at}.",
        key="export",
    )  # fmt: skip


def _answer(best: Best | None, axes: Axes) -> None:
    """Say in words what the chart shows."""
    if best is None:
        return
    write = percent if axes.y in FRACTIONS else compact
    spent = percent if axes.x in FRACTIONS else compact
    name = literal(best.best["name"])
    kind = f" ({best.best['protocol']})" if axes.color == "protocol" else ""
    text = f"Best shown: **{name}**{literal(kind)}, {write(best.best[axes.y])}."
    costs = [spent(row[axes.x]) for row in (best.thrifty, best.best)]
    if axes.y in FRACTIONS and costs[0] != costs[1]:
        word = "best" if higher_is_better(axes.x) else "cheapest"
        text += (
            f" Within one percentage point of it, the {word} in "
            f"{LABELS[axes.x]} is **{literal(best.thrifty['name'])}**: "
            f"{write(best.thrifty[axes.y])} at {costs[0]} "
            f"instead of {costs[1]}."
        )
    st.markdown(text)


def _missing(rows: pd.DataFrame, axes: Axes, own: pd.DataFrame | None) -> None:
    """Say how many models are not drawn because a number is missing."""
    absent = int(rows[[axes.x, axes.y]].isna().any(axis=1).sum())
    if absent:
        note(f"{plural(absent, 'model')} without one of the two numbers not drawn.")
    if own is not None and own[[axes.x, axes.y]].isna().any(axis=1).all():
        note(
            f"Your results lack {LABELS[axes.x]} or {LABELS[axes.y]}, so that none of "
            "them is drawn; choose other axes, or other columns of your file."
        )


def _picked_points() -> None:
    """Open the drawer for one clicked point; put several into the comparison."""
    points = st.session_state["chart"]["selection"]["points"]
    ids = [point["customdata"][0] for point in points if point.get("customdata")]
    if len(ids) == 1:
        open_drawer(ids[0])
    elif ids:
        known = list(st.session_state.get("compare", []))
        st.session_state["compare"] = list(dict.fromkeys(known + ids))[:MOST_COMPARED]
