"""The panel of one job: progress and cancel while it runs, its outcome after that."""

import streamlit as st

from core.jobs import Job
from core.ui.loaders import jobs
from core.ui.text import duration, literal


def job_panel(key: str) -> Job | None:
    """Show the newest job of this key, if there is one; return it.

    While it runs, only the panel is redrawn, once a second; when it ends, the page is
    redrawn once.
    """
    job = jobs().get(key)
    if job is None:
        return None
    if job.is_running:
        st.fragment(_running, run_every=1.0, key=f"job-{key}")(job)
    else:
        _ended(job)
    return job


def _running(job: Job) -> None:
    if not job.is_running:
        st.rerun()
    with st.container(border=True):
        st.progress(job.fraction, literal(f"{job.title}: {job.message}"))
        left, right = st.columns([4, 1], vertical_alignment="center")
        left.caption(f"{duration(job.elapsed_seconds)} so far")
        right.button(
            "Cancel", key=f"cancel-{job.key}", on_click=job.cancel,
            disabled=job.is_cancelled, icon=":material/cancel:",
        )  # fmt: skip


def _ended(job: Job) -> None:
    if job.state == "failed":
        st.error(literal(job.error), icon=":material/error:")
    elif job.state == "cancelled":
        st.warning(literal(job.error), icon=":material/cancel:")
