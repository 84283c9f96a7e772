"""The score of zero-shot checkpoints against what they cost, with the Pareto front.
Knows the columns of core.zero_shot.points.
"""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from core.charts.accuracy import accuracy_vs_cost
from core.charts.axes import Metric
from core.charts.theme import SCREEN, escape
from core.tables.filters import pareto_front

COSTS: Mapping[str, str] = {
    "params": "Parameters",
    "gmacs": "Multiply–accumulates (GMACs)",
    "weights": "Memory of the weights at 16 bits",
    "peak": "Memory of weights and activations at 16 bits, one image",
}
IN_BYTES = frozenset({"weights", "peak"})


def score_vs_cost(
    points: pd.DataFrame,
    *,
    cost: str = "params",
    metric: str = "Score",
    template: str | go.layout.Template = SCREEN,
) -> go.Figure:
    """Scatter the checkpoints of one benchmark; the front is over those drawn.

    `metric` names the score, such as "zero-shot top-1 on ImageNet-1K". Rows without the
    score or the cost are left out.
    """
    drawn = points.dropna(subset=[cost, "accuracy"])
    title = metric[:1].upper() + metric[1:]
    figure = accuracy_vs_cost(
        drawn,
        x=cost,
        front=pareto_front(drawn, cost, "accuracy"),
        metric=Metric(escape(title)),
        template=template,
    )
    return figure.update_xaxes(
        title_text=COSTS[cost],
        ticksuffix="B" if cost in IN_BYTES else "",
        exponentformat="SI" if cost in IN_BYTES else "B",
    )
