"""A figure as one small SVG: points, lines or cells that a page can show at once, while
the browser still starts its chart library. Knows no page.
"""

import html
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise

import numpy as np
import plotly.graph_objects as go

from core.charts.freeze_map import LABEL_LENGTH, rectangles
from core.charts.labels import fractions
from core.charts.theme import INK_LIGHT
from core.numerals import compact

LEFT_PX, BOTTOM_PX, LEGEND_PX, LEGEND_ROW_PX = 72, 62, 7, 24
"""What the chart library keeps free beside, below and above the plot area on a screen
of 1,280 px; each row of a legend takes more.
"""

LETTER_PX = 6.6
MOST_MARKS = 10_000
"""Of more points or cells a picture would be no quicker than the chart."""

FEWEST_TICKS = 4
LINE = "rgba(128,128,128,0.6)"
SHAPES = {
    "circle": "M-1 0a1 1 0 1 0 2 0a1 1 0 1 0-2 0z",
    "square": "M-.9-.9h1.8v1.8h-1.8z",
    "diamond": "M0-1.3L1.3 0L0 1.3L-1.3 0z",
    "triangle-up": "M-1.15.6h2.3L0-1.3z",
    "triangle-down": "M-1.15-.6h2.3L0 1.3z",
    "cross": "M-.4-1.2h.8v.8h.8v.8h-.8v.8h-.8v-.8h-.8v-.8h.8z",
    "star": "M0-1.4L.5-.5L1.4-.4L.7.3L.8 1.2L0 .8L-.8 1.2L-.7.3L-1.4-.4L-.5-.5z",
}
"""Outlines of the markers for a radius of 1."""


def first_picture(figure: go.Figure, height: int, *, legend_rows: int) -> str:
    """Draw the markers, lines or cells of a figure, without legend and names of points.

    Returns SVG that fills any width at `height` px, its plot area about where the chart
    library will put it; an empty text for more than MOST_MARKS, and for a figure that
    is neither a map nor has a range of both axes.
    """
    map_ = next((trace for trace in figure.data if trace.type == "heatmap"), None)
    left, bottom = LEFT_PX, BOTTOM_PX
    if map_:
        boxes = list(islice(rectangles(np.asarray(map_.z)), MOST_MARKS + 1))
        drawn, marks = _cells(map_, boxes), len(boxes)
        left, bottom = 8 + _longest_px(map_.y), 30 + _longest_px(map_.x)
    elif figure.layout.xaxis.range and figure.layout.yaxis.range:
        drawn = chain(_axes(figure), _traces(figure))
        marks = sum(0 if trace.x is None else len(trace.x) for trace in figure.data)
    else:
        return ""
    if marks > MOST_MARKS:
        return ""
    top = LEGEND_PX + LEGEND_ROW_PX * legend_rows
    area = (
        f'x="{left:.0f}" y="{top}" width="calc(100% - {left + 2:.0f}px)" '
        f'height="{max(0, height - top - bottom):.0f}"'
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" '
        f'font-size="13" fill="{INK_LIGHT}"><svg {area} overflow="visible">'
        f'<line y2="100%" stroke="{LINE}"/>'
        f'<line x2="100%" y1="100%" y2="100%" stroke="{LINE}"/>'
        f"{''.join(drawn)}</svg></svg>"
    )


def _longest_px(names: Iterable[str]) -> float:
    longest = max(len(html.unescape(name)) for name in names)
    return LETTER_PX * min(longest, LABEL_LENGTH)


def as_address(svg: str) -> str:
    """Return an SVG as the address of an image.

    >>> as_address("<svg/>")
    'data:image/svg+xml;base64,PHN2Zy8+'
    """
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def _traces(figure: go.Figure) -> Iterator[str]:
    for number, trace in enumerate(figure.data):
        if trace.fill or trace.x is None or not len(trace.x) or trace.x[0] is None:
            continue
        x = 100 * fractions(trace.x, figure.layout.xaxis)
        y = 100 - 100 * fractions(trace.y, figure.layout.yaxis)
        if trace.mode == "lines":
            yield _line(trace.line, x, y)
        elif trace.mode == "markers":
            yield _markers(f"m{number}", trace.marker, x, y)


def _markers(
    prefix: str, marker: go.scatter.Marker, x: np.ndarray, y: np.ndarray
) -> str:
    """Return the points as copies of a few shapes, one for every look among them."""
    columns = [
        list(value) if isinstance(value, tuple | np.ndarray) else [value] * len(x)
        for value in (marker.symbol, marker.size, marker.opacity)
    ]
    looks = list(zip(*columns, strict=True))
    color = html.escape(marker.color or INK_LIGHT)
    name = {look: f"{prefix}-{i}" for i, look in enumerate(dict.fromkeys(looks))}
    shapes = "".join(_shape(name[look], *look, color) for look in name)
    points = "".join(
        f'<use href="#{name[look]}" x="{across:.2f}%" y="{down:.2f}%"/>'
        for look, across, down in zip(looks, x.tolist(), y.tolist(), strict=True)
    )
    return f"<defs>{shapes}</defs>{points}"


def _shape(name: str, symbol: str, size: float, opacity: float, color: str) -> str:
    outline = SHAPES.get(str(symbol).removesuffix("-open"), SHAPES["circle"])
    is_open = str(symbol).endswith("-open")
    paint = f'fill="none" stroke="{color}"' if is_open else f'fill="{color}"'
    radius = (size or 6) / 2
    return (
        f'<path id="{name}" d="{outline}" {paint} transform="scale({radius:.2f})" '
        f'stroke-width="{1.5 / radius:.2f}" opacity="{opacity or 1:.2f}"/>'
    )


def _line(line: go.scatter.Line, x: np.ndarray, y: np.ndarray) -> str:
    """Return a line, with its steps."""
    corners = [(x[0], y[0])]
    for before, point in pairwise(zip(x, y, strict=True)):
        corners += [(point[0], before[1])] * (line.shape == "hv") + [point]
    path = "L".join(f"{across:.2f} {down:.2f}" for across, down in corners)
    return (
        '<svg viewBox="0 0 100 100" preserveAspectRatio="none" overflow="visible">'
        f'<path d="M{path}" fill="none" stroke="{html.escape(str(line.color))}" '
        f'stroke-width="{line.width or 2}" vector-effect="non-scaling-stroke"/></svg>'
    )


def _cells(heatmap: go.Heatmap, boxes: Sequence[tuple]) -> Iterator[str]:
    """Yield a path through all equal cells for every color."""
    rows, columns = np.shape(heatmap.z)
    paths: dict[int, list[str]] = {}
    for code, (left, top, right, bottom) in boxes:
        box = f"M{left} {top:.0f}h{right - left}v{bottom - top:.0f}h{left - right}z"
        paths.setdefault(code, []).append(box)
    yield (
        f'<svg viewBox="0 0 {columns} {rows}" preserveAspectRatio="none" '
        'shape-rendering="crispEdges">'
    )
    for code, cells in paths.items():
        share = (code - heatmap.zmin) / (heatmap.zmax - heatmap.zmin)
        color = [color for edge, color in heatmap.colorscale if edge <= share][-1]
        yield f'<path fill="{html.escape(color)}" d="{"".join(cells)}"/>'
    yield "</svg>"


def _axes(figure: go.Figure) -> Iterator[str]:
    """Yield what is written at both axes: round numbers, and the titles."""
    for axis, place in (
        (figure.layout.xaxis, 'x="{at:.2f}%" y="100%" dy="22" text-anchor="middle"'),
        (figure.layout.yaxis, 'x="-8" y="{up:.2f}%" dy="4" text-anchor="end"'),
    ):
        values = _round_values(axis)
        shares = 100 * fractions(values, axis)
        for value, share in zip(values, shares, strict=True):
            text = _written(value, axis)
            yield f"<text {place.format(at=share, up=100 - share)}>{text}</text>"
    across, up = figure.layout.xaxis.title.text, figure.layout.yaxis.title.text
    yield f'<text x="50%" y="100%" dy="50" text-anchor="middle">{across or ""}</text>'
    yield '<svg y="50%" overflow="visible"><text transform="rotate(-90)" y="-58" '
    yield f'text-anchor="middle">{up or ""}</text></svg>'


def _written(value: float, axis: go.layout.XAxis) -> str:
    if "%" in (axis.tickformat or ""):
        return f"{100 * value:g}%"
    text = f"{value:g}" if value < 10_000 else compact(value).replace(" ", "")
    return text + (axis.ticksuffix or "")


def _round_values(axis: go.layout.XAxis) -> list[float]:
    """Return round numbers in the range of an axis: powers of ten, or equal steps."""
    low, high = axis.range
    if axis.type == "log":
        digits = (1,) if high - low > FEWEST_TICKS else (1, 2, 5)
        powers = range(int(np.floor(low)), int(np.ceil(high)) + 1)
        values = [digit * 10.0**power for power in powers for digit in digits]
        return [value for value in values if low <= np.log10(value) <= high]
    rough = (high - low) / FEWEST_TICKS
    step = 10.0 ** np.floor(np.log10(rough)) if rough > 0 else 1.0
    step *= max(digit for digit in (1, 2, 5) if digit * step <= rough or digit == 1)
    first = int(np.ceil(low / step))
    return [round(step * i, 10) for i in range(first, int(np.floor(high / step)) + 1)]
