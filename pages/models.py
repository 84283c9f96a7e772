"""Published models: accuracy against cost, filtered, compared and exported."""

import pandas as pd
import streamlit as st

from core.charts.accuracy import accuracy_vs_cost
from core.tables.catalog import TableSummary
from core.tables.filters import pareto_front
from core.tables.schema import column
from core.tables.selection import Best, Selection, best_of, differences, select
from core.ui.chart import chart
from core.ui.export_row import export_row
from core.ui.frame import frame
from core.ui.loaders import models, tables
from core.ui.model_drawer import model_drawer, open_drawer
from core.ui.states import empty_state, note, unknown_choice
from core.ui.text import compact, literal, percent, plural
from core.ui.written import written_rows

COSTS = {
    "params": "Parameters",
    "gmacs": "GMACs",
    "gips": "GIPS",
    "file_size_bytes": "File size",
}
MOST_COMPARED = 6
MARGIN = 0.01
NO_FILTER = {
    "search": "", "family": [], "pretraining": [], "licence": [],
    "min_accuracy": None, "max_params": None, "max_gmacs": None, "max_size": None,
}  # fmt: skip
SHOWN = [
    "name", "family", "accuracy", "epe", "params", "gmacs", "gips", "file_size_bytes",
    "image_size", "pretraining", "licence",
]  # fmt: skip


def choose_table() -> TableSummary:
    """Let the person choose a table; the address may name one."""
    available = {summary.name: summary for summary in tables()}
    asked = st.query_params.get("table")
    if asked is not None and asked not in available:
        unknown_choice("the table", asked, "one that Pedigree has")
    name = st.selectbox(
        "Table", list(available), key="table", bind="query-params",
        on_change=reset_filters, width=300,
    )  # fmt: skip
    return available[name]


def reset_filters() -> None:
    """Take every filter back."""
    for key, value in NO_FILTER.items():
        st.session_state[key] = value


def choose_models(rows: pd.DataFrame) -> Selection:
    """Read the filters; the search is live, the others wait in a popover."""
    text = st.text_input(
        "Search", type="search", live="100ms", key="search", bind="query-params",
        placeholder="name, family, recipe", width=260,
    )  # fmt: skip
    with st.popover("Filters", icon=":material/tune:"):
        families = several("Family", rows, "family")
        pretraining = several("Pre-training", rows, "pretraining")
        licences = several("Licence", rows, "licence")
        accuracy = limit("Accuracy of at least (%)", "min_accuracy", 100.0)
        params = limit("Parameters, at most (millions)", "max_params")
        gmacs = limit("GMACs, at most", "max_gmacs")
        size = limit("File size, at most (MB)", "max_size")
    st.button("Reset", on_click=reset_filters, icon=":material/restart_alt:")
    return Selection(
        text=text or "",
        families=tuple(families),
        pretraining=tuple(pretraining),
        licences=tuple(licences),
        least_accuracy=scaled(accuracy, 0.01),
        most_params=scaled(params, 1e6),
        most_gmacs=gmacs,
        most_file_size_bytes=scaled(size, 1e6),
    )


def several(label: str, rows: pd.DataFrame, name: str) -> list[str]:
    """Offer the values of one column."""
    values = sorted(set(rows[name]) - {""})
    return st.multiselect(
        label, values, key=name, bind="query-params", help=column(name).description
    )


def limit(label: str, key: str, most: float | None = None) -> float | None:
    """Ask for one limit; empty means none."""
    return st.number_input(
        label, min_value=0.0, max_value=most, value=None, key=key,
        bind="query-params", placeholder="any",
    )  # fmt: skip


def scaled(value: float | None, factor: float) -> float | None:
    """Turn what was typed into the unit of the table."""
    return None if value is None else value * factor


def choose_cost(rows: pd.DataFrame) -> tuple[str, bool]:
    """Let the person choose the horizontal axis among the costs that are known."""
    known = [cost for cost in COSTS if rows[cost].notna().any()]
    cost = st.segmented_control(
        "Cost", known, format_func=COSTS.get, key="cost", bind="query-params",
        default=known[0], required=True,
    )  # fmt: skip
    logarithmic = st.toggle(
        "Log scale", value=True, key="log", bind="query-params",
        help="Sizes span three decades; a linear axis hides most models on the left.",
    )  # fmt: skip
    return cost or known[0], logarithmic


def value_of(rows: pd.DataFrame) -> tuple[str, bool]:
    """Return the column of the vertical axis, and whether lower is better."""
    if rows["accuracy"].notna().any() or rows["epe"].isna().all():
        return "accuracy", False
    return "epe", True


def answer(best: Best | None, cost: str, value: str) -> None:
    """Say in words what the chart shows."""
    if best is None:
        return
    write = percent if value == "accuracy" else compact
    text = f"Best shown: **{literal(best.best['name'])}**, {write(best.best[value])}."
    if best.thrifty["id"] != best.best["id"]:
        text += (
            f" Within one percentage point of it, the cheapest in "
            f"{COSTS[cost]} is **{literal(best.thrifty['name'])}**: "
            f"{write(best.thrifty[value])} at {compact(best.thrifty[cost])} "
            f"instead of {compact(best.best[cost])}."
        )
    st.markdown(text)


def picked_points() -> None:
    """Open the drawer for one clicked point; put several into the comparison."""
    points = st.session_state["chart"]["selection"]["points"]
    ids = [point["customdata"][0] for point in points if point.get("customdata")]
    if len(ids) == 1:
        open_drawer(ids[0])
    elif ids:
        known = list(st.session_state.get("compare", []))
        st.session_state["compare"] = list(dict.fromkeys(known + ids))[:MOST_COMPARED]


def accuracy_section(rows: pd.DataFrame, summary: TableSummary) -> None:
    """Draw accuracy against cost, with the front of what is shown."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cost, logarithmic = choose_cost(rows)
    value, lower = value_of(rows)
    front = pareto_front(rows, cost, value, lower_value_is_better=lower)
    answer(best_of(rows, cost, value, margin=MARGIN, lower=lower), cost, value)

    def figure(template: str = "pedigree"):
        return accuracy_vs_cost(
            rows, x=cost, y=value, log_x=logarithmic, front=front, template=template,
            picked=st.session_state.get("compare", []),
        )  # fmt: skip

    drawn = figure()
    chart(
        drawn, key="chart", on_select=picked_points,
        alt=f"{COSTS[cost]} against {value} of {len(rows)} models of {summary.name}",
    )  # fmt: skip
    st.caption(
        f"{plural(len(front), 'model')} on the Pareto front. Click a point for its "
        "details; select several with the box or the lasso to compare them."
    )
    export_row(
        lambda: drawn, rows[exported_columns(rows)],
        name=f"{summary.name}-{cost}".replace("/", "-"),
        caption=f"{summary.name}: {summary.source} {summary.revision}, "
        f"read {summary.fetched_at}.",
        key="export",
    )  # fmt: skip


def exported_columns(rows: pd.DataFrame) -> list[str]:
    """Return the columns that say anything about these rows."""
    return [
        name for name in rows
        if any(value != "" and value == value for value in rows[name].tolist())
    ]  # fmt: skip


def compare(every: pd.DataFrame) -> None:
    """Put two to six models side by side."""
    st.subheader("Compare")
    ids = st.multiselect(
        "Models to compare", list(every["id"]), key="compare", bind="query-params",
        max_selections=MOST_COMPARED,
        placeholder="Two to six models",
    )  # fmt: skip
    if len(ids) < 2:
        empty_state("Choose two to six models here, in the chart or in the table.")
        return
    only = st.toggle("Differences only", value=True, key="diff", bind="query-params")
    rows = every.set_index("id").loc[ids]
    rows = differences(rows) if only else rows[exported_columns(rows)]
    wide = written_rows(rows.drop(columns="name", errors="ignore")).T
    wide.columns = [names_of(every)[identity] for identity in ids]
    st.dataframe(wide, alt="Comparison of models", height="content")


def names_of(rows: pd.DataFrame) -> dict[str, str]:
    """Return the short name of every id."""
    return dict(zip(rows["id"], rows["name"], strict=True))


def listing(rows: pd.DataFrame) -> None:
    """List the models shown; a row's button opens its details."""
    st.subheader("Models shown")
    value, lower = value_of(rows)
    rows = rows.sort_values(value, ascending=lower)
    shown = rows[[name for name in SHOWN if name in exported_columns(rows)]]
    if "accuracy" in shown:
        shown = shown.assign(accuracy=100 * shown["accuracy"])

    def clicked() -> None:
        open_drawer(rows["id"].iloc[st.session_state["details"]["row"]])

    number = st.column_config.NumberColumn
    st.dataframe(
        shown.assign(details="Details"), hide_index=True, alt="Models shown",
        key="listing",
        column_config={
            "details": st.column_config.ButtonColumn(
                "", key="details", on_click=clicked, type="tertiary", pinned=True
            ),
            "name": st.column_config.TextColumn("Model", pinned=True),
            "family": "Family",
            "pretraining": "Pre-training",
            "licence": "Licence",
            "accuracy": number("Accuracy (%)", format="%.3f"),
            "epe": number("End-point error (px)", format="%.3f"),
            "params": number("Parameters", format="compact"),
            "gmacs": number("GMACs", format="%.2f"),
            "gips": number("GIPS", format="%.2f"),
            "file_size_bytes": number("File size", format="bytes"),
            "image_size": number("Image size (px)", format="%d"),
        },
    )  # fmt: skip


with frame(
    "Models",
    lead="Accuracy against cost of published vision models. Every number keeps its "
    "source and date.",
):
    with st.container(horizontal=True, vertical_alignment="bottom"):
        summary = choose_table()
        every = models(summary)
        selection = choose_models(every)
    model_drawer(every)
    rows = select(every, selection)
    st.markdown(f"**{len(rows)} of {plural(len(every), 'model')}**")
    if rows.empty:
        empty_state("No model meets all filters. Reset them, or widen one.")
    else:
        accuracy_section(rows, summary)
    compare(every)
    if not rows.empty:
        listing(rows)
    note(f"{summary.source} {summary.revision}, read {summary.fetched_at}")
    if summary.note:
        note(summary.note)
