"""Which class a model takes for which: a confusion matrix. Knows counts."""

import pandas as pd
import plotly.graph_objects as go

from core.charts.labels import shorten
from core.charts.theme import SCREEN, escape, resolve

LABEL_LENGTH = 20
MOST_NUMBERS = 12


def confusion_matrix(
    counts: pd.DataFrame, *, template: str | go.layout.Template = SCREEN
) -> go.Figure:
    """Draw counts (C, C), true classes down, labels across; color is a row's share."""
    figure = go.Figure(
        layout={"template": resolve(template), "uirevision": "confusion"}
    )
    totals = counts.sum(axis=1).to_numpy()[:, None]
    shares = (counts / totals.clip(1)).to_numpy()
    names = [[escape(name) for name in axis] for axis in (counts.index, counts.columns)]
    figure.add_heatmap(
        z=shares, customdata=[names[1]] * len(counts),
        hovertext=[[name] * counts.shape[1] for name in names[0]],
        text=counts.to_numpy() if len(counts) <= MOST_NUMBERS else None,
        texttemplate="%{text}" if len(counts) <= MOST_NUMBERS else None,
        colorscale="Cividis", zmin=0, zmax=1, xgap=1, ygap=1,
        colorbar={"title": {"text": "Share"}, "tickformat": "~%", "thickness": 12},
        hovertemplate="%{hovertext} taken for %{customdata}: %{z:.1%}<extra></extra>",
    )  # fmt: skip
    down, across = (
        [escape(shorten(str(name), LABEL_LENGTH)) for name in axis]
        for axis in (counts.index, counts.columns)
    )
    places = list(range(len(counts)))
    figure.update_xaxes(
        tickmode="array", tickvals=places, ticktext=across, title_text="Label given",
        showgrid=False,
    )  # fmt: skip
    figure.update_yaxes(
        tickmode="array", tickvals=places, ticktext=down, title_text="True class",
        showgrid=False, autorange="reversed",
    )  # fmt: skip
    inches = min(6.0, 1.2 + 0.25 * len(counts))
    return figure.update_layout(
        height=min(720, 200 + 28 * len(counts)),
        meta={"paper_inches": {"single": inches, "double": inches}},
    )  # fmt: skip
