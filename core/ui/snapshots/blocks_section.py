"""The blocks of a network, with what each costs on this machine."""

import streamlit as st

from core.charts.snapshots_blocks import block_costs_chart
from core.ui.chart import chart
from core.ui.export_row import export_row
from core.ui.job_panel import job_panel
from core.ui.snapshots.loaders import block_rows, blocks_key, start_blocks
from core.ui.states import empty_state, note
from core.ui.text import compact, literal

CHOICES = (
    "torchvision/resnet18", "torchvision/resnet50", "torchvision/resnet152",
    "torchvision/mobilenet_v2", "torchvision/efficientnet_v2_s",
    "torchvision/efficientnet_v2_l", "torchvision/vit_b_16", "torchvision/vit_l_32",
    "timm/convnext_tiny", "timm/vit_tiny_patch16_224",
)  # fmt: skip


def blocks_section() -> None:
    """Choose an architecture, measure it once, show its blocks."""
    name = st.selectbox(
        "Architecture", CHOICES, key="architecture", bind="query-params",
        accept_new_options=True, width=480,
        help="torchvision/NAME, timm/NAME or transformers/TYPE. Weights are random: "
        "they change neither size nor time.",
    )  # fmt: skip
    name = name or CHOICES[0]
    rows = block_rows(name)
    st.button(
        "Measure again" if rows is not None else "Measure the blocks",
        type="secondary" if rows is not None else "primary", icon=":material/timer:",
        on_click=start_blocks, args=(name,),
    )  # fmt: skip
    job = job_panel(blocks_key(name))
    if rows is None:
        if job is None:
            empty_state(
                f"The blocks of {literal(name)} were not measured on this machine yet. "
                "It takes a few seconds."
            )
        return
    points = 1 + int((rows["part"] == "block").sum())
    with st.container(horizontal=True):
        st.metric(
            "Blocks", len(rows), width="content", border=True,
            help="Parts of the network in forward order, stem and head among them.",
        )  # fmt: skip
        st.metric(
            "Split points", points, width="content", border=True,
            help="Places at which the network can be cut for training or search.",
        )  # fmt: skip
        total = compact(rows["params"].sum())
        st.metric(
            "Parameters", total, width="content", border=True,
            help="Numbers that training can change, all blocks together.",
        )  # fmt: skip
    caption = f"Blocks of {name}, batches of 8 on this machine's CPU, median of 5."
    alt = f"Parameters, output size and time of the {len(rows)} blocks of {name}"
    chart(block_costs_chart(rows), key="blocks", alt=alt)
    export_row(
        lambda: block_costs_chart(rows), rows, name=f"blocks-{name.split('/')[-1]}",
        caption=caption, key="blocks-export",
    )  # fmt: skip
    note(caption + " Whiskers: the fastest and the slowest of them.")
