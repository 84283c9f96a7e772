"""Estimates with their intervals, one a row: rankers by correlation, models by expected
accuracy. Knows a frame with value, low and high.
"""

import pandas as pd
import plotly.graph_objects as go

from core.charts.labels import shorten
from core.charts.theme import SCREEN, escape, family_styles, resolve

LABEL_LENGTH = 30


def intervals(
    rows: pd.DataFrame,
    *,
    title: str,
    as_percent: bool = False,
    template: str | go.layout.Template = SCREEN,
) -> go.Figure:
    """Draw each row's value with its interval, the first on top, one look a `kind`.

    `rows` has the columns name, kind, value, low and high.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": title})
    inches = min(6.0, 0.8 + 0.2 * max(1, len(rows)))
    figure.update_layout(meta={"paper_inches": {"single": inches, "double": inches}})
    number = ".1%" if as_percent else ".3f"
    for kind, style in family_styles(list(dict.fromkeys(rows["kind"]))).items():
        part = rows[rows["kind"] == kind]
        figure.add_scatter(
            x=part["value"], y=_labels(part["name"]), name=escape(kind),
            mode="markers", customdata=part[["low", "high"]].to_numpy(float),
            marker={"color": style.color, "symbol": style.symbol, "size": 9},
            error_x={
                "type": "data", "symmetric": False, "thickness": 1.2, "width": 3,
                "array": part["high"] - part["value"],
                "arrayminus": part["value"] - part["low"],
            },
            hovertemplate=f"%{{y}}: %{{x:{number}}} (%{{customdata[0]:{number}}} to "
            f"%{{customdata[1]:{number}}})<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(title_text=title, tickformat="~%" if as_percent else None)
    figure.update_yaxes(
        type="category", categoryorder="array", autorange="reversed",
        categoryarray=_labels(rows["name"]), showgrid=False, ticks="",
    )  # fmt: skip
    return figure.update_layout(height=130 + 24 * max(1, len(rows)))


def _labels(names: pd.Series) -> list[str]:
    return [escape(shorten(str(name), LABEL_LENGTH)) for name in names]
