"""The family at a glance: one paragraph whose numbers lead to their rows, and a chart
with its table for each question about the whole family.
"""

from collections.abc import Callable
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from core.charts.family_layers import layer_bars
from core.charts.family_popularity import downloads_by_pattern, models_over_time
from core.charts.family_shares import depth_bars, share_bars
from core.derived.columns_glossary import MODELS
from core.derived.family import Family
from core.derived.frames import tensor_rows
from core.derived.glossary import KINDS, REASONS
from core.derived.paragraph import Statement, paragraph, plain
from core.derived.summary import (
    LAYER_COLUMNS,
    compared,
    depth_counts,
    failure_shares,
    layer_shares,
    over_time,
    pattern_shares,
    popularity,
)
from core.ui.chart import chart
from core.ui.columns import described
from core.ui.derived.family_loaders import Base, base_name
from core.ui.derived.share_table import share_table
from core.ui.export_row import export_row
from core.ui.states import empty_state, note
from core.ui.text import literal, plural


def summary_section(base: Base, family: Family) -> None:
    """Tell a family in words and in tables."""
    if family.models.empty:
        empty_state("No model is listed yet, so there is nothing to sum up.")
        return
    _in_words(base, family)
    topic = st.segmented_control(
        "About", list(TOPICS), key="about", bind="query-params", default="Patterns",
        required=True, help="The question that the chart and its table answer.",
    )  # fmt: skip
    TOPICS[topic or "Patterns"](base, family)


def _in_words(base: Base, family: Family) -> None:
    told = paragraph(family)
    st.markdown("".join(_linked(said, base) for said in told))
    named = {said.name: said for said in told if said.name}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.popover("Copy as text", icon=":material/content_copy:"):
            st.code(plain(told), language=None, wrap_lines=True)
        name = st.selectbox(
            "Models behind a number", list(named), index=None, key="counted",
            bind="query-params", width=320, placeholder="choose, or follow a number",
            help="Lists exactly the models that a number of the paragraph counts.",
        )  # fmt: skip
    if name in named:
        _rows_behind(named[name], family.models)


def _linked(said: Statement, base: Base) -> str:
    """Write a statement in Markdown, its number a link to its rows."""
    if not said.name:
        return literal(said.text)
    kept = {key: st.query_params.get_all(key) for key in st.query_params}
    address = {"base": base_name(base), **kept, "counted": said.name}
    link = f"[{literal(said.number)}](?{urlencode(address, doseq=True)})"
    return f"{literal(said.before)}**{link}**{literal(said.after)}"


def _rows_behind(said: Statement, models: pd.DataFrame) -> None:
    rows = models[models["id"].isin(said.ids)]
    shown = rows[["id", "status", "kind", "reason", "runs", "downloads", "task"]]
    st.dataframe(
        shown, hide_index=True, key="counted-rows", placeholder="–",
        alt=f"The {plural(len(rows), 'model')} behind {said.name}",
        column_config=described(shown, MODELS, pinned="id"),
    )  # fmt: skip


def _patterns(base: Base, family: Family) -> None:
    shares = pattern_shares(family.models)
    if shares.empty:
        empty_state("No model is compared yet; compare the family first.")
        return
    note(
        "Share of the compared models, with its 95 % interval (Wilson); the interval "
        "says how sure the share is for the next model made. Diamonds: the same, each "
        "model counted as often as it is downloaded."
    )
    _show(
        share_bars(shares, "kind"), shares, base, "patterns", "Freeze patterns", KINDS
    )


def _depths(base: Base, family: Family) -> None:
    depths = _depth_counts(family_digest(family), family)
    if depths.empty:
        empty_state("No model says by layer what was frozen.")
        return
    note(
        "Blocks that equal the base, counted from the input. Adapters, quantized "
        "models and other architectures say nothing by layer."
    )
    _show(depth_bars(depths), depths, base, "frozen-depth", "Frozen depth", ())


def _layers(base: Base, family: Family) -> None:
    layers = _layer_shares(family_digest(family), family)
    if layers.empty:
        empty_state("No model says by layer what was trained.")
        return
    measured = int(layers["measured"].max())
    if measured:
        note(
            f"Distance: mean ‖child − base‖ / ‖base‖ of a layer's parameters over the "
            f"models that trained it, measured in up to {plural(measured, 'model')}."
        )
    else:
        note(
            "How far layers moved is unknown: the probes of a quick comparison do not "
            "measure it. Compare with the certificate “full” to know."
        )
    _show(layer_bars(layers), layers, base, "layers", "Models that trained a layer", ())


def _failures(base: Base, family: Family) -> None:
    failures = failure_shares(family.models)
    if failures.empty:
        empty_state("No comparison failed.", icon=":material/check_circle:")
        return
    title = "Share of the models tried"
    figure = share_bars(failures, "reason", title=title)
    _show(figure, failures, base, "failures", "Why models failed", REASONS)


def _popular(base: Base, family: Family) -> None:
    medians = popularity(family.models)
    if medians.empty:
        empty_state(
            "Downloads are not known: only the Hub counts them, when it lists a family."
        )
        return
    note(
        "A diamond is a pattern's median; its interval (95 %, order statistics) needs "
        "six models. Where intervals overlap, the patterns tie."
    )
    figure = downloads_by_pattern(family.models, medians)
    _show(figure, medians, base, "popularity", "Downloads by pattern", ())


def _time(base: Base, family: Family) -> None:
    periods = over_time(family.models)
    if periods.empty:
        empty_state("When these models were created is not known here.")
        return
    undated = len(compared(family.models)) - int(periods["models"].sum())
    if undated:
        note(f"{plural(undated, 'compared model')} without a date are left out.")
    _show(models_over_time(periods), periods, base, "over-time", "Models by period", ())


TOPICS: dict[str, Callable[[Base, Family], None]] = {
    "Patterns": _patterns,
    "Frozen depth": _depths,
    "Layers": _layers,
    "Failures": _failures,
    "Popularity": _popular,
    "Over time": _time,
}


def _show(figure, rows: pd.DataFrame, base: Base, name: str, title: str, words) -> None:
    """Draw a chart, its exports and its table."""
    models = int(rows["models"].sum())
    chart(
        figure, key=f"summary-{name}",
        alt=f"{title} of {plural(models, 'model')} derived from {base_name(base)}",
    )  # fmt: skip
    export_row(
        lambda: figure, rows, name=f"{name}-{base_name(base)}",
        caption=f"{title}: models derived from {base_name(base)}.",
        key=f"summary-{name}-export",
    )  # fmt: skip
    share_table(rows, key=f"summary-{name}-rows", alt=title)
    present = {w.word: w.meaning for w in words if w.word in set(rows.iloc[:, 0])}
    if present:
        st.caption("  \n".join(f"**{word}**: {text}" for word, text in present.items()))


def family_digest(family: Family) -> int:
    """Return a number that changes with any result or card of a family."""
    results = tuple((one.id, one.status, one.compared_at) for one in family.results)
    return hash((family.base, results, family.cards))


@st.cache_data(show_spinner="Counting layers", max_entries=4)
def _layer_shares(digest: int, _family: Family) -> pd.DataFrame:
    columns = [name for name in LAYER_COLUMNS if name != "model"]
    return layer_shares(tensor_rows(_family.results, columns), _family.models)


@st.cache_data(show_spinner="Counting frozen blocks", max_entries=4)
def _depth_counts(digest: int, _family: Family) -> pd.DataFrame:
    return depth_counts(_family.matrix("block"), _family.models)
