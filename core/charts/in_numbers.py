"""What a figure shows, in numbers for those who do not see it: how much is drawn and
between which ends. Knows figures, not what they are about.
"""

import re
from collections.abc import Iterator

import numpy as np
import plotly.graph_objects as go

from core.numerals import compact

MOST_AXES = 4
TAGS = re.compile(r"<[^>]*>")


def in_numbers(figure: go.Figure) -> str:
    """Say how many series and points a figure has, and the ends of each axis.

    >>> bars = go.Bar(x=["a", "b"], y=[0.25, 1.5])
    >>> layout = {"yaxis": {"title": {"text": "Score"}}}
    >>> in_numbers(go.Figure(bars, layout))
    '1 series, 2 points; Score from 0.25 to 1.5'
    >>> in_numbers(go.Figure(go.Heatmap(z=[[0, 1, 2], [1, 2, 3]])))
    '2 rows and 3 columns of cells, from 0 to 3'
    >>> in_numbers(go.Figure())
    'nothing is drawn'
    """
    told = [
        _cells(trace) for trace in figure.data if getattr(trace, "z", None) is not None
    ]
    drawn = [trace for trace in figure.data if _points(trace)]
    if drawn:
        points = sum(map(_points, drawn))
        told.append(f"{len(drawn):,} series, {points:,} points")
        told += list(_ends(figure, drawn))[:MOST_AXES]
    return "; ".join(told) or "nothing is drawn"


def _points(trace: object) -> int:
    if getattr(trace, "z", None) is not None:
        return 0
    values = [getattr(trace, name, None) for name in ("x", "y")]
    return max((len(one) for one in values if one is not None), default=0)


def _cells(trace: object) -> str:
    rows = len(trace.z)
    columns = len(trace.z[0]) if rows else 0
    size = f"{rows:,} rows and {columns:,} columns of cells"
    numbers = _finite(np.ravel(trace.z)) if rows else []
    return size + (f", {_from_to(numbers)}" if len(numbers) else "")


def _ends(figure: go.Figure, drawn: list) -> Iterator[str]:
    """Tell the ends of every axis that has a title and numbers."""
    held: dict[str, list[np.ndarray]] = {}
    for trace in drawn:
        for side in ("x", "y"):
            values = getattr(trace, side, None)
            if values is not None:
                number = (getattr(trace, f"{side}axis", None) or side).removeprefix(
                    side
                )
                held.setdefault(f"{side}axis{number}", []).append(_finite(values))
    for name, parts in held.items():
        numbers, axis = np.concatenate(parts), figure.layout[name]
        title = TAGS.sub(" ", axis.title.text or "").strip()
        if title and len(numbers):
            yield f"{title} {_from_to(numbers, str(axis.tickformat or ''))}"


def _finite(values: object) -> np.ndarray:
    """Keep what is a number; names and dates are none."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        if array.dtype.kind != "O":
            return np.empty(0)
        array = np.array([one for one in array if isinstance(one, int | float)])
    array = array.astype(float)
    return array[np.isfinite(array)]


def _from_to(numbers: np.ndarray, written: str = "") -> str:
    low, high = float(np.min(numbers)), float(np.max(numbers))
    if "%" in written:
        return f"from {100 * low:.3g} % to {100 * high:.3g} %"
    return f"from {compact(low)} to {compact(high)}"
