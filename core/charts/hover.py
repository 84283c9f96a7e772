"""The card that appears over a point: numbers with units, foreign text as text. Knows
columns, not figures.
"""

from collections.abc import Callable

import pandas as pd

from core.charts.theme import escape
from core.numerals import compact

MISSING = "not stated"
MANY = 100


def _size(number: float) -> str:
    return compact(number, "B")


def _day(moment: object) -> str:
    return escape(str(moment)[:10])


FIELDS: tuple[tuple[str, str, Callable[..., str]], ...] = (
    ("params", "Parameters", compact),
    ("gmacs", "GMACs", compact),
    ("gips", "GIPS", compact),
    ("throughput", "Images/s", compact),
    ("device", "Device", escape),
    ("file_size_bytes", "File size", _size),
    ("image_size", "Input, px", compact),
    ("pretraining", "Pre-training", escape),
    ("dataset", "Measured on", escape),
    ("protocol", "Protocol", escape),
    ("licence", "License", escape),
    ("source", "Source", escape),
    ("revision", "Revision", escape),
    ("fetched_at", "Read on", _day),
)


def hover_card(
    models: pd.DataFrame, metric: str, written: pd.Series
) -> tuple[pd.DataFrame, str]:
    """Return what each point carries and the template that shows it.

    The first column is the raw `id`, which the template never shows; every other is
    escaped text. `written` holds the metric as text, `metric` its name. What all of
    many models share is said by the template, once.
    """
    names = models["name"] if "name" in models else models["id"]
    columns = {
        "id": list(models["id"]),
        "name": [escape(name) for name in names],
        metric: list(written),
    }
    shared = {}
    for column, title, write in FIELDS:
        values = models[column].tolist() if column in models else []
        texts = {
            value: MISSING if _is_missing(value) else write(value)
            for value in dict.fromkeys(values)
        }
        if all(map(_is_missing, texts)):
            continue
        if len(texts) == 1 and len(values) > MANY:
            shared[title] = next(iter(texts.values())).replace("%{", "% {")
        else:
            columns[title] = [texts.get(value, MISSING) for value in values]
    cards = pd.DataFrame(columns, index=models.index, dtype=object)
    lines = [
        f"{escape(title)}: %{{customdata[{place}]}}"
        for place, title in enumerate(cards.columns)
        if place >= 2
    ]
    lines += [f"{title}: {text}" for title, text in shared.items()]
    template = "<br>".join(["<b>%{customdata[1]}</b>", *lines])
    return cards, template + "<extra></extra>"


def _is_missing(value: object) -> bool:
    return value is None or value == "" or value != value
