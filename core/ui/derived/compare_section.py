"""Any two checkpoints of this machine, compared in the background."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from core.demo import demo_bases
from core.derived.compare import compare_checkpoints
from core.derived.comparisons import succeeded
from core.derived.frames import tensor_rows
from core.derived.glossary import VERDICTS
from core.derived.message import message
from core.derived.named import open_named
from core.derived.verdict import Comparison
from core.jobs import Job
from core.settings import load_settings
from core.ui.derived.tensor_view import tensor_view
from core.ui.job_panel import job_panel
from core.ui.loaders import jobs
from core.ui.states import empty_state, note
from core.ui.text import literal, size
from core.weights.facts import facts_side_by_side

SECTION = "Compare two checkpoints"
VIEW = "compare-view"
LINKED = "section", "first", "second", f"{VIEW}-metric"
"""What of the address a link to this comparison keeps."""


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
        _demo_link()
        return
    key = f"compare-{base}-{child}"
    st.button(
        "Compare again", icon=":material/refresh:", on_click=_start,
        args=(key, base, child),
    )  # fmt: skip
    if jobs().get(key) is None:
        _start(key, base, child)
    job = job_panel(key)
    if job is not None and job.state == "done":
        _show(job.result, datetime.fromtimestamp(job.ended, UTC))


def compare_link(label: str, first: str, second: str) -> None:
    """Link to the comparison of two checkpoints.

    A page link to the page that is open would leave the address as it was.
    """
    address = urlencode({"section": SECTION, "first": first, "second": second})
    st.markdown(f":material/compare_arrows: [{literal(label)}](?{address})")


def _path(column, label: str, key: str) -> str:
    typed = column.text_input(
        label,
        key=key,
        bind="query-params",
        placeholder="path, or owner/name on the Hub",
        help="The full path of a weight file or a model folder here, or owner/name.",
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


def _demo_link() -> None:
    """Lead to a comparison of two models of the demo, where it is made."""
    for base in demo_bases(load_settings())[:1]:
        for child in sorted(base.parent.glob(f"{base.name}-*"))[:1]:
            compare_link("See two models of the demo", str(base), str(child))


def _show(result: Compared, compared_at: datetime) -> None:
    found = result.comparison
    st.subheader(found.kind)
    st.markdown(literal(found.sentence))
    st.text(found.runs)
    counts = found.counts
    meaning = {one.word: f"Tensors: {one.meaning}" for one in VERDICTS}
    with st.container(horizontal=True):
        for word in ("equal", "changed", "added", "removed", "reshaped"):
            st.metric(
                word.capitalize(), f"{getattr(counts, word):,}", width="content",
                border=True, help=meaning[word],
            )  # fmt: skip
        st.metric(
            "Read", size(found.bytes_read), width="content", border=True,
            help="Bytes of both checkpoints that were read.",
        )  # fmt: skip
    note(
        f"{Path(found.child).name} against {Path(found.base).name}, compared "
        f"{compared_at:%Y-%m-%d %H:%M} UTC; files that changed since need “Compare "
        "again”."
    )
    _to_send(found, compared_at)
    tensor_view(
        result.tensors,
        name=f"compare-{Path(found.child).name}",
        caption=f"{found.child} against {found.base}, {compared_at:%Y-%m-%d}.",
        key=VIEW,
    )
    st.subheader("Headers")
    st.dataframe(result.headers, alt="Headers of both checkpoints")


def _to_send(found: Comparison, compared_at: datetime) -> None:
    """Offer the comparison in words, with the address that opens it."""
    kept = {key: st.query_params[key] for key in LINKED if key in st.query_params}
    link = f"{st.context.url}?{urlencode(kept)}" if st.context.url else ""
    with st.popover("Explain it to a colleague", icon=":material/forward_to_inbox:"):
        st.code(
            message(found, day=f"{compared_at:%Y-%m-%d}", link=link), language=None,
            wrap_lines=True,
        )  # fmt: skip
        st.caption(
            "The link opens this comparison, with the distance chosen, for whoever "
            "reaches this Pedigree; the command says the same wherever both files are."
        )
