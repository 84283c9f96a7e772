"""The words and numbers of Pedigree, each with its definition, unit and source."""

import streamlit as st

from core.glossary import found, parts
from core.ui.frame import frame
from core.ui.glossary_section import glossary_section, word_asked_for
from core.ui.zero_shot.loaders import survey

with frame(
    "Glossary", lead="One word for one thing, on every page and in every export."
):
    every = parts(survey())
    word_asked_for(every)
    text = st.text_input(
        "Search", type="search", live="50ms", key="search", bind="query-params",
        placeholder="word, column or meaning", width=320,
        help="Looks in words, in the heads of columns and in what they mean.",
    )  # fmt: skip
    glossary_section(found(every, text or ""))
