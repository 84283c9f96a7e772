"""Starting, watching and retrying the comparison of a family, and making the demo."""

import pandas as pd
import streamlit as st

from core.demo import demo_bases
from core.derived.family import family
from core.hub.client import HubClient
from core.hub.listing import list_derived
from core.jobs import Job
from core.settings import load_settings
from core.ui.derived.family_loaders import Base, base_name
from core.ui.job_panel import job_panel
from core.ui.loaders import jobs
from core.ui.states import empty_state
from core.ui.text import plural
from core.ui.verb_job import run_verb

DEMO = "demo"


def demo_panel() -> None:
    """Offer to make the demo family, or show how far it is."""
    job = jobs().get(DEMO)
    if job is None or not job.is_running:
        empty_state(
            "The demo family is not made yet: two small models, trained here on "
            "scikit-learn's digits, and what is fine-tuned from them. It takes about "
            "half a minute, once; other pages work meanwhile."
        )
        st.button(
            "Make the demo family", type="primary", icon=":material/play_arrow:",
            on_click=start_demo,
        )  # fmt: skip
    job_panel(DEMO)


def demo_is_running() -> bool:
    """Whether the demo family is being made."""
    job = jobs().get(DEMO)
    return job is not None and job.is_running


def start_demo() -> None:
    """Start making and comparing the demo family."""
    jobs().start(DEMO, "Demo family", _make_demo)


def compare_family(base: Base, waiting: int, *, start: bool) -> None:
    """Offer to compare what is not compared yet, or begin at once with `start`."""
    job = jobs().get(_key(base))
    if job is None and start:
        start_family(base)
    elif job is None or not job.is_running:
        st.button(
            f"Compare {plural(waiting, 'model')}", type="primary",
            icon=":material/compare_arrows:", on_click=start_family, args=(base,),
        )  # fmt: skip
    job_panel(_key(base))


def again_buttons(base: Base, failed: pd.Series) -> None:
    """Offer to look for what is new, and to try failed models again by reason."""
    st.button(
        "Compare again", on_click=start_family, args=(base,),
        icon=":material/refresh:",
        help="Lists again and compares what is new or has changed; the rest is kept.",
    )  # fmt: skip
    for reason, count in failed.value_counts().items():
        st.button(
            f"Retry {count} {reason}", on_click=start_family, args=(base,),
            kwargs={"retry": reason}, icon=":material/replay:", key=f"retry-{reason}",
        )  # fmt: skip


def family_panel(base: Base) -> None:
    """Show the job of a family whose models all have a row."""
    job_panel(_key(base))


def start_family(base: Base, **options) -> None:
    """Start comparing a family; `options` are those of `core.derived.family.family`."""
    settings = load_settings()

    def work(job: Job) -> int:
        found = family(
            base, settings, progress=job.report, cancelled=lambda: job.is_cancelled,
            paused=lambda: job.is_paused, **options,
        )  # fmt: skip
        return len(found.results)

    title = f"Family of {base_name(base)}"
    jobs().start(_key(base), title, work, can_pause=True)


def start_listing(base: str, **question) -> None:
    """Start asking the Hub which models were made from a base, and no more."""
    settings = load_settings()

    def work(job: Job) -> int:
        with HubClient(settings) as client:
            listing = list_derived(
                base, client, settings, **question,
                report=lambda n: job.report(0.0, f"Listed {n:,} models"),
            )  # fmt: skip
        return len(listing.models)

    jobs().start(_key(base), f"Listing what was made from {base}", work)


def _make_demo(job: Job) -> None:
    run_verb(job, "demo")
    settings = load_settings()
    for base in demo_bases(settings):
        job.report(1, f"Comparing the family of {base.name}")
        family(base, settings)


def _key(base: Base) -> str:
    return f"family-{base}"
