"""Which table, measured on what, which of its models: the top of the Models page."""

import pandas as pd
import streamlit as st

from core.tables.catalog import TableSummary
from core.tables.schema import column
from core.tables.selection import Selection
from core.tables.timm.join import TABLE as TIMM_TABLE
from core.ui.loaders import tables, timm_benchmarks
from core.ui.states import unknown_choice

NO_FILTER = {
    "search": "", "family": [], "pretraining": [], "licence": [],
    "min_accuracy": None, "max_params": None, "max_gmacs": None, "max_size": None,
    "min_throughput": None, "fit_params": None, "fit_gmacs": None, "fit_size": None,
    "fit_throughput": None, "fit_licence": [], "show_all": False,
}  # fmt: skip
BOTH = "both"


def choose_table() -> TableSummary:
    """Let the person choose a table; the address may name one."""
    available = {summary.name: summary for summary in tables()}
    asked = st.query_params.get("table")
    if asked is not None and asked not in available:
        unknown_choice("the table", asked, "one that Pedigree has")
    name = st.selectbox(
        "Table", list(available), key="table", bind="query-params",
        on_change=reset_filters, width=300,
        help="A source and what its models do; “Sources” below says how fresh it is.",
    )  # fmt: skip
    return available[name]


def reset_filters() -> None:
    """Take every filter back."""
    for key, value in NO_FILTER.items():
        st.session_state[key] = value


def choose_benchmark(summary: TableSummary) -> str | None:
    """Let the person choose what timm's throughput was measured on."""
    if summary.name != TIMM_TABLE:
        return None
    known = timm_benchmarks()
    labels = _benchmark_labels(known[known["joined"] > 0]) if len(known) else {}
    if not labels:
        return None
    return st.selectbox(
        "Throughput on", list(labels), format_func=labels.get, key="benchmark",
        bind="query-params", width=250,
        help="The benchmark that throughput is taken from; one of training changes "
        "the training throughput.",
    )  # fmt: skip


def _benchmark_labels(known: pd.DataFrame) -> dict[str, str]:
    labels: dict[str, str] = {}
    for row in known.itertuples():
        words = [row.device, row.precision, "compiled" if row.is_compiled else "",
                 "training" if row.kind == "train" else ""]  # fmt: skip
        label = ", ".join(filter(None, words))
        labels[row.name] = (
            f"{label} ({row.name})" if label in labels.values() else label
        )
    return labels


def choose_protocol(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep zero-shot and supervised models apart, unless a person asks for both."""
    protocols = sorted(set(rows["protocol"].unique()) - {""})
    if len(protocols) < 2:
        return rows
    chosen = st.segmented_control(
        "Protocol", [*protocols, BOTH], key="protocol", bind="query-params",
        default=protocols[0], required=True,
        help="A zero-shot model never saw ImageNet's training set; its accuracy "
        "answers another question than a supervised model's.",
    )  # fmt: skip
    return (
        rows if chosen == BOTH else rows[rows["protocol"] == (chosen or protocols[0])]
    )


def choose_models(rows: pd.DataFrame) -> Selection:
    """Read the filters; the search is live, the others wait in a popover."""
    text = st.text_input(
        "Search", type="search", live="50ms", key="search", bind="query-params",
        placeholder="name, family, recipe", width=260,
        help="Keeps models whose name, family, recipe or pre-training holds the text.",
    )  # fmt: skip
    with st.popover("Filters", icon=":material/tune:"):
        families = several("Family", rows, "family")
        pretraining = several("Pre-training", rows, "pretraining")
        licences = several("License", rows, "licence")
        accuracy = limit("Accuracy, at least (%)", "min_accuracy", 100.0)
        params = limit("Parameters, at most (millions)", "max_params")
        gmacs = limit("GMACs, at most", "max_gmacs")
        size = limit("File size, at most (MB)", "max_size")
        throughput = limit("Images a second, at least", "min_throughput")
    return Selection(
        text=text or "",
        families=tuple(families),
        pretraining=tuple(pretraining),
        licences=tuple(licences),
        least_accuracy=scaled(accuracy, 0.01),
        most_params=scaled(params, 1e6),
        most_gmacs=gmacs,
        most_file_size_bytes=scaled(size, 1e6),
        least_throughput=throughput,
    )


def several(
    label: str, rows: pd.DataFrame, name: str, *, key: str | None = None
) -> list[str]:
    """Offer the values of one column."""
    values = sorted(set(rows[name].unique()) - {""})
    return st.multiselect(
        label, values, key=key or name, bind="query-params",
        help=column(name).description,
    )  # fmt: skip


def limit(label: str, key: str, most: float | None = None) -> float | None:
    """Ask for one limit; empty means none."""
    return st.number_input(
        label, min_value=0.0, max_value=most, value=None, key=key,
        bind="query-params", placeholder="any", help="Empty: no limit.",
    )  # fmt: skip


def scaled(value: float | None, factor: float) -> float | None:
    """Turn what was typed into the unit of the table."""
    return None if value is None else value * factor
