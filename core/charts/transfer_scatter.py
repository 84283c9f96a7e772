"""Predicted against true accuracy: every model a point. Knows a frame of points."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts.theme import GREY, SCREEN, escape, family_styles, resolve


def predicted_against_true(
    points: pd.DataFrame,
    *,
    predicted_title: str,
    true_title: str = "True accuracy of a trained head",
    same_scale: bool = False,
    template: str | go.layout.Template = SCREEN,
) -> go.Figure:
    """Scatter `accuracy` against `predicted`, one look a `family`, with Pearson's r.

    `points` has the columns model, family, predicted and accuracy, and where there are
    several, task. With `same_scale` both axes are accuracies and the diagonal is where
    a prediction is exact.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "scatter"})
    figure.update_layout(meta={"paper_inches": {"single": 2.6, "double": 3.6}})
    families = sorted(points["family"].dropna().unique())
    for family, style in family_styles(families).items():
        rows = points[points["family"] == family]
        names = rows["model"].map(escape)
        if "task" in rows and rows["task"].nunique() > 1:
            names = names + ", " + rows["task"].map(escape)
        figure.add_scatter(
            x=rows["predicted"], y=rows["accuracy"], name=escape(family),
            text=names, mode="markers",
            marker={"color": style.color, "symbol": style.symbol, "size": 8},
            hovertemplate="%{text}<br>predicted %{x:.3f}<br>true %{y:.1%}"
            "<extra></extra>",
        )  # fmt: skip
    if same_scale and len(points):
        _diagonal(figure, points)
    is_share = "~%" if same_scale else None
    figure.update_xaxes(title_text=predicted_title, tickformat=is_share)
    figure.update_yaxes(title_text=true_title, tickformat="~%")
    figure.add_annotation(
        text=correlation_text(points), xref="paper", yref="paper", x=0.99, y=0.02,
        xanchor="right", yanchor="bottom", showarrow=False,
    )  # fmt: skip
    return figure


def correlation_text(points: pd.DataFrame) -> str:
    """Write Pearson's correlation with the count of points.

    >>> correlation_text(pd.DataFrame({"predicted": [1, 2, 3], "accuracy": [2, 4, 6]}))
    'r = 1.00, n = 3'
    """
    x, y = points["predicted"].to_numpy(float), points["accuracy"].to_numpy(float)
    if len(points) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return f"no correlation, n = {len(points)}"
    return f"r = {np.corrcoef(x, y)[0, 1]:.2f}, n = {len(points)}"


def _diagonal(figure: go.Figure, points: pd.DataFrame) -> None:
    both = points[["predicted", "accuracy"]]
    ends = [float(both.min().min()), float(both.max().max())]
    figure.add_scatter(
        x=ends, y=ends, mode="lines", name="exact", hoverinfo="skip",
        line={"color": GREY, "dash": "dot", "width": 1},
    )  # fmt: skip
