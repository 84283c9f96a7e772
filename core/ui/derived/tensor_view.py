"""One comparison, tensor by tensor: its profile over the layers, and a table."""

import pandas as pd
import streamlit as st

from core.charts.profile import delta_histogram, layer_profile
from core.derived.columns_glossary import TENSORS
from core.derived.glossary import METRICS
from core.ui.chart import chart
from core.ui.columns import described
from core.ui.export_row import export_row

MEASURES = ("relative_l2", "fraction_changed", "cosine", "max_abs_diff", "bit_distance")
COLUMNS = [
    "block", "name", "base_name", "verdict", "evidence", "shape", "dtype", "base_shape",
    "base_dtype", "is_parameter", *(one.word for one in METRICS),
]  # fmt: skip


def tensor_view(tensors: pd.DataFrame, *, name: str, caption: str, key: str) -> None:
    """Show the tensors of one comparison, with exports; `key` starts the URL keys."""
    tensors = tensors.sort_values("order", kind="stable")
    measured = [name for name in MEASURES if tensors[name].notna().any()]
    if measured:
        metric = st.selectbox(
            "Distance", measured, key=f"{key}-metric", bind="query-params", width=240,
            help="  \n".join(f"**{one.word}**: {one.meaning}" for one in METRICS),
        )  # fmt: skip
    else:
        metric = "relative_l2"
    left, right = st.columns([3, 2])
    profile = layer_profile(tensors, metric=metric)
    chart(
        profile, place=left, key=f"{key}-profile", height=340,
        alt=f"{metric} of each tensor, by layer",
    )  # fmt: skip
    chart(
        delta_histogram(tensors, metric=metric), place=right, key=f"{key}-histogram",
        height=340, alt=f"How many tensors moved how far: {metric}",
    )  # fmt: skip
    rows = tensors[[column for column in COLUMNS if column in tensors]]
    export_row(lambda: profile, rows, name=name, caption=caption, key=f"{key}-export")
    st.dataframe(
        rows, hide_index=True, alt="Tensors of the comparison", key=f"{key}-tensors",
        column_config=described(rows, TENSORS, METRICS),
    )  # fmt: skip
