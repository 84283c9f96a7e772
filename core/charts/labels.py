"""Names beside a few points, placed so that none covers another. Knows pixels, not
models.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go

from core.charts.theme import escape

CHARACTER_EM = 0.54
POSITIONS = {
    "top left": (-1.0, 1.0),
    "middle left": (-1.0, 0.0),
    "top center": (-0.5, 1.0),
    "top right": (0.0, 1.0),
    "middle right": (0.0, 0.0),
    "bottom right": (0.0, -1.0),
    "bottom left": (-1.0, -1.0),
}
"""Where plotly may put a text: how far its left edge and its middle are shifted."""


@dataclass(frozen=True)
class Canvas:
    """The drawing area in pixels, its origin at the bottom left, and the text size."""

    width: float
    height: float
    font_px: float
    marker_px: float = 9.0


def place_labels(
    points: np.ndarray,
    texts: list[str],
    obstacles: np.ndarray,
    canvas: Canvas,
    *,
    limit: int = 14,
    crowding: int = 1,
    wanted: Sequence[bool] = (),
) -> list[str | None]:
    """Choose a side for each label, most important first, or None to leave it out.

    `points` (N, 2) are the labelled and `obstacles` (M, 2) all points, in pixels of the
    canvas. A label stays inside, clear of other labels and labelled points, and covers
    at most `crowding` obstacles; a `wanted` one may cover any number.

    >>> place_labels(np.array([[50.0, 50.0]]), ["a"], np.empty((0, 2)),
    ...              Canvas(100, 100, 10))
    ['top left']
    """
    placed: list[np.ndarray] = []
    sides: list[str | None] = []
    wanted = wanted or [False] * len(texts)
    for point, text, is_wanted in zip(points, texts, wanted, strict=True):
        boxes = {side: _box(point, text, side, canvas) for side in POSITIONS}
        costs = {
            side: _covered(box, obstacles)
            for side, box in boxes.items()
            if _fits(box, canvas)
            and not any(_overlap(box, other) for other in placed)
            and not _covered(box, points)
        }
        best = min(costs, key=costs.get, default=None)
        is_crowded = best is not None and costs[best] > crowding and not is_wanted
        if best is None or is_crowded or len(placed) >= limit:
            sides.append(None)
            continue
        placed.append(boxes[best])
        sides.append(best)
    return sides


def relabel(figure: go.Figure, canvas: Canvas, *, limit: int = 14) -> go.Figure:
    """Place the labels of an accuracy chart again for another canvas, in place.

    The trace named "labels" keeps every candidate in its `meta`, and in the second
    column of its `customdata` whether a person picked it; axes have ranges.
    """
    for trace in figure.select_traces({"name": "labels"}):
        sides = place_labels(
            _pixels(figure, trace, canvas),
            list(trace.meta),
            _all_pixels(figure, canvas),
            canvas,
            limit=limit,
            wanted=[is_picked for _, is_picked in trace.customdata],
        )
        trace.text = [
            text if side else "" for text, side in zip(trace.meta, sides, strict=True)
        ]
        trace.textfont.size = canvas.font_px
        trace.textposition = [side or "top left" for side in sides]
    return figure


def thin_ticks(figure: go.Figure, canvas: Canvas, *, longest: int) -> go.Figure:
    """Keep of named ticks only as many as fit, and cut long names, in place."""
    room = {"xaxis": canvas.width, "yaxis": canvas.height}
    for name, pixels in room.items():
        axis = figure.layout[name]
        if axis.ticktext is None:
            continue
        fitting = max(1, int(pixels / (1.2 * canvas.font_px)))
        every = -(-len(axis.ticktext) // fitting)
        axis.tickvals = list(axis.tickvals)[::every]
        axis.ticktext = [
            escape(shorten(unescape(text), longest)) for text in axis.ticktext[::every]
        ]
    return figure


def shorten(text: str, length: int) -> str:
    """Cut the middle out of a long name.

    >>> shorten("facebook/dinov2-base-finetuned", 16)
    'faceboo…inetuned'
    """
    if len(text) <= length:
        return text
    head = (length - 1) // 2
    return f"{text[:head]}…{text[len(text) - (length - 1 - head) :]}"


def fractions(values: object, axis: go.layout.XAxis) -> np.ndarray:
    """Return where values lie along the range of an axis, from 0 to 1."""
    numbers = np.asarray(values, float)
    if axis.type == "log":
        numbers = np.log10(numbers)
    low, high = axis.range
    return (numbers - low) / (high - low)


def _all_pixels(figure: go.Figure, canvas: Canvas) -> np.ndarray:
    clouds = [np.empty((0, 2))]
    for trace in figure.data:
        if trace.mode == "lines":
            clouds.append(_along_steps(_pixels(figure, trace, canvas)))
        elif trace.mode == "markers" and trace.customdata is not None:
            clouds.append(_pixels(figure, trace, canvas))
    return np.concatenate(clouds)


def _along_steps(corners: np.ndarray, every_px: float = 2.0) -> np.ndarray:
    """Return points along a step line that goes across, then up or down."""
    steps = [corners[:1]]
    for start, stop in pairwise(corners):
        turn = np.array([stop[0], start[1]])
        for tail, tip in ((start, turn), (turn, stop)):
            count = max(2, int(np.abs(tip - tail).sum() / every_px))
            steps.append(np.linspace(tail, tip, count, endpoint=False))
    return np.concatenate(steps)


def _pixels(figure: go.Figure, trace: go.Scatter, canvas: Canvas) -> np.ndarray:
    across = fractions(trace.x, figure.layout.xaxis) * canvas.width
    up = fractions(trace.y, figure.layout.yaxis) * canvas.height
    return np.column_stack([across, up])


def _box(point: np.ndarray, text: str, side: str, canvas: Canvas) -> np.ndarray:
    """Return left, bottom, right, top in pixels."""
    width = CHARACTER_EM * canvas.font_px * len(text)
    height = 1.15 * canvas.font_px
    shift, rise = POSITIONS[side]
    gap = canvas.marker_px / 2 + 1
    left = point[0] + shift * width + gap * np.sign(shift + 0.5) * (shift != -0.5)
    middle = point[1] + rise * (height / 2 + gap)
    return np.array([left, middle - height / 2, left + width, middle + height / 2])


def _fits(box: np.ndarray, canvas: Canvas) -> bool:
    return bool(
        box[0] >= 0
        and box[1] >= 0
        and box[2] <= canvas.width
        and box[3] <= canvas.height
    )


def _overlap(one: np.ndarray, other: np.ndarray) -> bool:
    return bool((one[:2] < other[2:]).all() and (other[:2] < one[2:]).all())


def _covered(box: np.ndarray, points: np.ndarray) -> int:
    inside = (points >= box[:2]) & (points <= box[2:])
    return int(inside.all(axis=1).sum())
