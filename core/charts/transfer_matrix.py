"""Training records as a matrix: models down, tasks across, accuracy as color. Knows a
frame of accuracies.
"""

import pandas as pd
import plotly.graph_objects as go

from core.charts.labels import shorten
from core.charts.theme import SCREEN, escape, resolve

LABEL_LENGTH = 28
MOST_TICKS = 40


def records_matrix(
    accuracy: pd.DataFrame, *, template: str | go.layout.Template = SCREEN
) -> go.Figure:
    """Draw accuracies (M, T), fractions, as they are ordered; what is unknown is empty.

    Names are short on the axes and whole in the card over a cell.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "records"})
    inches = min(6.0, 0.9 + 0.16 * len(accuracy))
    figure.update_layout(meta={"paper_inches": {"single": inches, "double": inches}})
    if not accuracy.size:
        return figure
    figure.add_heatmap(
        z=accuracy.to_numpy("f4"),
        customdata=[list(accuracy.columns.map(escape))] * len(accuracy),
        text=[[escape(name)] * accuracy.shape[1] for name in accuracy.index],
        colorscale="Cividis", xgap=1, ygap=1, hoverongaps=False,
        colorbar={"title": {"text": "Accuracy"}, "tickformat": "~%", "thickness": 12},
        hovertemplate="%{text}<br>%{customdata}<br>%{z:.1%}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(**_ticks(accuracy.columns), showgrid=False, tickangle=-60)
    figure.update_yaxes(**_ticks(accuracy.index), showgrid=False, autorange="reversed")
    return figure


def _ticks(names: pd.Index) -> dict[str, object]:
    """Name as many rows or columns as can be read."""
    every = -(-len(names) // MOST_TICKS)
    return {
        "tickmode": "array",
        "tickvals": list(range(0, len(names), every)),
        "ticktext": [escape(shorten(str(n), LABEL_LENGTH)) for n in names[::every]],
    }
