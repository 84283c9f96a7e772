"""What the memory of a model is for, against what a device has. Knows sizes alone."""

from collections.abc import Mapping

import plotly.graph_objects as go

from core.charts.labels import shorten
from core.charts.theme import GREY, PALETTE, SCREEN, escape, resolve

GIB = 2**30
COLORS = {
    "weights": PALETTE[0], "activations": PALETTE[1], "gradients": PALETTE[2],
    "optimizer": PALETTE[5], "overhead": GREY,
}  # fmt: skip


def memory_parts(
    parts: Mapping[str, int | None],
    *,
    free_bytes: int,
    device: str,
    template: str | go.layout.Template = SCREEN,
) -> go.Figure:
    """Stack the known parts in one bar, and draw a line at what is free."""
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "memory"})
    for name, size_bytes in parts.items():
        if size_bytes:
            figure.add_bar(
                x=[size_bytes / GIB], y=[""], name=name, orientation="h", width=0.5,
                marker={"color": COLORS[name], "line": {"width": 0}},
                hovertemplate=f"{name}: %{{x:.3f}} GiB<extra></extra>",
            )  # fmt: skip
    if free_bytes:
        figure.add_vline(x=free_bytes / GIB, line={"dash": "dash", "color": GREY})
        figure.add_annotation(
            x=free_bytes / GIB, y=1, yref="paper", yanchor="top", xanchor="right",
            showarrow=False, text=f"free: {escape(shorten(device, 28))}",
        )  # fmt: skip
    figure.update_xaxes(title_text="GiB", rangemode="tozero")
    figure.update_yaxes(showticklabels=False, showgrid=False, ticks="")
    return figure.update_layout(
        barmode="stack", height=190, legend_traceorder="normal",
        meta={"paper_inches": {"single": 1.6, "double": 1.6}},
    )  # fmt: skip
