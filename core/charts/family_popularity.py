"""Which of a family's models people download, and when they were made. Knows a frame of
models and a frame of periods.
"""

import pandas as pd
import plotly.graph_objects as go

from core.charts.family_shares import commonest
from core.charts.labels import shorten
from core.charts.theme import GREY, PALETTE, SCREEN, escape, family_styles, resolve

LABEL_LENGTH = 40
ROW_PX = 34


def downloads_by_pattern(
    models: pd.DataFrame,
    medians: pd.DataFrame,
    *,
    template: str | go.layout.Template = SCREEN,
) -> go.Figure:
    """Draw each model's downloads by pattern, with the median and its interval.

    `medians` is `core.derived.summary.popularity` of the same models. The scale is
    logarithmic above 1; a model without downloads stands at 1.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "popular"})
    known = models[models["status"] == "ok"].dropna(subset=["downloads"])
    figure.add_scatter(
        x=known["downloads"].astype(float).clip(lower=1), y=known["kind"].map(escape),
        mode="markers", name="one model", customdata=_names(known),
        marker={"color": PALETTE[0], "size": 7, "opacity": 0.45},
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]:,} downloads"
        "<extra></extra>",
    )  # fmt: skip
    ends = medians[["median", "low", "high"]].astype(float).clip(lower=1)
    figure.add_scatter(
        x=ends["median"], y=medians["kind"].map(escape), mode="markers", name="median",
        marker={"color": PALETTE[1], "symbol": "diamond", "size": 11},
        error_x={
            "type": "data", "symmetric": False, "color": PALETTE[1], "thickness": 2,
            "array": (ends["high"] - ends["median"]).fillna(0),
            "arrayminus": (ends["median"] - ends["low"]).fillna(0),
        },
        customdata=medians[["models"]].to_numpy(object),
        hovertemplate="median of %{customdata[0]} models: %{x:,.0f}<extra></extra>",
    )  # fmt: skip
    kinds = list(medians["kind"].map(escape))
    figure.update_xaxes(
        type="log", title_text="Downloads", exponentformat="SI", dtick=1
    )
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=kinds[::-1]
    )
    return figure.update_layout(height=120 + ROW_PX * max(1, len(kinds)))


def models_over_time(
    periods: pd.DataFrame, *, template: str | go.layout.Template = SCREEN
) -> go.Figure:
    """Stack the models made in each period by pattern.

    `periods` is `core.derived.summary.over_time`: period, kind, models.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "time"})
    for kind, style in family_styles(commonest(periods)).items():
        rows = periods[periods["kind"] == kind]
        figure.add_bar(
            x=rows["period"], y=rows["models"], name=escape(kind),
            marker={"color": style.color, "line": {"width": 0}},
            hovertemplate="%{x|%b %Y}: %{y} models<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.update_layout(barmode="stack", legend_traceorder="normal", showlegend=True)
    figure.update_xaxes(type="date", title_text="Created")
    return figure.update_yaxes(title_text="Models", tickformat="d", rangemode="tozero")


def reported_values(
    ranked: pd.DataFrame,
    title: str,
    *,
    is_share: bool,
    template: str | go.layout.Template = SCREEN,
) -> go.Figure:
    """Draw the comparable values that children report, the best on top.

    `ranked` is `core.derived.best_child.rank_children`; who shares the first rank is in
    color, the others are grey.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "best"})
    rows = ranked.dropna(subset=["value"])
    falls = rows.empty or rows["value"].iloc[0] >= rows["value"].iloc[-1]
    rows = rows.sort_values("value", ascending=falls, kind="stable")
    names = [escape(shorten(name, LABEL_LENGTH)) for name in rows["id"]]
    figure.add_scatter(
        x=rows["value"].astype(float), y=list(range(len(rows))), mode="markers",
        customdata=_names(rows), name="reported",
        marker={
            "size": 9,
            "color": [PALETTE[0] if rank == 1 else GREY for rank in rows["rank"]],
        },
        hovertemplate="<b>%{customdata[0]}</b><br>%{x:.4g}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(title_text=escape(title), tickformat="~%" if is_share else None)
    figure.update_yaxes(
        tickvals=list(range(len(rows))), ticktext=names, range=[-0.7, len(rows) - 0.3]
    )
    figure.update_layout(showlegend=False)
    return figure.update_layout(height=90 + 24 * max(1, len(rows)))


def _names(rows: pd.DataFrame) -> object:
    return rows[["id", "downloads"]].assign(id=rows["id"].map(escape)).to_numpy(object)
