"""The Map view of a family: its freeze map with every choice, and its models."""

import pandas as pd
import streamlit as st

from core.charts.cells import spelled_codes
from core.charts.freeze_map import freeze_map
from core.derived.alike import alike, of_patterns
from core.derived.family import Family
from core.derived.order import ORDERS, sort_rows
from core.derived.selection import select
from core.ui.chart import pictured_chart
from core.ui.derived.family_loaders import Base, base_name, family_matrix, hub_pages
from core.ui.derived.map_choice import MOST_FREQUENT, MapChoice, choose
from core.ui.derived.map_listing import failures, listing
from core.ui.derived.pair_section import pair_section
from core.ui.export_row import export_row
from core.ui.states import empty_state
from core.ui.text import plural

NAMED_ROWS = 60
MOST_PX = 900
LINKED_ROWS = 300
"""Above so many rows their links would weigh more than the map."""


def map_section(base: Base, family: Family) -> None:
    """Draw the freeze map of the models that the filters leave, and list them."""
    models = family.models
    if not (models["status"] == "ok").any():
        failures(models)
        return
    wishes, choice = choose(models)
    rows = select(models, wishes)
    st.markdown(f"**{len(rows):,} of {plural(len(models), 'model')}**")
    whole = family_matrix(base, choice.by, choice.parameters_only, choice.shown)
    pair_section(base, family, whole, choice.shown)
    if rows.empty:
        empty_state("No compared model meets the filter; clear the search or pattern.")
    else:
        left = whole[whole.index.isin(rows["id"])]
        _draw(left.loc[_order(left, models, base, choice)], rows, base, choice)
    failures(models)


def _order(
    left: pd.DataFrame, models: pd.DataFrame, base: Base, choice: MapChoice
) -> pd.Index:
    """Return the ids in the order asked for; similar are those that look it."""
    if choice.order == "similarity":
        return sort_rows(left, models, choice.order).index
    verdicts = family_matrix(base, choice.by, choice.parameters_only).loc[left.index]
    order = ORDERS[0] if choice.order == MOST_FREQUENT else choice.order
    return sort_rows(verdicts, models, order).index


def _draw(
    matrix: pd.DataFrame, rows: pd.DataFrame, base: Base, choice: MapChoice
) -> None:
    """Draw a row a model, or a row a pattern with its models.

    The list below the map is drawn before it: a browser is quick with a list, and busy
    for a second or two with its first chart.
    """
    ordered = rows.set_index("id", drop=False).loc[matrix.index]
    above = st.container()
    listing(base, ordered)
    if choice.rows == "models":
        links = hub_pages(base, matrix.index) if len(matrix) <= LINKED_ROWS else {}
        with above:
            _chart(matrix, ordered, base, choice, links)
        return
    verdicts = family_matrix(base, choice.by, choice.parameters_only)
    groups = alike(
        verdicts.loc[matrix.index], frequent_first=choice.order == MOST_FREQUENT
    )
    drawn = groups.rows
    if choice.shown != "verdict":
        summed = of_patterns(matrix, groups.members, choice.shown)
        drawn = summed.loc[groups.rows.index]
    pattern = groups.members.set_index("model")["pattern"]
    with above:
        _chart(drawn, ordered.assign(pattern=pattern), base, choice, {})


def _chart(
    matrix: pd.DataFrame,
    rows: pd.DataFrame,
    base: Base,
    choice: MapChoice,
    links: dict[str, str],
) -> None:
    """Draw the map as a heatmap here and as filled rectangles in files."""
    name = base_name(base)
    tall = 130 + 22 * len(matrix)
    pictured_chart(
        freeze_map(matrix, shown=choice.shown, links=links), key="map", legend_rows=1,
        height=tall if len(matrix) <= NAMED_ROWS else MOST_PX,
        alt=f"Layers of {len(rows)} models of {name}, by {choice.shown}",
    )  # fmt: skip
    if len(matrix) > NAMED_ROWS:
        st.caption("Drag over a part of the map to zoom in; double-click to go back.")
    export_row(
        lambda: freeze_map(matrix, shown=choice.shown, vector=True),
        lambda: _table(matrix, rows, choice),
        name=f"freeze-map-{name}",
        caption=f"Models derived from {name}, compared {dates(rows)}. "
        f"{choice.by.capitalize()}s: {spelled_codes(choice.shown)}; -1 in neither.",
        key="map-export",
    )  # fmt: skip


def _table(matrix: pd.DataFrame, rows: pd.DataFrame, choice: MapChoice) -> pd.DataFrame:
    """Return the codes behind what is known of each row."""
    if choice.rows == "patterns":
        return matrix.reset_index()
    return pd.concat([rows, matrix.loc[rows.index]], axis=1)


def dates(rows: pd.DataFrame) -> str:
    """Return when the comparisons were made.

    >>> dates(pd.DataFrame({"compared_at": ["2026-11-01T12:00:00Z"]}))
    '2026-11-01'
    """
    first, last = (
        str(moment)[:10]
        for moment in (rows["compared_at"].min(), rows["compared_at"].max())
    )
    return first if first == last else f"{first} to {last}"
