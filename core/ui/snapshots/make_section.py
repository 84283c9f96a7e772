"""Making snapshots: what to train or draw, the job, and its accuracy epoch by epoch."""

import json

import streamlit as st

from core.charts.snapshots_training import TITLES, training_curves
from core.jobs import Job
from core.snapshots.presets import PRESETS
from core.snapshots.retrain_index import DISTRIBUTIONS
from core.ui.chart import chart
from core.ui.export_row import export_row
from core.ui.job_panel import job_panel
from core.ui.loaders import jobs
from core.ui.snapshots.datasets_section import choose_dataset
from core.ui.snapshots.loaders import MAKING, epochs, in_training, start_making
from core.ui.states import note

TINY_RESNET, TINY_VIT = "tiny ResNet", "tiny ViT"
TINY = {
    TINY_RESNET: (
        "transformers/resnet",
        {"embedding_size": 16, "hidden_sizes": [16, 24, 32, 48],
         "depths": [2, 2, 2, 2], "layer_type": "basic"},
    ),
    TINY_VIT: (
        "transformers/vit",
        {"image_size": 32, "patch_size": 8, "hidden_size": 48, "num_hidden_layers": 6,
         "num_attention_heads": 3, "intermediate_size": 96},
    ),
}  # fmt: skip
"""Networks that train in seconds on any machine, from random weights."""

TINY_SIDE = 32
LABELS = {"train": "Train", "generate": "Draw without training"}


def make_section() -> None:
    """Ask what to make, start it, and follow it."""
    action = st.segmented_control(
        "How", list(LABELS), format_func=LABELS.get, default="train", key="how",
        bind="query-params", required=True,
        help="Trained snapshots learn the dataset; drawn ones get new random weights "
        "in their last blocks, for large stores whose truth is known.",
    )  # fmt: skip
    network, weights = _choose_network()
    chosen = choose_dataset("make_") if action != "generate" else ("", None)
    if chosen is None:
        return
    left, middle, right = st.columns(3)
    count = left.number_input(
        "How many", 1, 500, 6, key="count", bind="query-params",
        help="Snapshots to make, beside their base.",
    )  # fmt: skip
    distribution = middle.selectbox(
        "Retrain index", list(DISTRIBUTIONS), index=list(DISTRIBUTIONS).index(
            "TWENTY_FIVE_PERCENT"), key="distribution", bind="query-params",
        help="Drawn for each snapshot; see the section Retrain index.",
    )  # fmt: skip
    arguments = [action or "train", "--count", str(int(count))]
    arguments += ["--distribution", distribution, *_network(network, weights)]
    if action != "generate":
        passes = right.number_input(
            "Epochs", 1, 200, 8, key="epochs", bind="query-params",
            help="Passes over all training images, at most; training stops earlier "
            "where validation gets no better.",
        )  # fmt: skip
        name, folder = chosen
        arguments += ["--epochs", str(int(passes)), f"--dataset={name}"]
        arguments += [] if folder is None else [f"--data={folder}"]
    job = jobs().get(MAKING)
    st.button(
        LABELS[action or "train"], type="primary", icon=":material/model_training:",
        key="make", disabled=job is not None and job.is_running, on_click=start_making,
        args=([*arguments, "--", TINY[network][0] if network in TINY else network],),
    )  # fmt: skip
    if network in TINY:
        note(
            "The base of a tiny network has random weights: its snapshots show how "
            "lineage, store and search work, not how good a network can be."
        )
    job = job_panel(MAKING)
    if job is not None and job.is_running and job.title.startswith("Training"):
        st.fragment(_live_curves, run_every=2.0, key="live-curves")(job)


def curves(names: list[str], *, key: str, is_final: bool = True) -> None:
    """Draw what each epoch measured, once there is an epoch; export what is final."""
    rows = epochs(names)
    if rows.empty:
        return
    measure = st.segmented_control(
        "Measure", list(TITLES), format_func=TITLES.get, default="validation_top1",
        key=f"{key}-measure", required=True,
        help="What is drawn, epoch by epoch. Validation images are not trained on.",
    )  # fmt: skip
    alt = f"{TITLES[measure]} by epoch of {rows['snapshot'].nunique()} snapshots"
    chart(training_curves(rows, measure), key=key, alt=alt, height=360)
    if not is_final:
        return
    export_row(
        lambda: training_curves(rows, measure), rows, name="training",
        caption=f"{TITLES[measure]} by epoch, measured while training on this machine.",
        key=f"{key}-export",
    )  # fmt: skip


def _live_curves(job: Job) -> None:
    curves(in_training(job), key="live", is_final=False)


def _choose_network() -> tuple[str, str]:
    left, right = st.columns(2)
    network = left.selectbox(
        "Network", [*TINY, *PRESETS], key="network", bind="query-params",
        accept_new_options=True,
        help="A tiny one made here, one of the study's four, or torchvision/NAME, "
        "timm/NAME, transformers/TYPE.",
    )  # fmt: skip
    if network in TINY:
        return network, "random"
    weights = right.selectbox(
        "Weights of the base", ["published", "random"], key="weights",
        bind="query-params", accept_new_options=True,
        help="Published ones are fetched once from torchvision; or the full path of a "
        "file or folder of weights.",
    )  # fmt: skip
    return network or TINY_RESNET, weights or "published"


def _network(network: str, weights: str) -> list[str]:
    """Return the arguments that shape the base."""
    if network not in TINY:
        return [f"--weights={weights}"]
    options = json.dumps(TINY[network][1])
    base = network.lower().replace(" ", "-")
    return ["--weights", "random", "--side", str(TINY_SIDE), "--options", options,
            "--base", base]  # fmt: skip
