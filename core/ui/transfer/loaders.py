"""What the Transfer page loads, remembered until a file of it changes, and its jobs."""

import pandas as pd
import streamlit as st

from core.demo.records import (
    demo_backbones,
    has_records,
    read_demo,
    read_held_out,
    records_root,
)
from core.jobs import Job
from core.settings import load_settings
from core.transfer.agreement import Agreement, agreement
from core.transfer.evaluate import Evaluation, evaluate
from core.transfer.own_records import OwnRecords, join_records
from core.transfer.records import Records
from core.ui.job_panel import job_panel
from core.ui.loaders import changed_at, jobs
from core.ui.states import empty_state, note
from core.ui.verb_job import run_verb

DEMO = "demo-records"
OWN = "own_records"


def demo_records() -> tuple[Records, pd.DataFrame] | None:
    """Return the demo's records and scores, or None where they are not made."""
    if not has_records(load_settings()):
        return None
    return _demo(str(load_settings().cache_root), _stamp())


def demo_agreement() -> Agreement:
    """Return how everything that ranks does on the demo's held-out tasks."""
    return _agreement(str(load_settings().cache_root), _stamp())


def chosen_records() -> Records | None:
    """Return the demo's records, a person's own, or both, as the page says."""
    own: OwnRecords | None = st.session_state.get(OWN)
    demo = demo_records()
    if own is None:
        return demo[0] if demo else None
    if demo is None or not st.session_state.get("with_demo", False):
        return own.records
    return join_records(demo[0], own.records)


def demo_panel() -> None:
    """Offer to make the demo's records, or show how far they are."""
    job = jobs().get(DEMO)
    if job is None or not job.is_running:
        empty_state(
            "The demo's records are not made yet: eight small backbones, trained here "
            "on scikit-learn's digits, and a head really trained for each of 22 tasks. "
            "It takes about a minute, once; other pages work meanwhile."
        )
        st.button(
            "Make the demo's records", type="primary", icon=":material/play_arrow:",
            on_click=_start_demo,
        )  # fmt: skip
    job_panel(DEMO)


def source_note() -> None:
    """Say what the demo's records have in place of an accuracy on ImageNet."""
    if st.session_state.get(OWN) is None or st.session_state.get("with_demo"):
        note(
            "The demo's backbones never saw ImageNet: what stands for their ImageNet "
            "accuracy is the accuracy on the question each of them learned first."
        )


def backbone_choices() -> dict[str, str]:
    """Return what can be scored at once: {what is shown: what is loaded}."""
    demo = {f"demo: {f.name}": str(f) for f in demo_backbones(load_settings())}
    return demo | {
        name: name
        for name in ("torchvision/resnet18", "torchvision/resnet50",
                     "torchvision/mobilenet_v3_small", "torchvision/vit_b_16")
    }  # fmt: skip


def start_evaluation(key: str, records: Records, splits: list[str]) -> None:
    """Start holding predictors against records, split by split."""
    kept = load_settings().cache_root / "transfer" / "evaluations"

    def work(job: Job) -> Evaluation:
        return evaluate(
            records, splits=splits, kept=kept, workers=1, progress=job.report
        )

    jobs().start(key, "Evaluating predictors", work)


def start_scoring(key: str, folder: str, backbones: list[str]) -> None:
    """Start scoring backbones on a folder, in a process of its own."""
    named = [f"--backbone={name}" for name in backbones]

    def work(job: Job) -> None:
        run_verb(job, "features", *named, "--", folder)

    jobs().start(key, "Scoring backbones", work)


def _start_demo() -> None:
    jobs().start(DEMO, "Demo records", lambda job: run_verb(job, "demo", "--records"))


def _stamp() -> int:
    return changed_at(records_root(load_settings()))


@st.cache_resource(show_spinner="Reading the records", max_entries=2)
def _demo(root: str, stamp: int) -> tuple[Records, pd.DataFrame]:
    return read_demo(load_settings())


@st.cache_resource(show_spinner="Comparing the rankers", max_entries=2)
def _agreement(root: str, stamp: int) -> Agreement:
    records, scores = read_demo(load_settings())
    cells = read_held_out(load_settings())
    return agreement(records, cells, scores, source="Accuracy on its first question")
