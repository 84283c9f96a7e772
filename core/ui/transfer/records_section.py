"""Training records: a matrix to sort and cluster, details of a cell, own records."""

import pandas as pd
import streamlit as st

from core.charts.transfer_matrix import records_matrix
from core.errors import UsageError
from core.glossary import ERRORS
from core.transfer.glossary import COLUMNS as TRANSFER
from core.transfer.glossary import WORDS
from core.transfer.matrix import cell_table, ordered_matrix
from core.transfer.own_records import OwnRecords, read_own_records
from core.ui.chart import chart
from core.ui.columns import described
from core.ui.export_row import export_row
from core.ui.states import error_state, note
from core.ui.text import literal, plural
from core.ui.transfer.loaders import OWN, chosen_records, demo_panel, demo_records
from core.ui.transfer.truth_section import SOURCE

ORDERS = ["accuracy", "cluster", "name", "file"]
PREVIEWED = 5
MAX_UPLOAD_MB = 20


def records_section() -> None:
    """Show which accuracy each model reached on each task."""
    _own_records()
    records = chosen_records()
    if records is None:
        demo_panel()
        return
    known = int(records.is_known.sum())
    st.markdown(
        f"**{plural(known, 'record')}** of {plural(len(records.models), 'model')} on "
        f"{plural(len(records.tasks), 'task')}"
    )
    for sentence in records.mended:
        note(sentence)
    left, right = st.columns(2)
    models = left.selectbox(
        "Models by", ORDERS, key="models_by", bind="query-params",
        help="accuracy compares models on the tasks they share; cluster puts alike "
        "next to alike by what both means leave.",
    )  # fmt: skip
    tasks = right.selectbox(
        "Tasks by", ORDERS, key="tasks_by", bind="query-params",
        help="The order of the columns, as of the rows beside.",
    )  # fmt: skip
    matrix = ordered_matrix(records, models=models, tasks=tasks)
    chart(
        records_matrix(matrix), key="matrix", height=190 + 22 * min(len(matrix), 60),
        alt=f"Accuracy of {len(matrix)} models on {matrix.shape[1]} tasks",
    )  # fmt: skip
    caption = SOURCE if st.session_state.get(OWN) is None else "Own training records."
    export_row(
        lambda: records_matrix(matrix), matrix.rename_axis("model").reset_index(),
        name="records", caption=caption, key="matrix-export",
    )  # fmt: skip
    with st.expander("Every record with its details"):
        _details(cell_table(records))


def _details(cells: pd.DataFrame) -> None:
    st.dataframe(
        cells, hide_index=True, alt="Every record", placeholder="–",
        column_config=described(cells, TRANSFER, WORDS, pinned="model"),
    )  # fmt: skip


def _own_records() -> None:
    """Ask for a CSV file, show what was read of it and what is wrong, by row."""
    with st.expander("Your own records", icon=":material/upload_file:"):
        file = st.file_uploader(
            "A CSV file with a row a model and task", type=["csv", "tsv", "txt"],
            max_upload_size=MAX_UPLOAD_MB, key="records_file",
            help="It needs a model, a task and an accuracy; parameters, domain, "
            "classes, samples and labels help. The file stays in this session.",
        )  # fmt: skip
        if file is not None:
            _read(file.getvalue())
        own = st.session_state.get(OWN)
        if own is None:
            return
        _preview(own)
        if file is None:
            st.button("Forget these records", on_click=_forget)
        if demo_records() is not None:
            st.toggle("Together with the demo's records", key="with_demo",
                      persist_state="session",
                      help="Off: your records alone.")  # fmt: skip


def _read(content: bytes) -> None:
    """Keep a file's records for this session, or say why it cannot be read."""
    try:
        st.session_state[OWN] = read_own_records(content)
    except UsageError as error:
        _forget()
        error_state(error)


def _forget() -> None:
    st.session_state.pop(OWN, None)


def _preview(own: OwnRecords) -> None:
    first = own.rows.head(PREVIEWED).dropna(axis=1, how="all")
    st.dataframe(
        first,
        hide_index=True,
        alt="The first rows as they were read",
        column_config=described(first, ERRORS, TRANSFER, WORDS),
    )
    if own.percent:
        st.caption(f"Read as percent: {literal(', '.join(own.percent))}.")
    if len(own.errors):
        st.warning(
            f"{plural(len(own.errors), 'cell')} could not be used.",
            icon=":material/warning:",
        )
        st.dataframe(
            own.errors,
            hide_index=True,
            alt="What is wrong, by row",
            column_config=described(own.errors, ERRORS),
        )
