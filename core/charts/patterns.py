"""A family at a glance: how many models of each freeze pattern, and how deep they are
frozen. Knows a frame of models.
"""

import pandas as pd
import plotly.graph_objects as go

from core.charts.theme import GREY, PALETTE, SCREEN, escape, family_styles, resolve


def pattern_counts(
    models: pd.DataFrame, *, template: str | go.layout.Template = SCREEN
) -> go.Figure:
    """Draw the number of models per `kind`, the most frequent on top.

    A model without a kind could not be compared and counts as "failed".
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "patterns"})
    kinds = models["kind"].replace("", None)
    counts = kinds.fillna("failed").value_counts().iloc[::-1]
    colors = [GREY if kind == "failed" else PALETTE[0] for kind in counts.index]
    figure.add_bar(
        x=counts, y=[escape(kind) for kind in counts.index], orientation="h",
        text=counts, textposition="outside", cliponaxis=False, showlegend=False,
        marker={"color": colors, "line": {"width": 0}},
        hovertemplate="%{y}: %{x} models<extra></extra>",
    )  # fmt: skip
    step = max(1, -(-int(counts.max() if len(counts) else 1) // 5))
    figure.update_xaxes(
        title_text="Models", rangemode="tozero", tickformat="d", dtick=step
    )
    figure.update_yaxes(type="category", showgrid=False, ticks="")
    figure.update_layout(height=110 + 26 * max(1, len(counts)), bargap=0.35)
    inches = min(5.0, 0.7 + 0.22 * max(1, len(counts)))
    figure.update_layout(meta={"paper_inches": {"single": inches, "double": inches}})
    return figure


def frozen_depth(
    models: pd.DataFrame, *, template: str | go.layout.Template = SCREEN
) -> go.Figure:
    """Draw how many models keep how many of the base's first or last blocks.

    Rows without `frozen_blocks` (other patterns, failures) are left out.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "depth"})
    known = models.dropna(subset=["frozen_blocks"])
    kinds = sorted(known["kind"].dropna().unique())
    for kind, style in family_styles(kinds).items():
        depths = known.loc[known["kind"] == kind, "frozen_blocks"]
        counts = depths.astype(int).value_counts().sort_index()
        figure.add_bar(
            x=counts.index, y=counts, name=escape(kind),
            marker={"color": style.color, "line": {"width": 0}},
            hovertemplate="%{y} models with %{x} blocks frozen<extra></extra>",
        )  # fmt: skip
    figure.update_layout(
        barmode="stack",
        legend_traceorder="normal",
        showlegend=len(kinds) > 1,
        bargap=0.25,
    )
    figure.update_xaxes(title_text="Blocks frozen", tickformat="d")
    figure.update_yaxes(title_text="Models", tickformat="d")
    return figure
