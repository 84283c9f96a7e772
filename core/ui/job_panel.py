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
        with st.container(horizontal=True, vertical_alignment="center"):
            state = "paused, " if job.is_paused else ""
            st.caption(f"{state}{duration(job.elapsed_seconds)} so far")
            if job.can_pause:
                st.button(
                    "Go on" if job.is_paused else "Pause", key=f"pause-{job.key}",
                    on_click=job.go_on if job.is_paused else job.pause,
                    icon=":material/pause:", disabled=job.is_cancelled,
                )  # fmt: skip
            st.button(
                "Cancel", key=f"cancel-{job.key}", on_click=job.cancel,
                disabled=job.is_cancelled, icon=":material/cancel:",
            )  # fmt: skip


def _ended(job: Job) -> None:
    if job.state == "failed":
        st.error(literal(job.error), icon=":material/error:")
    elif job.state == "cancelled":
        st.warning(literal(job.error), icon=":material/cancel:")
