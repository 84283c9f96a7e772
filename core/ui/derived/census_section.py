"""The census on a page: what a published study found for 33 bases, next to what is
found here, and the one job that compares them.
"""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.charts.census import census_shares
from core.derived.census import STANDINGS, Census
from core.derived.census_run import CensusRun, compare_census, stored_census
from core.derived.census_study import published_study
from core.derived.columns_glossary import CENSUS, MODELS, SHARES
from core.derived.family import results_folder
from core.jobs import Job
from core.settings import load_settings
from core.ui.chart import chart
from core.ui.columns import described
from core.ui.derived.study_files import study_files
from core.ui.export_row import export_row
from core.ui.job_panel import job_panel
from core.ui.loaders import changed_at, jobs
from core.ui.states import error_text, note
from core.ui.text import plural

JOB = "census"
FINDINGS = [
    "base", "standing", "finding", "patterns", "published", "expected", "of", "found",
    "compared", "correction", "why", "compared_at",
]  # fmt: skip
BASES = [
    "base", "task", "crawled", "lost", "of", "listed", "compared", "failed", "waiting",
    "patterns", "failures",
]  # fmt: skip


def census_section() -> None:
    """Show the study's findings next to ours, and offer to compare its bases."""
    known = _known()
    st.markdown(
        f"What [a published study]({known.study.url}) read off the models made from "
        f"{plural(len(known.study.bases), 'base')} by hand, finding by finding, next "
        "to what their weights say here."
    )
    _standings(known)
    _compare_panel(known)
    _tables(known, _chosen(known))
    study_files()


def _known() -> Census:
    settings = load_settings()
    folders = [results_folder(b.base, settings) for b in published_study().bases]
    hub = settings.cache_root / "hub"
    stamp = tuple(changed_at(folder) for folder in (hub, *folders))
    return _stored(str(settings.cache_root), stamp)


@st.cache_resource(show_spinner="Reading the comparisons", max_entries=2, ttl=300)
def _stored(root: str, stamp: tuple[int, ...]) -> Census:
    return stored_census(load_settings())


def _standings(known: Census) -> None:
    with st.container(horizontal=True):
        for standing, count in known.standings.items():
            st.metric(
                standing.capitalize(), count, width="content", border=True,
                help=STANDINGS[standing],
            )  # fmt: skip
    note(
        f"Facts of {known.study.citation}, in our words. It read only models listed as "
        "fine-tuned, and so does this table. A count of “the rest” is what "
        "its list leaves when the other findings are taken off."
    )


def _compare_panel(known: Census) -> None:
    """Offer to compare the families of some bases, or of all, in one job."""
    names = [base.base for base in known.study.bases]
    waiting = known.bases[known.bases["compared"].eq(0) | known.bases["waiting"].gt(0)]
    with st.expander(
        f"Compare the bases: {len(waiting)} of {len(names)} are not done yet",
        icon=":material/compare_arrows:", key="census-panel",
    ):  # fmt: skip
        bases = st.multiselect(
            "Bases", names, key="census_bases", bind="query-params",
            placeholder="all of them",
            help="Bases whose families are compared; finished ones cost nothing.",
        )  # fmt: skip
        st.caption(
            "Asks the Hub which models were made from each base. The weights of a base "
            "are read once in full, those of a model in small parts. Stopped, the job "
            "goes on where it was; a base that cannot be had does not stop the others."
        )
        st.button(
            f"Compare {plural(len(bases) or len(names), 'base')}", type="primary",
            icon=":material/play_arrow:", on_click=start_census, args=(tuple(bases),),
        )  # fmt: skip
    job = job_panel(JOB)
    if job and isinstance(job.result, CensusRun):
        _failures(job.result.failures)


def _failures(failures: Mapping[str, str]) -> None:
    for sentence in failures.values():
        error_text(sentence)


def start_census(bases: tuple[str, ...]) -> None:
    """Start comparing the families of these bases, of all where none is named."""
    settings = load_settings()

    def work(job: Job) -> CensusRun:
        return compare_census(
            settings, bases, progress=job.report,
            cancelled=lambda: job.is_cancelled, paused=lambda: job.is_paused,
        )  # fmt: skip

    title = f"Census of {plural(len(bases) or len(published_study().bases), 'base')}"
    jobs().start(JOB, title, work, can_pause=True)


def _chosen(known: Census) -> pd.DataFrame:
    standings = st.pills(
        "Standing", [name for name, n in known.standings.items() if n],
        selection_mode="multi", key="standing", bind="query-params",
        help="  \n".join(f"**{name}**: {text}" for name, text in STANDINGS.items()),
    )  # fmt: skip
    rows = known.findings
    return rows[rows["standing"].isin(standings)] if standings else rows


def _tables(known: Census, rows: pd.DataFrame) -> None:
    st.dataframe(
        rows[FINDINGS], hide_index=True, key="census-findings", placeholder="–",
        alt=f"{len(rows)} findings of the study, next to ours", 
        column_config=described(rows[FINDINGS], CENSUS, SHARES, MODELS, pinned="base"),
    )  # fmt: skip
    checked = rows.dropna(subset=["share"])
    if not checked.empty:
        figure = census_shares(rows)
        chart(
            figure, key="census-chart", height=figure.layout.height,
            alt=f"Shares of the study and ours for {len(checked)} findings",
        )  # fmt: skip
    export_row(
        lambda: census_shares(rows), rows, name="census",
        caption=f"Findings of {known.study.citation}, next to those of Pedigree.",
        key="census-export",
    )  # fmt: skip
    st.subheader("Base by base")
    bases = known.bases[known.bases["base"].isin(rows["base"])]
    st.dataframe(
        bases[BASES], hide_index=True, key="census-by-base", placeholder="–",
        alt=f"What was listed for {len(bases)} bases, then and now",
        column_config=described(bases[BASES], CENSUS, SHARES, pinned="base"),
    )  # fmt: skip
