"""Fits my machine: what a model costs, from its configuration, and whether it fits."""

import pandas as pd
import streamlit as st

from core.charts.memory_parts import memory_parts
from core.device import Device
from core.errors import PedigreeError
from core.jobs import Job
from core.settings import load_settings
from core.ui.chart import chart
from core.ui.columns import described
from core.ui.export_row import export_row
from core.ui.fit_link import try_button
from core.ui.job_panel import job_panel
from core.ui.loaders import jobs
from core.ui.states import empty_state, error_state, note
from core.ui.text import compact, literal
from core.ui.verb_job import run_verb
from core.ui.zero_shot.try_question import can_be_tried
from core.zero_shot.configurations import known_configurations
from core.zero_shot.fit import SPREAD, Fit, gigabytes
from core.zero_shot.fit_document import fit_path, kept_fit, read_document
from core.zero_shot.glossary import ANSWERS
from core.zero_shot.workload import DTYPES, Workload

ICONS = {
    "fits": ":material/check_circle:", "tight": ":material/warning:",
    "does not fit": ":material/cancel:", "unknown": ":material/help:",
}  # fmt: skip
SHOWS = {"fits": st.success, "does not fit": st.error}


def fit_section() -> None:
    """Ask for a model and what it is to do; show its cost against the device."""
    model = _model()
    try:
        workload = _workload()
    except PedigreeError as error:
        error_state(error)
        return
    memory_gib = st.session_state.get("fit_memory") or 0
    if not model:
        empty_state(
            "Choose a model, or type `owner/name` of one on the Hub, "
            "`torchvision/ARCHITECTURE`, or the path of a `config.json`. Its weights "
            "are not fetched."
        )
        return
    root = load_settings().cache_root
    key = f"fit-{fit_path(model, workload, root).stem}"
    told = kept_fit(model, workload, root)
    job = jobs().get(key)
    if job is None or not job.is_running:
        st.button(
            "Work it out again" if told else "Work it out",
            type="secondary" if told else "primary", icon=":material/memory:",
            on_click=_start, args=(key, model, workload),
        )  # fmt: skip
    if job_panel(key) is None and told is None:
        empty_state("It takes a few seconds, without a network for what is listed.")
    if told is not None:
        _show(read_document(told, _other(told, memory_gib)), told)
        if can_be_tried(model):
            try_button(model)


def _model() -> str | None:
    names = [entry.name for entry in known_configurations()]
    return st.selectbox(
        "Model", names, key="fit_model", bind="query-params", index=None, width=520,
        accept_new_options=True,
        placeholder="a listed one, owner/name, torchvision/resnet50, or a path",
        help="Only its configuration is read, never its weights.",
    )  # fmt: skip


def _workload() -> Workload:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        batch = st.number_input(
            "Images at once", 1, 65_536, 1, key="fit_batch", bind="query-params",
            width=140, help="The batch: activations grow with it, weights do not.",
        )  # fmt: skip
        size = st.number_input(
            "Image size (px)", 0, 16_384, 0, key="fit_size", bind="query-params",
            width=150, help="0 is the model's own size.",
        )  # fmt: skip
        labels = st.number_input(
            "Labels", 1, 1000, 1, key="fit_labels", bind="query-params", width=140,
            help="Texts that a zero-shot model tells apart.",
        )  # fmt: skip
        st.number_input(
            "Memory of another device (GiB)", 0.0, 1024.0, 0.0, key="fit_memory",
            bind="query-params", width=230, help="0 is this machine's best device.",
        )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        dtype = st.segmented_control(
            "Numbers", DTYPES, key="fit_dtype", bind="query-params",
            default=DTYPES[0], required=True,
            help="The number format of weights and activations.",
        )  # fmt: skip
        use = st.segmented_control(
            "Use", ("Inference", "Training"), key="fit_use", bind="query-params",
            default="Inference", required=True, help="Training: all of it, by Adam.",
        )  # fmt: skip
        attention = st.segmented_control(
            "Attention", ("Fused", "Plain"), key="fit_attention", bind="query-params",
            default="Fused", required=True,
            help="Fused attention never holds the matrix of all pairs of tokens.",
        )  # fmt: skip
    return Workload(
        int(batch), int(size) or None, dtype or DTYPES[0], use == "Training",
        (attention or "Fused").lower(), int(labels),
    )  # fmt: skip


def _start(key: str, model: str, workload: Workload) -> None:
    options = [f"--batch={workload.batch}", f"--labels={workload.labels}",
               f"--dtype={workload.dtype}"]  # fmt: skip
    options += [f"--size={workload.image_size}"] if workload.image_size else []
    options += ["--training"] if workload.training else []
    options += ["--plain-attention"] if workload.attention == "plain" else []

    def work(job: Job) -> None:
        run_verb(job, "zero-shot", "fit", *options, "--", model)

    jobs().start(key, f"What {model} costs", work)


def _other(told: dict, memory_gib: float) -> Device | None:
    """Return a device of which only the memory is known, if one was asked for."""
    if not memory_gib:
        return None
    size_bytes = int(memory_gib * 2**30)
    return Device(
        "cuda", "cuda", f"a GPU of {memory_gib:g} GiB", size_bytes, size_bytes
    )


def _show(held: Fit, told: dict) -> None:
    found = held.footprint
    show = SHOWS.get(held.verdict, st.warning)
    show(literal(held.sentence) + ".", icon=ICONS[held.verdict])
    first, second, third, fourth = st.columns(4)
    first.metric("Parameters", compact(found.params), help=f"{found.params:,}")
    macs = "unknown" if found.macs is None else f"{found.macs / 1e9:,.2f}"
    second.metric("GMACs", macs, help="For one image and one text.")
    total = held.total_bytes
    third.metric(
        "Memory", gigabytes(total) if total else "unknown",
        help="At its peak: weights, activations and what the device itself needs.",
    )  # fmt: skip
    high, wide = found.image_size
    fourth.metric(
        "Image", f"{wide} × {high} px", help="The size at which images are given in."
    )
    sizes = pd.array(list(held.parts.values()), "Int64")
    rows = pd.DataFrame({"part": list(held.parts), "bytes": sizes})

    def figure():
        return memory_parts(
            held.parts, free_bytes=held.device.free_bytes, device=held.device.name
        )

    alt = f"Memory of {literal(found.name)}: {gigabytes(held.total_bytes or 0)} in all"
    chart(figure(), key="fit-chart", alt=alt)
    known = rows[rows["bytes"] > 0].assign(size=lambda r: r["bytes"].map(gigabytes))
    shown = known[["part", "size"]]
    st.dataframe(
        shown, hide_index=True, alt="Memory by what it is for", height="content",
        column_config=described(shown, ANSWERS),
    )  # fmt: skip
    export_row(
        figure, rows, name="memory-of-a-model", key="fit-export",
        caption=f"Memory of {found.name}, estimated from its configuration "
        f"({found.source}).",
    )  # fmt: skip
    if found.remark:
        note(found.remark)
    low, high_share = SPREAD[held.device.kind]
    note(
        f"Configuration: {found.source}. Worked out {told['at']}, when memory was as "
        "free as it says. Parameters are exact; activations of measured runs lay "
        f"within {low:.2f} to {high_share:.2f} times the estimate."
    )
