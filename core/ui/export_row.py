"""The row of exports under every chart: the figure for a paper, its rows as a table."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from core.charts.export import MIME, figure_bytes, file_name, table_bytes
from core.charts.renderer import find_browser
from core.ui.loaders import renderer

COLUMNS = {"single": "3.25 in", "double": "6.75 in"}
FIGURES = {
    "svg": "Vector figure for the web and for slides",
    "pdf": "Vector figure with selectable text for LaTeX",
    "png": "300 dpi picture",
    "html": "Interactive figure in one file",
}
TABLES = {
    "csv": "The rows shown, for a spreadsheet",
    "parquet": "The rows shown, with their types",
    "latex": "The rows shown, as a booktabs table with its caption",
}
TABLE_LABELS = {"csv": "CSV", "parquet": "Parquet", "latex": "LaTeX"}
NO_BROWSER = (
    "SVG, PDF and PNG need a Chromium: on Debian `apt-get install chromium "
    "fonts-liberation`, elsewhere install Chrome, or set BROWSER_PATH; then reload."
)


def export_row(
    figure: Callable[[], object],
    rows: pd.DataFrame | Callable[[], pd.DataFrame],
    *,
    name: str,
    caption: str,
    key: str,
) -> None:
    """Offer the figure and its rows as files; nothing is drawn before the click.

    `figure()` returns the figure as it should be printed, and `rows`, where it is a
    function, the rows. `name` is the stem of the
    file names, `caption` goes into the LaTeX table: it says source and date.
    """
    has_browser = find_browser() is not None
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"{key}-row"):
        column = st.segmented_control(
            "Column or page", list(COLUMNS), format_func=COLUMNS.get, required=True,
            default="single", key=f"{key}-column", persist_state="session",
            help="One column, or both, of a two-column paper. Included unscaled, its "
            "text has 8 pt.",
        )  # fmt: skip
        for kind, text in FIGURES.items():
            st.download_button(
                kind.upper(),
                data=lambda kind=kind: figure_bytes(
                    figure(), kind, column=column or "single", renderer=renderer()
                ),
                file_name=file_name(name, kind), mime=MIME[kind], on_click="ignore",
                key=f"{key}-{kind}", help=text, icon=":material/download:",
                disabled=kind != "html" and not has_browser,
            )  # fmt: skip
        _table_buttons(rows, name, caption, key)
    if not has_browser:
        st.caption(NO_BROWSER)


def table_row(rows: pd.DataFrame, *, name: str, caption: str, key: str) -> None:
    """Offer rows without a figure of their own as files."""
    with st.container(horizontal=True, key=f"{key}-row"):
        _table_buttons(rows, name, caption, key)


def _table_buttons(
    rows: pd.DataFrame | Callable[[], pd.DataFrame], name: str, caption: str, key: str
) -> None:
    for kind, text in TABLES.items():
        st.download_button(
            TABLE_LABELS[kind],
            data=lambda kind=kind: table_bytes(
                rows() if callable(rows) else rows, kind, caption=caption, label=name
            ),
            file_name=file_name(name, kind), mime=MIME[kind], on_click="ignore",
            key=f"{key}-{kind}", help=text, icon=":material/table:",
        )  # fmt: skip
