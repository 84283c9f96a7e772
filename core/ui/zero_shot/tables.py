"""A table on the Zero-shot page, with its rows as files under it."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.charts.export import MIME, file_name, table_bytes
from core.ui.columns import described
from core.ui.export_row import TABLE_LABELS, TABLES
from core.ui.text import literal
from core.zero_shot.glossary import SURVEY

ARCHIVED = "archived"


def exported_table(
    rows: pd.DataFrame, *, name: str, caption: str, key: str, alt: str, **options
) -> None:
    """Show `rows` and offer them as CSV, Parquet and LaTeX.

    Lists become text. `caption` says source and date; `options` go to st.dataframe.
    """
    plain = rows.map(_joined)
    st.dataframe(plain, hide_index=True, alt=alt, placeholder="–", **options)
    _exports(plain, name, caption, key)


def prose_table(
    rows: pd.DataFrame,
    titles: Mapping[str, str],
    *,
    name: str,
    caption: str,
    key: str,
    alt: str,
) -> None:
    """Show rows of sentences, which wrap, under `titles`; offer them as files."""
    plain = rows.map(_joined)
    shown = plain[list(titles)].map(_cell).rename(columns=titles)
    st.table(shown, hide_index=True, alt=alt, border="horizontal")
    _exports(plain, name, caption, key)


def corrections(rows: pd.DataFrame) -> None:
    """Show corrections beside what they correct."""
    for one in rows.itertuples():
        st.markdown(
            f":material/edit_note: The survey says: {literal(one.survey_says)} "
            f"**Instead: {literal(one.instead)}** ({literal(one.source)}; line "
            f"{one.line:.0f})"
        )


def _joined(value: object) -> object:
    return "; ".join(value) if isinstance(value, tuple) else value


def _cell(value: object) -> str:
    """Write one cell of a table that reads Markdown."""
    if isinstance(value, float):
        return "–" if value != value else f"{value:g}"
    return literal(value) if value != "" else "–"


def _exports(rows: pd.DataFrame, name: str, caption: str, key: str) -> None:
    with st.container(horizontal=True, key=f"{key}-row"):
        for kind, text in TABLES.items():
            st.download_button(
                TABLE_LABELS[kind],
                data=lambda kind=kind: table_bytes(
                    rows, kind, caption=caption, label=name
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
        column_config=described(
            shown, SURVEY,
            open=st.column_config.LinkColumn(
                "Open", display_text="open", width=70, help="Opens the link."
            ),
            since=st.column_config.TextColumn("Since", width=95, help="Since when."),
        ),
    )  # fmt: skip
