"""What is drawn against what, and how: the choices above the chart of models."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.charts.axes import COSTS, FRACTIONS, LABELS, measured
from core.ui.models.filters import reset_filters

COLORS = {
    "family": "Family",
    "table": "Source",
    "pretraining": "Pre-training",
    "licence": "License",
    "protocol": "Protocol",
}
PUBLISHED = {
    "classification": ("params", "gmacs"),
    "quantized": ("params", "gips"),
    "segmentation": ("params", "gmacs"),
    "detection": ("params", "gmacs"),
    "video": ("params", "gmacs"),
}
NO_SIZE = "Same for all"


@dataclass(frozen=True)
class Axes:
    """Columns of the table: across, up, as color and as size."""

    x: str
    y: str
    log_x: bool
    color: str
    size: str | None
    has_trend: bool


def choose_axes(rows: pd.DataFrame) -> Axes | None:
    """Let the person choose among the numbers that are known; None without any."""
    repeated = _only_metric(rows)
    known = [name for name in measured(rows) if name != repeated]
    if not known:
        return None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        costs = [name for name in COSTS if name in known]
        across = [*costs, *(name for name in known if name not in costs)]
        x = _choose("Horizontal axis", across, "cost", across[0])
        up = [*(name for name in known if name not in costs), *costs]
        y = _choose("Vertical axis", up, "value", _first_value(up))
        is_share = x in FRACTIONS
        is_log = st.toggle(
            "Log scale", value=True, key="log", bind="query-params", disabled=is_share,
            help="Sizes span three decades; a linear axis hides most models on the "
            "left.",
        )  # fmt: skip
        with st.popover("Look", icon=":material/palette:"):
            color, size, has_trend = _choose_look(rows, costs)
    return Axes(x, y, is_log and not is_share, color, size, has_trend)


def published_charts() -> None:
    """Offer the charts of the published analysis of torchvision's models."""
    with st.popover("Published charts", icon=":material/auto_graph:"):
        st.caption("The charts of the published analysis of torchvision's weights.")
        for table, costs in PUBLISHED.items():
            with st.container(horizontal=True):
                for cost in costs:
                    st.button(
                        f"{table.capitalize()}: {LABELS[cost]}", type="tertiary",
                        key=f"published-{table}-{cost}", on_click=_open_published,
                        args=(table, cost),
                    )  # fmt: skip


def _open_published(table: str, cost: str) -> None:
    """Show one published chart: its table, its axes, nothing filtered."""
    reset_filters()
    st.session_state["table"] = f"torchvision/{table}"
    st.session_state["cost"] = cost
    st.session_state["value"] = "accuracy"


def _choose(label: str, names: list[str], key: str, first: str) -> str:
    chosen = st.selectbox(
        label, names, index=names.index(first), format_func=LABELS.get, key=key,
        bind="query-params", width=200,
        help="Only numbers that a model of this table has; the glossary defines each.",
    )  # fmt: skip
    return chosen if chosen in names else first


def _choose_look(rows: pd.DataFrame, costs: list[str]) -> tuple[str, str | None, bool]:
    """Ask for color, size and trends; two protocols always have two colors."""
    is_mixed = len(set(rows["protocol"].unique()) - {""}) > 1
    colors = ["protocol"] if is_mixed else [n for n in COLORS if _says_much(rows, n)]
    colors = colors or ["family"]
    color = st.selectbox(
        "Color", colors, format_func=COLORS.get, key="color", bind="query-params",
        help="Zero-shot and supervised models, where both are shown, are always told "
        "apart by color.",
    )  # fmt: skip
    size = st.selectbox(
        "Size", [NO_SIZE, *costs], key="size", bind="query-params",
        format_func=lambda name: LABELS.get(name, name),
        help="The area of a point grows with this number.",
    )  # fmt: skip
    has_trend = st.toggle(
        "Trends", key="trend", bind="query-params",
        help="Least squares on the axis as shown, with the 95 % band of the mean.",
    )  # fmt: skip
    return color or colors[0], None if size == NO_SIZE else size, has_trend


def _says_much(rows: pd.DataFrame, name: str) -> bool:
    return name == "family" or rows[name].nunique() > 1


def _only_metric(rows: pd.DataFrame) -> str:
    """Return the column that `accuracy` repeats, "" where it is several."""
    metrics = set(rows["metric"].unique()) - {""}
    return metrics.pop() if len(metrics) == 1 and rows["accuracy"].notna().any() else ""


def _first_value(names: list[str]) -> str:
    if names[0] in COSTS and "downloads" in names:
        return "downloads"
    return names[0]
