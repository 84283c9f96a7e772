"""The glossary on a page: a table a part, and the one word that the address names."""

from collections.abc import Iterable, Sequence
from urllib.parse import quote_plus

import streamlit as st

from core.glossary import Part, named
from core.ui.states import empty_state, unknown_choice
from core.ui.text import literal, plural
from core.words import Word

PARAMETER = "word"


def word_asked_for(every: Sequence[Part]) -> None:
    """Show the word that the address names before all others."""
    asked = st.query_params.get(PARAMETER)
    if asked is None:
        return
    hits = named(every, asked)
    if not hits:
        unknown_choice("the word", asked, "in the glossary")
        return
    with st.container(border=True):
        for part in hits:
            for word in part.words:
                st.markdown(f"**{literal(word.word)}**{_also(word)}: {_told(word)}")
                st.caption(literal(part.title))
        st.button("All words", on_click=_forget, icon=":material/close:")


def glossary_section(shown: Sequence[Part]) -> None:
    """Show parts as tables, each word with the address that opens it."""
    if not shown:
        empty_state("No word, column or meaning holds this. Search for less.")
        return
    st.caption(f"{plural(sum(len(part.words) for part in shown), 'word')}. "
               "Each links to itself, so that it can be sent.")  # fmt: skip
    for part in shown:
        st.subheader(part.title)
        st.markdown(as_markdown(part))


def as_markdown(part: Part) -> str:
    """Write a part as a Markdown table; a column that is empty is left out.

    >>> print(as_markdown(Part("Words", (Word("acc@1", "First.", "Accuracy"),))))
    | Word | Meaning |
    |---|---|
    | [acc\\@1](?word=acc%401) (Accuracy) | First\\. |
    """
    cells = {
        "Word": [_linked(word) for word in part.words],
        "Meaning": [literal(word.meaning) for word in part.words],
        "Unit": [literal(word.unit) for word in part.words],
        "Source": [literal(word.source) for word in part.words],
    }
    filled = {head: column for head, column in cells.items() if any(column)}
    rows = zip(*filled.values(), strict=True)
    return "\n".join([_line(filled), "|---" * len(filled) + "|", *map(_line, rows)])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _linked(word: Word) -> str:
    link = f"[{literal(word.word)}](?{PARAMETER}={quote_plus(word.word)})"
    return link + _also(word)


def _also(word: Word) -> str:
    same = word.title.casefold() in ("", word.word.casefold())
    return "" if same else f" ({literal(word.title)})"


def _told(word: Word) -> str:
    return literal(word.help)


def _forget() -> None:
    st.query_params.pop(PARAMETER, None)
