"""The frame of every page: its settings, the navigation, and the one error boundary."""

import gc
import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from core.errors import PedigreeError, UsageError
from core.settings import load_settings
from core.ui.loaders import jobs
from core.ui.states import error_state, unexpected_state
from core.upkeep.log import keep_log

INK_SHARE = 0.8
STYLE = (
    "<style>"
    "@media (max-width: 640px) {.js-plotly-plot .textpoint {display: none}}"
    ".js-plotly-plot :is(.xtick, .ytick, .cbaxis) text,"
    ".js-plotly-plot :is(.xtitle, .ytitle, .cbtitle),"
    ".js-plotly-plot .textpoint text[style*='rgb(128, 132, 149)']"
    f"{{fill: currentColor !important; fill-opacity: {INK_SHARE} !important}}"
    ":is([data-testid$=segmented_controlActive], [data-testid$=pillsActive])"
    "{color: inherit !important}"
    "[class*=st-key-pictured-] {display: grid; grid-template-columns: minmax(0, 1fr)}"
    "[class*=st-key-pictured-] > * {grid-area: 1 / 1; width: 100%}"
    "[class*=st-key-pictured-] [data-testid=stSkeleton] {visibility: hidden}"
    ".first-picture {pointer-events: none}"
    ".first-picture img {width: 100%; max-width: none}"
    "[class*=st-key-pictured-]:has(.js-plotly-plot .main-svg)"
    " .first-picture {display: none}"
    "</style>"
)
"""On a phone the labels of points would lie on each other; a tap still names them.
Texts in charts take the page's ink: Streamlit's grey has contrast 3.8 on white; so does
a chosen answer, whose blue has 4.0 on black. The first picture of a chart lies in its
place until the chart is drawn.
"""

TEXTS = frozenset({"search", "word"})
"""Parameters that may well say "inf"."""

ICON = Path(__file__).with_name("icon.png")

log = logging.getLogger("pedigree.pages")


class Page(NamedTuple):
    """One entry of the navigation."""

    script: str
    label: str
    icon: str
    question: str


PAGES = (
    Page("app.py", "Overview", ":material/home:", ""),
    Page(
        "pages/models.py", "Models", ":material/scatter_plot:",
        "Which published model gives the accuracy I need at the cost I can pay?",
    ),
    Page(
        "pages/derived.py", "Derived models", ":material/account_tree:",
        "What was made out of this base model, and which layers were really trained?",
    ),
    Page(
        "pages/zero_shot.py", "Zero-shot", ":material/image_search:",
        "Which model recognizes any label, installs, and runs on my machine?",
    ),
    Page(
        "pages/transfer.py", "Transfer", ":material/swap_calls:",
        "Which base will transfer best to my dataset, and how sure is that?",
    ),
    Page(
        "pages/snapshots.py", "Snapshots", ":material/photo_library:",
        "How do I make, store, search and share snapshots whose lineage is known?",
    ),
    Page("pages/jobs.py", "Jobs", ":material/progress_activity:",
         "What is running, what does the cache hold, and what is installed here?"),
    Page("pages/glossary.py", "Glossary", ":material/menu_book:",
         "What does each word and number mean, and where does it come from?"),
)  # fmt: skip


@contextmanager
def frame(title: str, *, lead: str = "") -> Iterator[None]:
    """Draw the frame, then the page's own body, whose errors become one sentence."""
    st.set_page_config(
        page_title=f"{title} · Pedigree", page_icon=str(ICON), layout="wide"
    )
    _keep_what_is_imported()
    with suppress(PedigreeError):  # the page says what is wrong with the settings
        keep_log(load_settings().cache_root)
    st.html(STYLE)
    _navigation()
    st.title(title)
    if lead:
        st.markdown(lead)
    if impossible := _impossible_number():
        error_state(impossible)
        st.stop()
    try:
        yield
    except PedigreeError as error:
        log.warning("%s: %s", title, error)
        error_state(error)
    except Exception as error:
        log.exception("%s failed", title)
        unexpected_state(error)


def _impossible_number() -> UsageError | None:
    """Return what is wrong with an endless number in the address: Streamlit 1.67 fails
    on it where a widget counts.
    """
    for name, value in st.query_params.items():
        with suppress(ValueError):
            if name not in TEXTS and math.isinf(float(value)):
                happened = f"gives {value[:40]!r} as {name[:40]!r}"
                return UsageError("The address", happened, "take it out")
    return None


@st.cache_resource(show_spinner=False)
def _keep_what_is_imported() -> None:
    """Take the imported modules out of garbage collection, once.

    Streamlit collects all garbage after every run of a script; walking through the
    modules each time takes longer than most pages.
    """
    gc.collect()
    gc.freeze()


def _navigation() -> None:
    with st.sidebar:
        st.subheader("Pedigree", anchor=False)
        for page in PAGES:
            st.page_link(page.script, label=page.label, icon=page.icon)
        running = [job for job in jobs().all() if job.is_running]
        if running:
            st.caption(f":material/sync: {len(running)} running")
