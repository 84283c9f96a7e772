"""The sources of the tables: what is here, a refresh as a job, what it changed.

Nothing is fetched before a click.
"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.glossary import SHARED
from core.jobs import Job
from core.settings import load_settings
from core.tables.acceptance import REMEDY
from core.tables.catalog import SourceState, list_sources
from core.tables.history import history
from core.tables.refresh import refresh
from core.tables.update import Refresh
from core.ui.columns import described
from core.ui.job_panel import job_panel
from core.ui.loaders import jobs
from core.ui.states import empty_state, error_text, note
from core.ui.text import literal, plural

JOB = "tables-refresh"
MOST_SHOWN = 1000


def sources_panel() -> None:
    """Show every source with its state, its refresh and its history."""
    panel = st.expander(
        "Sources", icon=":material/database:", key="sources", bind="query-params",
        on_change="rerun",
    )  # fmt: skip
    if not panel.open and not _is_running():
        return
    with panel:
        states = list_sources(load_settings())
        _state_table(states)
        _refresh_row(states)
        job = job_panel(JOB)
        if job is not None and job.state == "done":
            _outcome(job.result)
        _refused(states)
        _history()


def _is_running() -> bool:
    job = jobs().get(JOB)
    return job is not None and job.is_running


def _state_table(states: Sequence[SourceState]) -> None:
    rows = pd.DataFrame(
        {
            "source": [state.title for state in states],
            "rows": [state.rows for state in states],
            "read": [state.fetched_at or "never" for state in states],
            "looked at": [state.checked_at or "never" for state in states],
            "note": [state.note or _absence(state) for state in states],
            "command": [state.how for state in states],
        }
    )
    st.dataframe(
        rows, hide_index=True, alt=f"{len(rows)} sources of the tables",
        key="source-states", column_config=described(rows, SHARED),
    )  # fmt: skip


def _absence(state: SourceState) -> str:
    if state.rows and not state.is_fetched:
        return "From the installed package; the documentation page was not read yet."
    return "" if state.rows else "Not here yet; refresh to fetch it."


def _refresh_row(states: Sequence[SourceState]) -> None:
    titles = {state.name: state.title for state in states}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = st.multiselect(
            "Refresh", list(titles), format_func=titles.get, key="refresh-sources",
            placeholder="All sources", width=420,
            help="Which sources are asked for news.",
        )  # fmt: skip
        st.button(
            "Refresh", icon=":material/sync:", type="primary", on_click=start_refresh,
            args=(names,), disabled=_is_running(), key="refresh",
            help="Asks each source whether it has changed, and fetches only then.",
        )  # fmt: skip


def start_refresh(names: Sequence[str] = (), accept: bool = False) -> None:
    """Start the refresh of these sources, or of all, in the background."""
    settings = load_settings()

    def work(job: Job) -> list[Refresh]:
        return refresh(
            names, settings, accept=accept, progress=job.report,
            cancelled=lambda: job.is_cancelled,
        )  # fmt: skip

    jobs().start(JOB, "Refresh of the tables", work)


def _outcome(outcomes: Sequence[Refresh]) -> None:
    """Say what came of each source of the last refresh."""
    for one in outcomes:
        if one.state == "failed":
            error_text(f"{one.source}: {' '.join(one.failures)}")
            continue
        said = "not modified" if one.state == "not modified" else one.drift.sentence
        st.markdown(
            f":material/check: **{literal(one.source)}**: {plural(one.rows, 'row')}, "
            f"{literal(said)}."
        )
        for failure in one.failures:
            note(failure)


def _refused(states: Sequence[SourceState]) -> None:
    """Offer to take what was refused because it lost most of its rows."""
    for state in states:
        if REMEDY not in state.note:
            continue
        with st.container(border=True):
            st.warning(literal(state.note), icon=":material/warning:")
            st.button(
                f"Take what {state.title} has now", on_click=start_refresh,
                args=([state.name], True), key=f"accept-{state.name}",
                disabled=_is_running(), icon=":material/done_all:",
                help="The kept copy is replaced by what the source has now.",
            )  # fmt: skip


def _history() -> None:
    """Show what refreshes changed, newest first."""
    st.markdown("**What refreshes changed**")
    changes = history(load_settings())
    if changes.empty:
        empty_state("No refresh has changed anything yet.")
        return
    kinds = st.pills(
        "Changes", list(dict.fromkeys(changes["change"])), selection_mode="multi",
        key="changes", label_visibility="collapsed",
        help="What happened to a row: new, changed or gone.",
    )  # fmt: skip
    shown = changes[changes["change"].isin(kinds)] if kinds else changes
    texts = shown.head(MOST_SHOWN).assign(
        old=[_text(value) for value in shown["old"].head(MOST_SHOWN)],
        new=[_text(value) for value in shown["new"].head(MOST_SHOWN)],
    )
    st.dataframe(
        texts, hide_index=True, alt="What refreshes changed", key="history",
        column_config=described(texts, SHARED),
    )  # fmt: skip
    if len(shown) > MOST_SHOWN:
        note(f"The newest {MOST_SHOWN:,} of {len(shown):,} changes.")


def _text(value: object) -> str:
    return "" if value is None else str(value)
