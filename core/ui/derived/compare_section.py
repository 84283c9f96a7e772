"""Any two checkpoints of this machine, compared in the background."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from core.derived.compare import compare_checkpoints
from core.derived.comparisons import succeeded
from core.derived.frames import tensor_rows
from core.derived.named import open_named
from core.derived.verdict import Comparison
from core.jobs import Job
from core.settings import load_settings
from core.ui.derived.tensor_view import tensor_view
from core.ui.job_panel import job_panel
from core.ui.loaders import jobs
from core.ui.states import empty_state
from core.ui.text import literal, size
from core.weights.facts import facts_side_by_side


@dataclass(frozen=True)
class Compared:
    """A comparison, its tensors as a frame, and both headers side by side."""

    comparison: Comparison
    tensors: pd.DataFrame
    headers: pd.DataFrame


def compare_section() -> None:
    """Ask for two checkpoints and show how the second differs from the first."""
    st.caption(
        "Two weight files or model folders on this machine, or owner/name on the Hub: "
        "safetensors, PyTorch .bin (never unpickled), sharded, or GGUF. Nothing is "
        "uploaded; of the Hub's models all weights are read, in ranges."
    )
    left, right = st.columns(2)
    base = _path(left, "Base", "first")
    child = _path(right, "Compared with", "second")
    if not base or not child:
        empty_state(
            "Type the paths of two checkpoints. The link to this page keeps them."
        )
        return
    key = f"compare-{base}-{child}"
    st.button(
        "Compare again", icon=":material/refresh:", on_click=_start,
        args=(key, base, child),
    )  # fmt: skip
    if jobs().get(key) is None:
        _start(key, base, child)
    job = job_panel(key)
    if job is not None and isinstance(job.result, Compared):
        _show(job.result)


def _path(column, label: str, key: str) -> str:
    typed = column.text_input(
        label,
        key=key,
        bind="query-params",
        placeholder="path, or owner/name on the Hub",
    )
    return (typed or "").strip()


def _start(key: str, base: str, child: str) -> None:
    settings = load_settings()

    def work(job: Job) -> Compared:
        job.report(0.1, "Reading both files")
        with ExitStack() as stack:
            ours = open_named(base, settings, stack)
            theirs = open_named(child, settings, stack)
            found = compare_checkpoints(ours, theirs, metrics=True)
            headers = facts_side_by_side(ours, theirs)
        tensors = tensor_rows([succeeded(found.child, found, "")])
        return Compared(found, tensors, headers)

    jobs().start(key, f"Comparing {Path(child).name} with {Path(base).name}", work)


def _show(result: Compared) -> None:
    found = result.comparison
    st.subheader(found.kind)
    st.markdown(literal(found.sentence))
    st.text(found.runs)
    counts = found.counts
    with st.container(horizontal=True):
        for word in ("equal", "changed", "added", "removed", "reshaped"):
            st.metric(word, getattr(counts, word), width="content", border=True)
        st.metric("read", size(found.bytes_read), width="content", border=True)
    tensor_view(
        result.tensors,
        name=f"compare-{Path(found.child).name}",
        caption=f"{found.child} against {found.base}.",
        key="compare-view",
    )
    st.subheader("Headers")
    st.dataframe(result.headers, alt="Headers of both checkpoints")
