"""How deep snapshots are retrained: a histogram of the retrain index, one look a
distribution. Knows a frame of draws.
"""

import pandas as pd
import plotly.graph_objects as go

from core.charts.theme import SCREEN, escape, family_styles, resolve


def index_histogram(
    draws: pd.DataFrame,
    *,
    points: int | None = None,
    template: str | go.layout.Template = SCREEN,
) -> go.Figure:
    """Draw the share of each index, side by side for each `distribution`.

    `draws` has a row a draw: distribution and index. `points` is how many indices the
    network has; without it the largest draw ends the axis.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "index"})
    last = int(draws["index"].max()) if points is None and len(draws) else 0
    every = range(points if points is not None else last + 1)
    for name, style in family_styles(list(draws["distribution"].unique())).items():
        own = draws.loc[draws["distribution"] == name, "index"]
        counts = own.value_counts().reindex(every, fill_value=0)
        figure.add_bar(
            x=list(every), y=counts / max(len(own), 1), name=escape(name),
            customdata=counts, marker={"color": style.color, "line": {"width": 0}},
            hovertemplate="index %{x}: %{customdata:,} of "
            f"{len(own):,} (%{{y:.1%}})<extra>%{{fullData.name}}</extra>",
        )  # fmt: skip
    figure.update_xaxes(
        title_text="Retrain index (blocks trained before the head)", tickformat="d",
        dtick=1 if len(every) <= 30 else None,
    )  # fmt: skip
    figure.update_yaxes(title_text="Share of snapshots", tickformat="~%")
    return figure.update_layout(barmode="group", bargap=0.15, showlegend=True)
