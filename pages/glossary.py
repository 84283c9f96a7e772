"""The words and numbers of Pedigree, each with its definition and source."""

import streamlit as st

from core.derived.glossary import FLAGS, KINDS, METRICS, REASONS, WORDS
from core.tables.schema import COLUMNS
from core.ui.frame import frame


def section(title: str, rows: list[tuple[str, str]], first: str) -> None:
    """Show one list of words as a table that can be searched."""
    st.subheader(title)
    st.dataframe(
        {first: [word for word, _ in rows], "Meaning": [text for _, text in rows]},
        hide_index=True, alt=title, row_height=56, height="content",
        column_config={"Meaning": st.column_config.TextColumn(width="large")},
    )  # fmt: skip


with frame(
    "Glossary", lead="One word for one thing, on every page and in every export."
):
    section("Words", WORDS, "Word")
    section("Freeze patterns", KINDS, "Pattern")
    section("Flags", FLAGS, "Flag")
    section("Why a model could not be compared", REASONS, "Reason")
    section("Distances between two tensors", METRICS, "Metric")
    section(
        "Columns of the model tables",
        [
            (c.name, f"{c.description} ({c.unit})" if c.unit else c.description)
            for c in COLUMNS
        ],
        "Column",
    )
