"""Images of a dataset by class and part. Knows a frame of counts."""

import pandas as pd
import plotly.graph_objects as go

from core.charts.labels import shorten
from core.charts.theme import SCREEN, escape, family_styles, resolve

LABEL_LENGTH = 24
ROW_PX = 20


def class_counts(
    counts: pd.DataFrame, *, template: str | go.layout.Template = SCREEN
) -> go.Figure:
    """Stack the images of each class by part.

    `counts` has the columns class, part and images.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "classes"})
    names = list(counts["class"].unique())
    shown = {name: escape(shorten(str(name), LABEL_LENGTH)) for name in names}
    for part, style in family_styles(list(counts["part"].unique())).items():
        rows = counts[counts["part"] == part]
        figure.add_bar(
            y=rows["class"].map(shown), x=rows["images"], name=escape(part),
            orientation="h", marker={"color": style.color, "line": {"width": 0}},
            hovertemplate="%{y}: %{x:,} images<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.update_xaxes(title_text="Images", tickformat=",d")
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=list(shown.values()),
        autorange="reversed", ticks="",
    )  # fmt: skip
    height = 110 + ROW_PX * max(3, len(names))
    return figure.update_layout(
        barmode="stack", legend_traceorder="normal", showlegend=True,
        height=min(height, 1600),
    )  # fmt: skip
