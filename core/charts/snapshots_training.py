"""Accuracy and loss of snapshots, epoch by epoch. Knows a frame of epochs."""

import pandas as pd
import plotly.graph_objects as go

from core.charts.theme import SCREEN, escape, family_styles, resolve

TITLES = {
    "validation_top1": "Validation accuracy",
    "train_top1": "Training accuracy",
    "validation_loss": "Validation loss",
    "train_loss": "Training loss",
}
TICKS = 10


def training_curves(
    epochs: pd.DataFrame,
    measure: str = "validation_top1",
    *,
    template: str | go.layout.Template = SCREEN,
) -> go.Figure:
    """Draw one line a snapshot. `epochs` has a row an epoch: snapshot, epoch (from 0)
    and the measures of TITLES.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": measure})
    is_share = measure.endswith("top1")
    number = ".1%" if is_share else ".4f"
    for name, style in family_styles(list(epochs["snapshot"].unique())).items():
        rows = epochs[epochs["snapshot"] == name]
        figure.add_scatter(
            x=rows["epoch"] + 1, y=rows[measure], mode="lines+markers",
            name=escape(name), line={"color": style.color, "width": 1.6},
            marker={"color": style.color, "symbol": style.symbol, "size": 7},
            hovertemplate=f"epoch %{{x}}: %{{y:{number}}}"
            "<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    apart = max(1, epochs["epoch"].nunique() // TICKS)
    figure.update_xaxes(title_text="Epoch", dtick=apart)
    figure.update_yaxes(title_text=TITLES[measure], tickformat="~%" if is_share else "")
    return figure.update_layout(showlegend=True)
