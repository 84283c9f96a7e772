"""A published count next to ours, finding by finding, as shares of the models. Knows a
frame of findings.
"""

import pandas as pd
import plotly.graph_objects as go

from core.charts.labels import shorten
from core.charts.theme import GREY, PALETTE, SCREEN, escape, resolve

ROW_PX = 24
LABEL_LENGTH = 60
COLORS = {
    "agrees": PALETTE[0], "corrected": PALETTE[2], "similar share": PALETTE[4],
    "differs": PALETTE[1],
}  # fmt: skip


def census_shares(
    findings: pd.DataFrame, *, template: str | go.layout.Template = SCREEN
) -> go.Figure:
    """Draw the share that the study tells as a ring, and ours with its interval.

    `findings` is `core.derived.census.Census.findings`; those that are not checked are
    left out. The share of the study is the one with its known errors mended.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "census"})
    rows = findings.dropna(subset=["share"]).iloc[::-1].reset_index(drop=True)
    figure.add_scatter(
        x=rows["share_expected"].astype(float), y=rows.index, mode="markers",
        name="study", marker={"symbol": "circle-open", "size": 13, "color": GREY,
                              "line": {"width": 2}},
        customdata=_facts(rows, "expected", "of"), hovertemplate=_card("study"),
    )  # fmt: skip
    for standing, color in COLORS.items():
        ours = rows[rows["standing"] == standing]
        if not ours.empty:
            figure.add_trace(_ours(ours, standing, color))
    figure.update_xaxes(title_text="Share of models", tickformat=".0%")
    figure.update_xaxes(range=[-0.04, 1.04])
    figure.update_yaxes(
        tickvals=list(rows.index), ticktext=[_label(row) for row in rows.itertuples()],
        range=[-0.7, max(1, len(rows)) - 0.3],
    )  # fmt: skip
    height = 110 + ROW_PX * max(1, len(rows))
    inches = min(9.0, 0.8 + 0.16 * max(1, len(rows)))
    return figure.update_layout(
        height=height, showlegend=True,
        meta={"paper_inches": {"single": inches, "double": inches}},
    )  # fmt: skip


def _ours(rows: pd.DataFrame, standing: str, color: str) -> go.Scatter:
    share = rows["share"].astype(float)
    return go.Scatter(
        x=share, y=rows.index, mode="markers", name=standing,
        marker={"color": color, "size": 8},
        error_x={
            "type": "data", "symmetric": False, "color": color, "thickness": 1.5,
            "width": 0, "array": rows["high"].astype(float) - share,
            "arrayminus": share - rows["low"].astype(float),
        },
        customdata=_facts(rows, "found", "compared"), hovertemplate=_card("here"),
    )  # fmt: skip


def _facts(rows: pd.DataFrame, count: str, total: str) -> object:
    words = rows[["base", "finding", "patterns"]].map(escape)
    return words.join(rows[[count, total]]).to_numpy(object)


def _card(where: str) -> str:
    return (
        "<b>%{customdata[0]}</b><br>%{customdata[1]}<br>%{customdata[2]}<br>"
        f"{where}: %{{customdata[3]}} of %{{customdata[4]}}, %{{x:.1%}}<extra></extra>"
    )


def _label(row) -> str:
    pattern = row.patterns.partition(",")[0]
    return escape(shorten(f"{row.base.partition('/')[2]}: {pattern}", LABEL_LENGTH))
