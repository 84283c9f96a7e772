"""How deep snapshots are retrained: the distributions, and the snapshots made here."""

import pandas as pd
import streamlit as st

from core.charts.snapshots_indices import index_histogram
from core.snapshots.glossary import COLUMNS as SNAPSHOTS
from core.snapshots.glossary import WORDS
from core.snapshots.retrain_index import DISTRIBUTIONS, draw_indices
from core.ui.chart import chart
from core.ui.columns import described
from core.ui.export_row import export_row
from core.ui.snapshots.loaders import snapshots
from core.ui.states import empty_state, note
from core.ui.text import plural

SHOWN = ["TOP_LAYERS", "TWENTY_FIVE_PERCENT", "FIFTY_PERCENT"]
HERE = "snapshots here"
SOURCE = (
    "Truncated normals of the study of derived models by Strassenburg and others "
    "(github.com/hpides/alsatian), over the split points of the network."
)


def index_section() -> None:
    """Draw indices for a network of so many split points."""
    left, middle, right = st.columns(3)
    points = left.number_input(
        "Split points", 1, 500, 9, key="points", bind="query-params",
        help="ResNet-18 has 9, ResNet-50 17, ViT-B 13, EfficientNetV2-L 81.",
    )  # fmt: skip
    count = middle.number_input(
        "Draws",
        1,
        10_000,
        1000,
        key="draws",
        bind="query-params",
        help="How many retrain indices are drawn from each distribution.",
    )
    seed = right.number_input(
        "Seed", 0, 2**31, 42, key="seed", bind="query-params",
        help="The same seed draws the same indices.",
    )  # fmt: skip
    names = st.multiselect(
        "Distributions", list(DISTRIBUTIONS), default=SHOWN, key="distributions",
        bind="query-params",
        help="Truncated normals over the split points; 0 retrains the head alone.",
    )  # fmt: skip
    drawn = {n: draw_indices(n, int(points), int(count), seed=int(seed)) for n in names}
    made = [one.retrain_index for one in snapshots() if one.retrain_index is not None]
    if made and st.toggle(
        f"With the {plural(len(made), 'snapshot')} made here", key="here",
        bind="query-params", help="Draws their retrain indices beside the others.",
    ):  # fmt: skip
        drawn[HERE] = made
    if not drawn:
        empty_state("Choose a distribution.")
        return
    rows = pd.DataFrame(
        [(name, index) for name, indices in drawn.items() for index in indices],
        columns=["distribution", "index"],
    )
    reach = max(int(points), int(rows["index"].max()) + 1)
    alt = f"Histogram of {len(rows):,} retrain indices of {', '.join(drawn)}"
    chart(index_histogram(rows, points=reach), key="indices", alt=alt, height=420)
    export_row(
        lambda: index_histogram(rows, points=reach), rows, name="retrain-indices",
        caption=f"{SOURCE} {points} split points, seed {seed}.", key="indices-export",
    )  # fmt: skip
    first = {name: ", ".join(map(str, indices[:8])) for name, indices in drawn.items()}
    draws = pd.DataFrame(first.items(), columns=["distribution", "draws"])
    st.dataframe(
        draws,
        hide_index=True,
        alt="The first draws of each distribution",
        column_config=described(draws, SNAPSHOTS, WORDS),
    )
    note(SOURCE)
