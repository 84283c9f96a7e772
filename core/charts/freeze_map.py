"""The freeze map: models down, layers across in forward order, one color per verdict,
per evidence or per distance. Knows codes and names, not checkpoints.
"""

import html
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts.cells import NOTHING, PALETTES, Palette
from core.charts.labels import shorten
from core.charts.theme import SCREEN, escape, resolve

WORDS_UP_TO_CELLS = 20_000
GAPS_UP_TO_ROWS = 80
NAMES_UP_TO_ROWS = 60
MOST_TICKS = 25
"""Of many rows or columns so many are named; a zoom names others."""

LABEL_LENGTH = 32


def freeze_map(
    matrix: pd.DataFrame,
    *,
    shown: str = "verdict",
    labels: Mapping[str, str] | None = None,
    links: Mapping[str, str] | None = None,
    vector: bool = False,
    template: str | go.layout.Template = SCREEN,
) -> go.Figure:
    """Draw which layers of which models equal the base, and how that is known.

    `matrix` holds int8 codes, one row per model id, one column per layer; both names
    are unique. `shown` names the palette of the codes: "verdict", "evidence" or
    "distance". On screen it is one heatmap, quick for 1,500 x 200; with `vector` it is
    filled rectangles, since a heatmap prints as a bitmap. `labels` shows other names
    for ids, `links` leads from the name of a row to an address.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "map"})
    names = _unique_labels(matrix.index, labels or {})
    figure.update_layout(meta={"paper_inches": _paper_inches(len(matrix))})
    if not matrix.size:
        return figure
    palette = PALETTES[shown]
    if vector:
        _draw_vector(figure, matrix, names, palette)
    else:
        _draw_heatmap(figure, matrix, names, palette)
        _name_rows(figure, names, [(links or {}).get(id) for id in matrix.index])
    return figure


def rectangles(codes: np.ndarray, *, gap: float = 0) -> Iterator[tuple[int, tuple]]:
    """Yield (code, (left, top, right, bottom)) of merged equal cells, in cells.

    Neighbors of a row merge into a run; equal rows merge where no gap parts them.

    >>> list(rectangles(np.array([[0, 0, 1], [0, 0, 1]])))
    [(0, (0, 0.0, 2, 2.0)), (1, (2, 0.0, 3, 2.0))]
    """
    top = 0
    for rows in _row_groups(codes, merge=not gap):
        bottom = top + rows
        left = 0
        for code, run in groupby(codes[top]):
            right = left + len(list(run))
            yield int(code), (left, top + gap / 2, right, bottom - gap / 2)
            left = right
        top = bottom


def _row_groups(codes: np.ndarray, *, merge: bool) -> list[int]:
    if not merge:
        return [1] * len(codes)
    starts = np.flatnonzero((codes[1:] != codes[:-1]).any(axis=1)) + 1
    return np.diff([0, *starts, len(codes)]).tolist()


def _unique_labels(index: pd.Index, labels: Mapping[str, str]) -> list[str]:
    """Name the rows; an id stays where its label is not its own."""
    wanted = pd.Series([labels.get(model, model) for model in index], dtype="str")
    shared = wanted.duplicated(keep=False)
    ids = pd.Series(list(index), dtype="str")
    return wanted.mask(shared, ids).tolist()


def _paper_inches(rows: int) -> dict[str, float]:
    height = float(np.clip(1.9 + 0.14 * rows, 2.2, 6.0))
    return {"single": height, "double": height}


def _draw_heatmap(
    figure: go.Figure, matrix: pd.DataFrame, names: list[str], palette: Palette
) -> None:
    codes = matrix.to_numpy(np.int8)
    present = [code for code in np.unique(codes).tolist() if code != NOTHING]
    gap = 1 if len(matrix) <= GAPS_UP_TO_ROWS else 0
    words = codes.size <= WORDS_UP_TO_CELLS
    figure.add_heatmap(
        z=codes, x=[escape(layer) for layer in matrix.columns],
        y=[escape(name) for name in names],
        zmin=NOTHING - 0.5, zmax=len(palette) - 0.5, colorscale=_colorscale(palette),
        showscale=False, xgap=gap, ygap=gap,
        text=_words(codes, palette) if words else None,
        hovertemplate=_hover(present, palette, words),
    )  # fmt: skip
    for code in present:
        figure.add_scatter(
            x=[None], y=[None], mode="markers", name=palette[code].word,
            hoverinfo="skip",
            marker={"symbol": "square", "size": 11, "color": palette[code].on_screen},
        )  # fmt: skip
    figure.update_xaxes(
        type="category", showgrid=False, title_text="Layer",
        labelalias=_cut(escape(layer) for layer in matrix.columns),
    )  # fmt: skip
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    if len(matrix) > NAMES_UP_TO_ROWS:
        figure.update_yaxes(nticks=MOST_TICKS)
    if len(matrix.columns) > MOST_TICKS:
        figure.update_xaxes(nticks=MOST_TICKS, tickangle=-90)
    figure.update_layout(height=int(np.clip(150 + 20 * len(matrix), 260, 900)))


def _name_rows(
    figure: go.Figure, names: list[str], addresses: list[str | None]
) -> None:
    """Cut long names beside the map, and let them lead to their address."""
    aliases = {}
    for name, cut, address in zip(names, _ticks(names), addresses, strict=True):
        if address:
            aliases[escape(name)] = f'<a href="{html.escape(address)}">{cut}</a>'
        elif cut != escape(name):
            aliases[escape(name)] = cut
    figure.update_yaxes(labelalias=aliases)


def _cut(names: Iterable[str]) -> dict[str, str]:
    cut = {name: escape(shorten(html.unescape(name), LABEL_LENGTH)) for name in names}
    return {name: short for name, short in cut.items() if short != name}


def _hover(present: list[int], palette: Palette, words: bool) -> str:
    key = ", ".join(f"{code} {palette[code].word}" for code in present)
    cell = "%{text}" if words else f"%{{z}} ({key})"
    return f"<b>%{{y}}</b><br>%{{x}}: {cell}<extra></extra>"


def _words(codes: np.ndarray, palette: Palette) -> np.ndarray:
    words = [cell.word for cell in palette.values()]
    return np.array(["in neither", *words], object)[codes - NOTHING]


def _colorscale(palette: Palette) -> list[tuple[float, str]]:
    """Return steps of equal width: nothing first, then each code."""
    colors = ["rgba(0,0,0,0)", *(cell.on_screen for cell in palette.values())]
    edges = np.linspace(0, 1, len(colors) + 1)
    return [
        (float(edge), color)
        for place, color in enumerate(colors)
        for edge in edges[place : place + 2]
    ]


def _draw_vector(
    figure: go.Figure, matrix: pd.DataFrame, names: list[str], palette: Palette
) -> None:
    codes = matrix.to_numpy(np.int8)
    gap = 0.14 if len(matrix) <= GAPS_UP_TO_ROWS else 0
    corners: dict[int, list[tuple]] = {}
    for code, box in rectangles(codes, gap=gap):
        corners.setdefault(code, []).append(box)
    corners.pop(NOTHING, None)
    for code in sorted(corners):
        x, y = _outline(np.array(corners[code]))
        color = palette[code].color
        figure.add_scatter(
            x=x, y=y, mode="lines", fill="toself", name=palette[code].word,
            fillcolor=color, line={"width": 0.4, "color": color}, hoverinfo="skip",
        )  # fmt: skip
    _vector_axes(figure, matrix, names)


def _outline(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return one path through all rectangles, a gap (NaN) after each."""
    left, top, right, bottom = boxes.T
    gap = np.full(len(boxes), np.nan)
    x = np.column_stack([left, right, right, left, left, gap]).ravel()
    y = np.column_stack([top, top, bottom, bottom, top, gap]).ravel()
    return x, y


def _vector_axes(figure: go.Figure, matrix: pd.DataFrame, names: list[str]) -> None:
    rows, layers = matrix.shape
    figure.update_xaxes(
        range=[0, layers], showgrid=False, title_text="Layer", tickangle=-90,
        tickvals=np.arange(layers) + 0.5,
        ticktext=_ticks(matrix.columns),
    )  # fmt: skip
    figure.update_yaxes(range=[rows, 0], showgrid=False)
    if rows <= NAMES_UP_TO_ROWS:
        figure.update_yaxes(
            tickvals=np.arange(rows) + 0.5,
            ticktext=_ticks(names),
        )
    else:
        figure.update_yaxes(title_text=f"{rows:,} models")


def _ticks(names: Iterable[object]) -> list[str]:
    return [escape(shorten(str(name), LABEL_LENGTH)) for name in names]
