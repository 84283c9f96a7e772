"""The scores that one model gives to labels, the highest on top. Knows rows."""

import pandas as pd
import plotly.graph_objects as go

from core.charts.labels import shorten
from core.charts.theme import PALETTE, SCREEN, escape, resolve

LABEL_LENGTH = 28
MOST = 20


def label_scores(
    rows: pd.DataFrame, *, scores: str, template: str | go.layout.Template = SCREEN
) -> go.Figure:
    """Draw the 20 highest scores; `scores` says on what scale they are."""
    shown = rows.head(MOST)
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "scores"})
    figure.add_bar(
        x=shown["score"], y=list(range(len(shown))), orientation="h",
        marker={"color": PALETTE[0], "line": {"width": 0}},
        text=[f"{score:.3f}" for score in shown["score"]], textposition="auto",
        customdata=[escape(label) for label in shown["label"]],
        hovertemplate="%{customdata}: %{x:.4f}<extra></extra>",
    )  # fmt: skip
    labels = [escape(shorten(str(label), LABEL_LENGTH)) for label in shown["label"]]
    figure.update_yaxes(
        tickmode="array", tickvals=list(range(len(shown))), ticktext=labels,
        autorange="reversed", showgrid=False, ticks="",
    )  # fmt: skip
    figure.update_xaxes(title_text=f"Score ({scores})", range=[0, 1])
    inches = 0.8 + 0.2 * max(1, len(shown))
    return figure.update_layout(
        height=130 + 26 * max(1, len(shown)),
        meta={"paper_inches": {"single": inches, "double": inches}},
    )  # fmt: skip
