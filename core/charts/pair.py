"""Two derived models over the layers of their base: how far each moved. Knows the frame
of `core.derived.pair`, not the files.
"""

import pandas as pd
import plotly.graph_objects as go

from core.charts.theme import PALETTE, SCREEN, SYMBOLS, escape, resolve

SIDES = ("first", "second")


def pair_profile(
    sides: pd.DataFrame,
    names: tuple[str, str],
    *,
    template: str | go.layout.Template = SCREEN,
) -> go.Figure:
    """Draw the relative distance of every parameter from the base, one color a model.

    `sides` has block, order, tensor, is_parameter and `relative_l2_first`,
    `relative_l2_second`; the line joins the medians of the layers.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "pair"})
    rows = sides[sides["is_parameter"]].sort_values("order", kind="stable")
    blocks = [escape(block) for block in rows["block"].unique()]
    figure.update_xaxes(
        type="category", categoryorder="array", categoryarray=blocks, title_text="Layer"
    )
    figure.update_yaxes(
        title_text="Relative change ‖child − base‖ / ‖base‖", rangemode="tozero"
    )
    for place, side in enumerate(SIDES):
        measured = rows.dropna(subset=[f"relative_l2_{side}"])
        if len(measured):
            _add_side(figure, measured, f"relative_l2_{side}", names[place], place)
    return figure


def _add_side(
    figure: go.Figure, rows: pd.DataFrame, column: str, name: str, place: int
) -> None:
    color, symbol = PALETTE[place], SYMBOLS[place]
    figure.add_scatter(
        x=rows["block"].map(escape), y=rows[column], mode="markers", name=escape(name),
        legendgroup=str(place),
        customdata=rows[["tensor"]].map(escape).to_numpy(object),
        hovertemplate="<b>%{customdata[0]}</b><br>%{x}: %{y:.3g}<extra></extra>",
        marker={"color": color, "symbol": symbol, "size": 7, "opacity": 0.7},
    )  # fmt: skip
    medians = rows.groupby("block", sort=False)[column].median()
    figure.add_scatter(
        x=[escape(block) for block in medians.index], y=medians, mode="lines",
        name=f"{escape(name)}, median", legendgroup=str(place), showlegend=False,
        hoverinfo="skip", line={"color": color, "width": 1.6},
    )  # fmt: skip
