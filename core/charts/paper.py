"""The same figure for a paper: column width, paper look, markers and labels to scale.
Knows pixels and inches, not data.
"""

import math
from typing import Literal

import plotly.graph_objects as go

from core.charts.labels import Canvas, relabel, thin_ticks
from core.charts.theme import PAPER_FONT_PX, SMALL_SHARE, paper_template

Column = Literal["single", "double"]

WIDTH_INCHES: dict[Column, float] = {"single": 3.25, "double": 6.75}
HEIGHT_INCHES: dict[Column, float] = {"single": 3.0, "double": 3.75}
MARKER_SHRINK: dict[Column, float] = {"single": 0.6, "double": 0.75}
LABEL_LENGTH: dict[Column, int] = {"single": 20, "double": 32}
CSS_PX_PER_INCH = 96


def height_inches_of(figure: go.Figure, column: Column) -> float:
    """Return the height that the figure asks for, or that of any chart."""
    meta = figure.layout.meta or {}
    return meta.get("paper_inches", HEIGHT_INCHES)[column]


def paper_figure(figure: go.Figure, column: Column, height_px: float) -> go.Figure:
    """Return a copy of `figure` in the paper's look, markers and labels to scale."""
    drawn = go.Figure(figure)
    drawn.update_layout(template=paper_template(), title=None, width=None, height=None)
    for trace in drawn.select_traces(_has_sized_markers):
        trace.marker.size = _shrunk(trace.marker.size, MARKER_SHRINK[column])
        if isinstance(trace.marker.line.width, int | float):
            trace.marker.line.width *= MARKER_SHRINK[column]
    canvas = _plot_area(drawn, column, height_px)
    thin_ticks(drawn, canvas, longest=LABEL_LENGTH[column])
    return relabel(drawn, canvas, limit=7 if column == "single" else 14)


def _plot_area(figure: go.Figure, column: Column, height_px: float) -> Canvas:
    """Estimate what legend and axis labels leave of the page."""
    em = 0.48 * PAPER_FONT_PX
    beside, below = (
        em * min(max(map(len, axis.ticktext or ("100%",))), LABEL_LENGTH[column])
        for axis in (figure.layout.yaxis, figure.layout.xaxis)
    )
    page = WIDTH_INCHES[column] * CSS_PX_PER_INCH
    legend = 19 * _legend_lines(figure, page, SMALL_SHARE * em) + 10
    return Canvas(
        width=page - beside - 15,
        height=height_px - legend - max(below, PAPER_FONT_PX) - 30,
        font_px=SMALL_SHARE * PAPER_FONT_PX,
        marker_px=6,
    )


def _legend_lines(figure: go.Figure, width: float, em: float) -> int:
    """Count the lines of a horizontal legend: groups flow, others form columns."""
    shown = [trace for trace in figure.data if trace.showlegend is not False]
    if not shown:
        return 0
    widths = [40 + em * len(trace.name or "") for trace in shown]
    if any(trace.legendgroup for trace in shown):
        return math.ceil(sum(widths) / width)
    return math.ceil(len(shown) / max(1, width // max(widths)))


def _has_sized_markers(trace: go.Scatter) -> bool:
    drawn = getattr(trace, "mode", None) or ""
    return "markers" in drawn and trace.marker.size is not None


def _shrunk(size: object, factor: float) -> object:
    if isinstance(size, int | float):
        return size * factor
    return [value * factor for value in size]
