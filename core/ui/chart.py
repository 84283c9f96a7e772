"""A figure on a page: the same behavior for every chart, and a name for its readers."""

import streamlit as st

from core.charts.first_picture import as_address, first_picture
from core.charts.in_numbers import in_numbers

CONFIG = {
    "displaylogo": False,
    "showSendToCloud": False,
    "toImageButtonOptions": {"format": "svg", "filename": "pedigree"},
}


def chart(figure, *, key: str, alt: str, place=st, **options):
    """Draw `figure` at the width of its place.

    `alt` names it for screen readers, which are told how much it shows, too. Whoever
    cannot point at it finds its rows in the export below or the table beside it.
    """
    told = f"{alt}: {in_numbers(figure)}."
    return place.plotly_chart(figure, key=key, alt=told, config=CONFIG, **options)


def pictured_chart(
    figure, *, key: str, alt: str, height: int, legend_rows: int, **options
):
    """Draw a figure whose first picture is seen until the browser has drawn it.

    A browser needs about two seconds of work for its first chart. The picture is sent
    with the first run of a session alone, lies over the place of the chart, and goes
    when the chart is there (`core.ui.frame`).
    """
    place = st.container(key=f"pictured-{key}")
    options |= {"place": place, "height": height}
    drawn = chart(figure, key=key, alt=alt, **options)
    pictured = st.session_state.setdefault("pictured", set())
    is_first = key not in pictured
    pictured.add(key)
    if is_first and (svg := first_picture(figure, height, legend_rows=legend_rows)):
        place.html(
            '<div class="first-picture" aria-hidden="true">'
            f'<img alt="" src="{as_address(svg)}" style="height:{height}px"></div>'
        )
    return drawn
