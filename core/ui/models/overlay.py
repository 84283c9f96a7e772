"""A person's own results, read from a CSV file, to be drawn over the published ones.

The file stays in the session; it is neither stored nor sent on.
"""

import pandas as pd
import streamlit as st

from core.errors import UsageError
from core.glossary import ERRORS
from core.tables.own_csv import MAX_BYTES
from core.tables.own_results import (
    OFFERED,
    propose_mapping,
    read_header,
    read_own_results,
)
from core.tables.schema import column
from core.tables.selection import stated_columns
from core.ui.columns import described
from core.ui.states import empty_state, error_state
from core.ui.text import literal, plural
from core.ui.written import written_rows

NOT_IN_FILE = "not in the file"
PER_ROW = 3
PREVIEWED = 5
NOT_PREVIEWED = {
    "table", "task", "id", "weight", "metric", "source", "fetched_at",
}  # fmt: skip


def own_results() -> pd.DataFrame | None:
    """Ask for a CSV file and how it is read; None without one that can be read."""
    with st.expander("Your results over the chart", icon=":material/upload_file:"):
        file = st.file_uploader(
            "A CSV file with a row a model", type=["csv", "tsv", "txt"],
            max_upload_size=MAX_BYTES // 2**20, key="own",
            help="It needs a name and an accuracy; other columns are proposed. "
            "The file stays in this session.",
        )  # fmt: skip
        if file is None:
            return None
        content = file.getvalue()
        try:
            mapping = _choose_mapping(read_header(content))
            found = read_own_results(content, mapping)
        except UsageError as error:
            error_state(error)
            return None
        _preview(found.models, found.percent)
        if len(found.errors):
            st.warning(
                f"{plural(len(found.errors), 'cell')} could not be used.",
                icon=":material/warning:",
            )
            st.dataframe(
                found.errors,
                hide_index=True,
                alt="What could not be read, by row",
                column_config=described(found.errors, ERRORS),
            )
    return None if found.models.empty else found.models


def _choose_mapping(header: list[str]) -> dict[str, str]:
    """Propose which column of the file is which; a person may say otherwise."""
    proposed = propose_mapping(header)
    choices = [NOT_IN_FILE, *dict.fromkeys(header)]
    mapping = {}
    for start in range(0, len(OFFERED), PER_ROW):
        places = st.columns(PER_ROW)
        for place, name in zip(places, OFFERED[start : start + PER_ROW], strict=False):
            chosen = place.selectbox(
                name.replace("_", " ").capitalize(), choices, key=f"own-{name}",
                index=choices.index(proposed.get(name, NOT_IN_FILE)),
                help=column(name).description,
            )  # fmt: skip
            if chosen != NOT_IN_FILE:
                mapping[name] = chosen
    return mapping


def _preview(models: pd.DataFrame, percent: tuple[str, ...]) -> None:
    """Show the first rows as they were understood."""
    if models.empty:
        empty_state("No row of the file can be drawn.")
        return
    said = f"{plural(len(models), 'model')} read"
    if percent:
        said += f"; {', '.join(percent)} understood as percent"
    st.caption(literal(f"{said}. The first rows, as understood:"))
    shown = [name for name in stated_columns(models) if name not in NOT_PREVIEWED]
    first = written_rows(models[shown].head(PREVIEWED))
    st.dataframe(
        first,
        hide_index=True,
        alt="Your results as understood",
        column_config=described(first),
    )
