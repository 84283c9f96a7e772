"""The Export view of a family: everything about it as one zip, made as a job."""

import streamlit as st

from core.charts.archive import family_zip
from core.charts.export import file_name
from core.charts.renderer import find_browser
from core.derived.dossier import origin
from core.derived.family import Family
from core.jobs import Job
from core.settings import load_settings
from core.ui.derived.family_loaders import Base, base_name, family_stamp
from core.ui.export_row import NO_BROWSER
from core.ui.job_panel import job_panel
from core.ui.loaders import jobs, renderer
from core.ui.states import empty_state
from core.ui.text import plural, size


def archive_section(base: Base, family: Family) -> None:
    """Offer to make the archive of a family, then to download it."""
    models = family.models
    compared = int((models["status"] == "ok").sum())
    if not compared:
        empty_state("No model is compared yet, so there is nothing to take along.")
        return
    st.markdown(
        f"Everything known of {plural(len(models), 'model')}, {compared:,} of them "
        "compared, in one zip: every table as CSV and Parquet (tensors as Parquet "
        "alone), every figure as a vector PDF, a README that says from where, when and "
        "on what evidence, a BibTeX entry, and a script with its code that redraws "
        "each figure from the data."
    )
    if find_browser() is None:
        st.caption(NO_BROWSER)
    key = f"archive-{base}-{family_stamp(base)}"
    job = jobs().get(key)
    if job is None or job.state in ("failed", "cancelled"):
        st.button(
            "Make the archive", type="primary", icon=":material/folder_zip:",
            on_click=_start, args=(key, base, family),
        )  # fmt: skip
    job_panel(key)
    if job is not None and job.state == "done":
        st.download_button(
            f"Download the archive ({size(len(job.result))})", data=job.result,
            file_name=file_name(f"family-{base_name(base)}", "zip"), type="primary",
            mime="application/zip", on_click="ignore", icon=":material/download:",
        )  # fmt: skip


def _start(key: str, base: Base, family: Family) -> None:
    settings = load_settings()
    drawing = renderer() if find_browser() else None

    def work(job: Job) -> bytes:
        source = origin(base, settings)
        return family_zip(family, source, drawing, progress=job.report)

    jobs().start(key, f"Archive of {base_name(base)}", work)
