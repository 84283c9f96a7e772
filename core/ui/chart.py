"""A figure on a page: the same behavior for every chart, and a name for its readers."""

import streamlit as st

CONFIG = {
    "displaylogo": False,
    "showSendToCloud": False,
    "toImageButtonOptions": {"format": "svg", "filename": "pedigree"},
}


def chart(figure, *, key: str, alt: str, place=st, **options):
    """Draw `figure` at the width of its place; `alt` names it for screen readers."""
    return place.plotly_chart(figure, key=key, alt=alt, config=CONFIG, **options)
