"""How tables on pages head, explain and write their columns: as the glossary says, and
alike everywhere.
"""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st
from pandas.api import types

from core.glossary import SHARED, table_columns
from core.words import Word

FRACTION = "a fraction"
FORMATS = {FRACTION: "percent", "bytes": "bytes"}


def described(
    rows: pd.DataFrame,
    *parts: Sequence[Word],
    pinned: str = "",
    fractions: Sequence[str] = (),
    **own: object,
) -> dict[str, object]:
    """Return the configuration of every column that the glossary knows.

    Words of `parts` go before those that all tables share. `pinned` stays in sight,
    `fractions` are shares in this table and something else in others, `own` are
    configurations that differ.
    """
    known = {
        word.word: word
        for part in (table_columns(), SHARED, *reversed(parts))
        for word in part
    }
    known |= {name: replace(known[name], unit=FRACTION) for name in fractions}
    configured = {
        name: _configured(rows[name], known[name], pinned=name == pinned)
        for name in rows
        if name in known
    }
    return configured | own


def _configured(values: pd.Series, word: Word, *, pinned: bool) -> object:
    kind = st.column_config
    label = word.title or word.word.replace("_", " ").capitalize()
    if types.is_bool_dtype(values):
        return kind.CheckboxColumn(label, help=word.help, pinned=pinned or None)
    if types.is_numeric_dtype(values):
        usual = "localized" if types.is_integer_dtype(values) else "%.4g"
        number = FORMATS.get(word.unit, usual)
        return kind.NumberColumn(
            label, help=word.help, format=number, pinned=pinned or None
        )
    return kind.Column(label, help=word.help, pinned=pinned or None)
