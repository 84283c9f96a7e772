"""Streamlit with what the first page needs already there when it starts to answer.

Imports and the reading of the installed tables take longer than drawing the page; here
they are over before anyone can ask for it.
"""

import importlib
import logging
import sys

from core.errors import PedigreeError
from core.settings import load_settings

FIRST_PAGE = (
    "pandas", "plotly.graph_objects", "pyarrow.parquet", "core.charts.accuracy",
    "core.charts.export", "core.tables.catalog",
)  # fmt: skip

log = logging.getLogger("pedigree")


def preload() -> None:
    """Import what the first page draws with, and read the tables that it shows."""
    for name in FIRST_PAGE:
        importlib.import_module(name)
    from core.tables.catalog import load_all

    try:
        load_all(load_settings())
    except PedigreeError as error:
        log.warning("the tables could not be read: %s", error)


def main() -> None:
    """Preload, then run Streamlit with the options given."""
    preload()
    from streamlit.web import cli

    sys.argv = ["streamlit", "run", "app.py", *sys.argv[1:]]
    cli.main()


if __name__ == "__main__":
    main()
