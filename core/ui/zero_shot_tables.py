"""A table on the Zero-shot page, with its rows as files under it."""

import pandas as pd
import streamlit as st

from core.charts.export import MIME, file_name, table_bytes
from core.ui.export_row import TABLE_LABELS, TABLES

ARCHIVED = "archived"


def exported_table(
    rows: pd.DataFrame, *, name: str, caption: str, key: str, alt: str, **options
) -> None:
    """Show `rows` and offer them as CSV, Parquet and LaTeX.

    Lists become text. `caption` says source and date; `options` go to st.dataframe.
    """
    plain = rows.map(lambda one: "; ".join(one) if isinstance(one, tuple) else one)
    st.dataframe(plain, hide_index=True, alt=alt, placeholder="–", **options)
    with st.container(horizontal=True, key=f"{key}-row"):
        for kind, text in TABLES.items():
            st.download_button(
                TABLE_LABELS[kind],
                data=lambda kind=kind: table_bytes(
                    plain, kind, caption=caption, label=name
                ),
                file_name=file_name(name, kind), mime=MIME[kind], on_click="ignore",
                key=f"{key}-{kind}", help=text, icon=":material/table:",
            )  # fmt: skip


def links_table(links: pd.DataFrame, *, name: str, key: str, about: bool) -> None:
    """List links with their states; one that is archived cannot be clicked."""
    dead = links["state"] == ARCHIVED
    shown = pd.DataFrame(
        {
            "open": links["url"].where(~dead, None),
            "role": links["role"],
            "state": links["state"],
            "since": links["state_since"],
            "address": links["url"],
            "note": links["note"].where(links["note"] != "", links["state_note"]),
        }
    )
    if about:
        shown.insert(1, "about", links["owners"])
    exported_table(
        shown, name=name, key=key, alt="Links and their states", height="auto",
        caption="Links of the survey of 2024-07-30; states as known, none was visited.",
        column_config={
            "open": st.column_config.LinkColumn("Open", display_text="open", width=70),
            "about": "Named by", "role": "Role", "state": "State", "since": "Since",
            "address": "Address", "note": "Note",
        },
    )  # fmt: skip
