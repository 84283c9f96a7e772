"""A figure on a page: the same behavior for every chart, and a name for its readers."""

import streamlit as st

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
