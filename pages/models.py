"""Published models: accuracy against cost, filtered, compared and exported."""

import streamlit as st

from core.charts.axes import higher_is_better
from core.tables.selection import select
from core.ui.frame import frame
from core.ui.loaders import every_model, models
from core.ui.models.axes import choose_axes, published_charts
from core.ui.models.budget import budget_answer, choose_budget
from core.ui.models.drawer import model_drawer
from core.ui.models.explorer_chart import explorer_chart
from core.ui.models.filters import (
    choose_benchmark,
    choose_models,
    choose_protocol,
    choose_table,
    reset_filters,
)
from core.ui.models.listing import compare, listing
from core.ui.models.overlay import own_results
from core.ui.models.sources_panel import sources_panel
from core.ui.states import empty_state, note
from core.ui.text import plural

with frame(
    "Models",
    lead="Accuracy against cost of published vision models. Every number keeps its "
    "source and date.",
):
    with st.container(horizontal=True, vertical_alignment="bottom"):
        summary = choose_table()
        every = models(summary, choose_benchmark(summary))
        offered = choose_protocol(every)
        published_charts()
        selection = choose_models(offered)
        budget = choose_budget(offered)
        st.button("Reset", on_click=reset_filters, icon=":material/restart_alt:")
    model_drawer(every, every_model())
    rows = select(offered, selection)
    axes = choose_axes(offered)
    if axes and budget and not rows.empty:
        lower = not higher_is_better(axes.y)
        rows = budget_answer(rows, budget, axes.y, lower=lower)
    st.markdown(f"**{len(rows):,} of {plural(len(offered), 'model')}**")
    drawn = st.container()
    own = own_results()
    with drawn:
        if rows.empty:
            empty_state("No model meets all filters. Reset them, or widen one.")
        elif axes is None:
            empty_state("This table has no numbers to draw; its models are below.")
        else:
            explorer_chart(rows, axes, summary, own)
        note(f"{summary.source} {summary.revision}, read {summary.fetched_at}")
        if summary.note:
            note(summary.note)
    compare(every)
    if not rows.empty:
        listing(rows, (axes.x, axes.y) if axes else ("params", "accuracy"))
    sources_panel()
