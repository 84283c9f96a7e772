"""The app for the web server: Streamlit's, with pages of charts that start earlier.

Streamlit's page learns only from the running script that it needs the chart library,
and running its 4.7 MB takes half a second then. These pages ask for it at once, while
the script of the page still runs.
"""

from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from core.settings import PROJECT_ROOT

STATIC = Path(st.__file__).parent / "static"
LIBRARIES = ("PlotlyChart", "DataFrame")
"""What a page of charts and tables needs, by the start of Streamlit's file names."""

CHARTED = ("models", "derived", "zero_shot", "transfer", "snapshots")
UNKEPT = {"Cache-Control": "no-cache"}


def with_libraries(index: str, scripts: Path) -> str:
    """Return Streamlit's page with its chart and table libraries as modules.

    A library that another version of Streamlit does not have is left out.

    >>> with_libraries("<head></head>", Path("nowhere"))
    '<head></head>'
    """
    files = [file for name in LIBRARIES for file in scripts.glob(f"{name}.*.js")]
    tags = "".join(
        f'<script type="module" crossorigin src="./static/js/{file.name}"></script>'
        for file in files
    )
    return index.replace("</head>", f"{tags}</head>", 1)


def page(request: Request) -> HTMLResponse:
    """Answer the address of a page of charts."""
    index = (STATIC / "index.html").read_text(encoding="utf-8")
    return HTMLResponse(with_libraries(index, STATIC / "static/js"), headers=UNKEPT)


app = st.App(
    PROJECT_ROOT / "app.py", routes=[Route(f"/{name}", page) for name in CHARTED]
)
