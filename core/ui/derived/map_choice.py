"""What the freeze map shows: which models, as what, in which colors and order."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from core.derived.columns import LEVELS, By
from core.derived.glossary import KINDS
from core.derived.matrix import SHOWN, Shown
from core.derived.order import ORDERS, kind_counts
from core.derived.selection import Selection, choices

ROWS = ("models", "patterns")
MOST_FREQUENT = "most frequent"
"""How patterns are sorted unless a person wants another order."""

COLORS = (
    "**verdict**: what became of the layer",
    "**evidence**: what says so; of several tensors the weakest",
    "**distance**: ‖child − base‖ / ‖base‖, the mean over the layer's elements",
    "Of a pattern's models the weakest evidence and the median distance.",
)


@dataclass(frozen=True)
class MapChoice:
    """How a freeze map is drawn."""

    rows: str
    by: By
    shown: Shown
    order: str
    parameters_only: bool


def choose(models: pd.DataFrame) -> tuple[Selection, MapChoice]:
    """Ask which models of a family to look at, and how; the address keeps it all."""
    counts = kind_counts(models)
    kinds = st.pills(
        "Pattern", list(counts), selection_mode="multi", key="kind",
        bind="query-params",
        help="  \n".join(f"**{one.word}**: {one.meaning}" for one in KINDS),
    )  # fmt: skip
    st.caption(" · ".join(f"{kind} {count:,}" for kind, count in counts.items()))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Search", type="search", live="50ms", key="search", bind="query-params",
            placeholder="model or task", width=190,
            help="Keeps models whose name or task holds the text.",
        )  # fmt: skip
        with st.popover("Filters", icon=":material/tune:"):
            wishes = _card_filters(models, tuple(kinds), text or "")
        return wishes, _drawing(models)


def _card_filters(models: pd.DataFrame, kinds: tuple[str, ...], text: str) -> Selection:
    """Ask what the models' cards must say, where any card says it."""
    asked = {
        wish: _several(models, label, wish, column)
        for wish, label, column in (
            ("tasks", "Task", "task"),
            ("datasets", "Dataset", "dataset"),
            ("licenses", "License", "license"),
        )
    }
    most = _limit(models, "Weight files, at most (MB)", "size", "size_bytes")
    metrics = models.loc[models["status"] == "ok", "metric"].dropna().unique()
    metric = least = None
    if len(metrics):
        metric = st.selectbox(
            "Reported metric", sorted(metrics), index=None, key="metric",
            bind="query-params", placeholder="any",
            help="What the model card reports; nobody has checked it.",
        )  # fmt: skip
    if models["metric_value"].notna().any():
        least = st.number_input(
            "Reported value, at least", min_value=0.0, value=None, key="least",
            bind="query-params", placeholder="any",
            help="A share as a fraction: 0.9 also finds what a card writes as 90.",
        )  # fmt: skip
    most_bytes = None if most is None else 1e6 * most
    return Selection(text, kinds, *asked.values(), metric, least, most_bytes)


def _drawing(models: pd.DataFrame) -> MapChoice:
    """Ask how the map is drawn."""
    rows = st.segmented_control(
        "Rows", ROWS, key="rows", bind="query-params", default=ROWS[0], required=True,
        help="**patterns**: models whose rows are the same are one row, counted.",
    )  # fmt: skip
    by = st.segmented_control(
        "Layers as", LEVELS, key="by", bind="query-params", default="block",
        required=True, help="A network without stages has its blocks dealt into four.",
    )  # fmt: skip
    shown = st.segmented_control(
        "Color", SHOWN, key="color", bind="query-params", default=SHOWN[0],
        required=True, help="  \n".join(COLORS),
    )  # fmt: skip
    order = st.selectbox(
        "Sort by",
        _orders(models, rows or ROWS[0]),
        key="sort",
        bind="query-params",
        width=160,
        help="similarity puts models with alike rows next to each other.",
    )
    parameters_only = st.toggle(
        "Parameters only", value=True, key="parameters", bind="query-params",
        help="Off: running statistics and other buffers are drawn too. They never "
        "decide a pattern.",
    )  # fmt: skip
    return MapChoice(
        rows or ROWS[0], by or "block", shown or SHOWN[0], order, parameters_only
    )


def _orders(models: pd.DataFrame, rows: str) -> list[str]:
    """Offer only orders that the family can be put in."""
    needs = {"downloads": "downloads", "newest": "created_at"}
    possible = [
        order for order in ORDERS
        if order not in needs or models[needs[order]].notna().any()
    ]  # fmt: skip
    return [MOST_FREQUENT, *possible] if rows == "patterns" else possible


def _several(
    models: pd.DataFrame, label: str, key: str, column: str
) -> tuple[str, ...]:
    options = choices(models, column)
    if not options:
        return ()
    return tuple(
        st.multiselect(
            label,
            options,
            key=key,
            bind="query-params",
            placeholder="any",
            help="What the model card says; any of those chosen.",
        )
    )


def _limit(models: pd.DataFrame, label: str, key: str, column: str) -> float | None:
    if not models[column].notna().any():
        return None
    return st.number_input(
        label, min_value=0.0, value=None, key=key, bind="query-params",
        placeholder="any", help="Empty: no limit.",
    )  # fmt: skip
