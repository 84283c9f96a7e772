"""Words on the screen: foreign text made harmless, numbers made readable."""

import math
import re

from core import numerals

MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&@\"'^=])")


def literal(text: object) -> str:
    """Escape `text` so that Markdown shows it as it is and loads nothing.

    >>> literal("![x](http://evil)")
    '\\\\!\\\\[x\\\\]\\\\(http\\\\://evil\\\\)'
    """
    return MARKDOWN.sub(r"\\\1", str(text).replace("\n", " "))


def compact(number: float | None) -> str:
    """Write a count with three digits and its unit letter; nothing is a dash.

    >>> compact(25_557_032), compact(64), compact(None)
    ('25.6 M', '64', '–')
    """
    return "–" if _is_missing(number) else numerals.compact(number)


def percent(fraction: float | None, decimals: int = 2) -> str:
    """Write a fraction as percent; nothing is a dash.

    >>> percent(0.80858), percent(0.805, 0), percent(float("nan"))
    ('80.86 %', '80 %', '–')
    """
    return "–" if _is_missing(fraction) else numerals.percent(fraction, decimals)


def size(size_bytes: float | None) -> str:
    """Write a number of bytes in decimal units.

    >>> size(345_579_424), size(900)
    ('346 MB', '900 B')
    """
    return "–" if _is_missing(size_bytes) else numerals.compact(size_bytes, "B")


def duration(seconds: float) -> str:
    """Write a duration in the largest fitting unit.

    >>> duration(3.2), duration(75)
    ('3 s', '1 min 15 s')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def plural(count: int, noun: str) -> str:
    """Write a count with its noun.

    >>> plural(1, "model"), plural(1500, "model")
    ('1 model', '1,500 models')
    """
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _is_missing(number: float | None) -> bool:
    return number is None or math.isnan(number)
