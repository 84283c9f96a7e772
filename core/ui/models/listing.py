"""The models shown, as a table and side by side."""

import pandas as pd
import streamlit as st

from core.charts.axes import FRACTIONS, LABELS, higher_is_better
from core.tables.schema import column
from core.tables.selection import differences, stated_columns
from core.ui.columns import described
from core.ui.export_row import table_row
from core.ui.models.drawer import MOST_COMPARED, open_drawer
from core.ui.states import empty_state
from core.ui.written import written_rows

SHOWN = (
    "name", "family", "accuracy", "epe", "params", "gmacs", "gips", "throughput",
    "file_size_bytes", "image_size", "protocol", "pretraining", "licence",
)  # fmt: skip
FORMATS = {
    "params": "compact",
    "gmacs": "%.2f",
    "gips": "%.2f",
    "throughput": "%.0f",
    "file_size_bytes": "bytes",
    "image_size": "%d",
}


def listing(rows: pd.DataFrame, drawn: tuple[str, str]) -> None:
    """List the models shown, best first; a row's button opens its details.

    `drawn` are the columns of the chart; they are listed too.
    """
    st.subheader("Models shown")
    _, value = drawn
    names = [*SHOWN, *(name for name in drawn if name not in SHOWN)]
    rows = rows[["id", *names]]
    rows = rows.sort_values(value, ascending=not higher_is_better(value))
    stated = set(stated_columns(rows))
    shown = rows[[name for name in names if name in stated]]
    shares = [name for name in shown if name in FRACTIONS]
    shown = shown.assign(**{name: 100 * shown[name] for name in shares})

    def clicked() -> None:
        open_drawer(rows["id"].iloc[st.session_state["details"]["row"]])

    st.dataframe(
        shown.assign(details="Details"), hide_index=True, alt="Models shown",
        key="listing",
        column_config={
            "details": st.column_config.ButtonColumn(
                "", key="details", on_click=clicked, type="tertiary", pinned=True
            ),
            "name": st.column_config.TextColumn(
                "Model", pinned=True, help=column("name").description
            ),
            **described(shown.drop(columns="name")),
            **{name: _number(name) for name in shown if name in LABELS},
        },
    )  # fmt: skip


def _number(name: str):
    label, text = LABELS[name], column(name).description
    if name in FRACTIONS:
        return st.column_config.NumberColumn(f"{label} (%)", help=text, format="%.3f")
    form = FORMATS.get(name, "%.4g")
    return st.column_config.NumberColumn(label, help=text, format=form)


def compare(every: pd.DataFrame) -> None:
    """Put two to six models side by side."""
    st.subheader("Compare")
    ids = st.multiselect(
        "Models to compare", list(every["id"]), key="compare", bind="query-params",
        max_selections=MOST_COMPARED,
        placeholder="Two to six models",
        help="Puts everything that is known of them side by side.",
    )  # fmt: skip
    if len(ids) < 2:
        empty_state("Choose two to six models here, in the chart or in the table.")
        return
    only = st.toggle(
        "Differences only", value=True, key="diff", bind="query-params",
        help="Leaves out what all of them have alike.",
    )  # fmt: skip
    chosen = every.set_index("id").loc[ids]
    names = list(chosen["name"])
    rows = differences(chosen) if only else chosen[stated_columns(chosen)]
    wide = written_rows(rows.drop(columns="name", errors="ignore")).T
    wide.columns = names
    st.dataframe(wide, alt="Comparison of models", height="content")
    stated = set(stated_columns(chosen))
    table_row(
        chosen[[name for name in SHOWN if name in stated]], name="compared-models",
        caption=_provenance(chosen), key="compare-export",
    )  # fmt: skip


def _provenance(rows: pd.DataFrame) -> str:
    """Say where rows come from, and when they were read."""
    sources = rows[["source", "revision", "fetched_at"]].drop_duplicates()
    told = [
        f"{source} {revision}".strip() + f", read {str(moment)[:10]}"
        for source, revision, moment in sources.itertuples(index=False)
    ]
    return f"Models compared. {'; '.join(told)}."
