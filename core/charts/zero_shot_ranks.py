"""Where models stand: rankings side by side, and the consensus with what is not known.
Knows frames of ranks, not the survey.
"""

import pandas as pd
import plotly.graph_objects as go

from core.charts.theme import GREY, INK_PAPER, PALETTE, SCREEN, escape, resolve

ROW_PX = 30
STRONG, PALE = PALETTE[0], "#DCE8F8"
READABLE = 0.6
"""From this share of the strong color on, white is read better than black."""


def rank_matrix(
    ranked: pd.DataFrame,
    models: pd.DataFrame,
    *,
    template: str | go.layout.Template = SCREEN,
) -> go.Figure:
    """Draw a row a model, in the order of `models`, and a column a ranking.

    A square holds the rank, strong for the first and pale for the last; a row whose
    squares differ in strength is a model that the rankings do not agree on. `ranked` is
    of core.zero_shot.rankings, `models` has model and name.
    """
    rows = ranked[ranked["model"].isin(models["model"])]
    titles = list(rows["title"].value_counts().index)
    height = {model: place for place, model in enumerate(models["model"])}
    last = max(2, int(rows["rank"].max())) if len(rows) else 2
    strength = 1 - (rows["rank"] - 1) / (last - 1)
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "ranks"})
    figure.add_scatter(
        x=[titles.index(title) for title in rows["title"]],
        y=rows["model"].map(height), mode="markers+text", showlegend=False,
        text=rows["rank"].astype(str), cliponaxis=False,
        textfont={"size": 12, "color": [
            "white" if one >= READABLE else INK_PAPER for one in strength
        ]},
        marker={"symbol": "square", "size": 24, "line": {"width": 0},
                "color": [_shade(one) for one in strength]},
        customdata=[
            [escape(text) for text in texts]
            for texts in rows[["name", "title", "label", "rank", "of"]].to_numpy()
        ],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<br>as "
        "%{customdata[2]}<br>rank %{customdata[3]} of %{customdata[4]}<extra></extra>",
    )  # fmt: skip
    _name_rows(figure, models["name"])
    figure.update_xaxes(
        tickvals=list(range(len(titles))), ticktext=[escape(one) for one in titles],
        range=[-0.6, len(titles) - 0.4], tickangle=-60, showgrid=False,
    )  # fmt: skip
    return _sized(figure, len(models), extra_px=190)


def consensus_range(
    models: pd.DataFrame, *, template: str | go.layout.Template = SCREEN
) -> go.Figure:
    """Draw the mean reciprocal rank of each model as a dot, and down to what is certain
    a line: the same score with nothing for the lists that leave the model out.

    `models` is of core.zero_shot.consensus, the best first.
    """
    figure = go.Figure(
        layout={"template": resolve(template), "uirevision": "consensus"}
    )
    places = list(range(len(models)))
    ends = models[["at_least", "score"]].to_numpy()
    figure.add_scatter(
        x=[x for low, high in ends for x in (low, high, None)],
        y=[y for place in places for y in (place, place, None)],
        mode="lines", line={"color": GREY, "width": 2}, hoverinfo="skip",
        name="Down to: lists that leave it out count nothing",
    )  # fmt: skip
    figure.add_scatter(
        x=models["score"], y=places, mode="markers",
        name="Mean reciprocal rank where listed",
        marker={"color": PALETTE[0], "size": 10},
        customdata=[
            [escape(text) for text in texts]
            for texts in models[["name", "sources", "rankings", "best", "worst"]]
            .to_numpy()
        ],
        hovertemplate="<b>%{customdata[0]}</b><br>mean reciprocal rank %{x:.2f}<br>"
        "sources: %{customdata[1]}, lists: %{customdata[2]}<br>"
        "ranks %{customdata[3]} to %{customdata[4]}<extra></extra>",
    )  # fmt: skip
    _name_rows(figure, models["name"])
    figure.update_xaxes(title_text="Mean reciprocal rank", range=[-0.03, 1.05])
    return _sized(figure, len(models), extra_px=130)


def _name_rows(figure: go.Figure, names: pd.Series) -> None:
    """Name the rows, the first on top."""
    figure.update_yaxes(
        tickvals=list(range(len(names))), ticktext=[escape(name) for name in names],
        range=[len(names) - 0.4, -0.6], ticks="", showgrid=False,
    )  # fmt: skip


def _sized(figure: go.Figure, rows: int, *, extra_px: int) -> go.Figure:
    height = extra_px + ROW_PX * max(1, rows)
    inches = min(8.0, 1.2 + 0.2 * max(1, rows))
    meta = {"paper_inches": {"single": inches, "double": inches}}
    return figure.update_layout(height=height, meta=meta)


def _shade(strength: float) -> str:
    """Mix the strong color into the pale one.

    >>> _shade(0.0), _shade(1.0)
    ('rgb(220,232,248)', 'rgb(21,91,199)')
    """
    strong, pale = (
        [int(color[at : at + 2], 16) for at in (1, 3, 5)] for color in (STRONG, PALE)
    )
    mixed = (
        round(strength * one + (1 - strength) * other)
        for one, other in zip(strong, pale, strict=True)
    )
    return f"rgb({','.join(map(str, mixed))})"
