"""What runs and what ran since the app was started."""

import pandas as pd
import streamlit as st

from core.cache import moment_utc
from core.glossary import JOBS
from core.ui.columns import described
from core.ui.job_panel import job_panel
from core.ui.loaders import jobs
from core.ui.states import empty_state
from core.ui.text import duration


def running_section() -> None:
    """Show the panel of every job that runs."""
    current = [job for job in jobs().all() if job.is_running]
    if not current:
        empty_state("Nothing is running. Long work started on any page shows up here.")
    for job in current:
        job_panel(job.key)


def ended_section() -> None:
    """Show every job that has ended since the app was started."""
    past = [job for job in jobs().all() if not job.is_running]
    if not past:
        return
    st.subheader("Ended since the app was started")
    rows = pd.DataFrame({
        "job": [job.title for job in past],
        "outcome": [job.state for job in past],
        "took": [duration(job.elapsed_seconds) for job in past],
        "started": [moment_utc(job.started) for job in past],
        "why": [job.error for job in past],
    })  # fmt: skip
    st.dataframe(
        rows,
        hide_index=True,
        alt=f"{len(past)} ended jobs",
        column_config=described(rows, JOBS, pinned="job"),
    )
