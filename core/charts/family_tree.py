"""The family tree from left to right: counts and patterns on its edges. Knows a frame
of branches, not models.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts.labels import shorten
from core.charts.theme import GREY, PALETTE, SCREEN, escape, resolve

ROWS = 60
"""More branches than this are drawn as one, counted."""

LABEL_LENGTH = 34
SOURCES = {
    "declared": ("declared", GREY, "solid"),
    "weights": ("by the weights, not declared", PALETTE[1], "dash"),
}


@dataclass(frozen=True)
class Placed:
    """A branch with the places of its two ends: hops across, rows down."""

    branch: dict[str, object]
    start: tuple[float, float]
    stop: tuple[float, float]


def family_tree(
    base: str, branches: pd.DataFrame, *, template: str | go.layout.Template = SCREEN
) -> go.Figure:
    """Draw the branches of a tree, as `core.derived.tree.branches` counts them.

    The base stands on the left; a line leads to a model that has children of its own,
    or to several of one relation and pattern, with their number.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "tree"})
    rows, rest = branches.iloc[:ROWS], branches.iloc[ROWS:]
    placed = _place(base, rows)
    for source, (name, color, dash) in SOURCES.items():
        lines = [_elbow(each) for each in placed if each.branch["source"] == source]
        if lines:
            x, y = np.concatenate(lines).T
            figure.add_scatter(
                x=x, y=y, mode="lines", name=name, hoverinfo="skip",
                line={"color": color, "dash": dash, "width": 1.4},
            )  # fmt: skip
    _draw_nodes(figure, base, placed)
    if len(rest):
        figure.add_annotation(
            text=f"and {int(rest['models'].sum()):,} models on {len(rest):,} branches",
            x=0, y=0, xref="paper", yref="paper", yanchor="top", showarrow=False,
        )  # fmt: skip
    depth = max((each.stop[0] for each in placed), default=0)
    slots = len({each.stop[1] for each in placed})
    axis = {"visible": False, "fixedrange": True}
    figure.update_layout(
        xaxis=axis | {"range": [-0.15, depth + 1.1]},
        yaxis=axis | {"autorange": "reversed"},
        height=int(np.clip(140 + 26 * slots, 260, 1500)),
        meta={"paper_inches": dict.fromkeys(("single", "double"),
                                            float(np.clip(0.8 + 0.2 * slots, 2, 8)))},
    )  # fmt: skip
    return figure


def branch_label(branch: dict[str, object]) -> str:
    """Say what a branch leads to: a model, or how many of which pattern.

    >>> branch = {"id": "", "models": 37, "relation": "finetune", "kind": "head-only"}
    >>> branch_label(branch), branch_label(branch | {"id": "org/a", "models": 1})
    ('37 × head-only', 'org/a: head-only')
    >>> branch_label(branch | {"relation": "merge"})
    '37 × merge, head-only'
    """
    relation, kind = branch["relation"], branch["kind"]
    plain = relation == "finetune" or relation in str(kind)
    pattern = str(kind) if plain else f"{relation}, {kind}"
    if branch["id"]:
        return f"{shorten(str(branch['id']), LABEL_LENGTH)}: {pattern}"
    return f"{branch['models']:,} × {pattern}"


def _place(base: str, branches: pd.DataFrame) -> list[Placed]:
    """Give every leaf a row of its own and a parent the middle of its children's.

    A model that is met again (a merge, a circle) stays where it was first.
    """
    below: dict[str, list[dict[str, object]]] = {}
    for branch in branches.to_dict("records"):
        below.setdefault(branch["parent"], []).append(branch)
    places: dict[str, tuple[float, float]] = {}
    found: list[tuple[dict[str, object], tuple[float, float] | None]] = []
    rows = iter(range(2 * len(branches) + len(below) + 1))

    def put(name: str, hop: int) -> tuple[float, float]:
        places[name] = (hop, 0.0)
        heights = []
        for branch in sorted(below.get(name, ()), key=lambda each: bool(each["id"])):
            model = str(branch["id"])
            if model in places:
                found.append((branch, None))
                continue
            at = put(model, hop + 1) if model else (hop + 1, float(next(rows)))
            heights.append(at[1])
            found.append((branch, at))
        middle = float(np.mean(heights)) if heights else float(next(rows))
        places[name] = (hop, middle)
        return places[name]

    put(base, 0)
    for stray in list(below):
        if stray not in places:
            put(stray, 0)
    return [
        Placed(branch, places[branch["parent"]], at or places[str(branch["id"])])
        for branch, at in found
    ]


def _elbow(edge: Placed) -> np.ndarray:
    (x, y), (right, down) = edge.start, edge.stop
    turn = x + 0.5 * (right - x if right != x else 1)
    return np.array([(x, y), (turn, y), (turn, down), (right, down), (np.nan, np.nan)])


def _draw_nodes(figure: go.Figure, base: str, placed: list[Placed]) -> None:
    x, y, texts, sizes, colors, sides = zip(*_nodes(base, placed), strict=True)
    figure.add_scatter(
        x=x, y=y, mode="markers+text", text=[escape(text) for text in texts],
        textposition=sides, showlegend=False, cliponaxis=False,
        hovertemplate="%{text}<extra></extra>",
        marker={"size": sizes, "color": colors, "opacity": 1, "line": {"width": 0}},
    )  # fmt: skip


def _nodes(
    base: str, placed: list[Placed]
) -> Iterator[tuple[float, float, str, float, str, str]]:
    """Yield place, text, size, color and side of every node, roots first.

    A root beside the base is a parent that cards name and the family does not hold.
    """
    models = {str(each.branch["id"]) for each in placed}
    starts = {str(each.branch["parent"]): each.start for each in placed}
    for root in dict.fromkeys([base, *starts]):
        if root not in models:
            place, text = starts.get(root, (0, 0)), shorten(root, LABEL_LENGTH)
            color = PALETTE[0] if root == base else GREY
            yield (*place, text, 14, color, "top right")
    most = max((each.branch["models"] for each in placed), default=1)
    seen = set()
    for each in placed:
        name = str(each.branch["id"])
        if name and name in seen:
            continue
        seen.add(name)
        size = 6 + 12 * (each.branch["models"] / most) ** 0.5
        side = "top right" if name in starts else "middle right"
        color = PALETTE[0] if name else PALETTE[2]
        yield (*each.stop, branch_label(each.branch), size, color, side)
