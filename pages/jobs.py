"""What runs and what ran in this process, and what the cache holds."""

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from core.cache import usage
from core.settings import load_settings
from core.ui.frame import frame
from core.ui.job_panel import job_panel
from core.ui.loaders import jobs
from core.ui.states import empty_state
from core.ui.text import duration, size


def running() -> None:
    """Show the panel of every job that runs."""
    current = [job for job in jobs().all() if job.is_running]
    if not current:
        empty_state("Nothing is running. Long work started on any page shows up here.")
    for job in current:
        job_panel(job.key)


def ended() -> None:
    """Show every job that has ended since the app was started."""
    past = [job for job in jobs().all() if not job.is_running]
    if past:
        st.subheader("Ended since the app was started")
        st.dataframe(
            pd.DataFrame(
                {
                    "Job": [job.title for job in past],
                    "Outcome": [job.state for job in past],
                    "Took": [duration(job.elapsed_seconds) for job in past],
                    "Started": [moment(job.started) for job in past],
                    "Why": [job.error for job in past],
                }
            ),
            hide_index=True, alt="Ended jobs",
        )  # fmt: skip


def moment(seconds: float) -> datetime:
    """Turn seconds since 1970 into a moment in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def cache() -> None:
    """Show the disk use of the cache by kind."""
    root = load_settings().cache_root
    st.subheader("Cache")
    st.text(f"{root} (PEDIGREE_CACHE puts it elsewhere)")
    use = usage(root)
    if use:
        st.dataframe(
            pd.DataFrame(
                {
                    "Kind": [kind for kind, _, _ in use],
                    "Files": [files for _, files, _ in use],
                    "Disk": [size(size_bytes) for _, _, size_bytes in use],
                }
            ),
            hide_index=True, alt="Disk use of the cache", width="content",
        )  # fmt: skip


with frame(
    "Jobs", lead="Long work runs in the background and resumes where it stopped."
):
    running()
    ended()
    cache()
