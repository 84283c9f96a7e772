"""The freeze map: models down, layers across in forward order, one color per verdict.
Knows codes and names, not checkpoints.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts.labels import shorten
from core.charts.theme import SCREEN, escape, resolve

SCREEN_ABSENT = "rgba(128,128,128,0.22)"
WORDS_UP_TO_CELLS = 20_000
GAPS_UP_TO_ROWS = 80
NAMES_UP_TO_ROWS = 60
LABEL_LENGTH = 32


@dataclass(frozen=True)
class Verdict:
    """What one code of the matrix means and its color in print."""

    word: str
    color: str


VERDICTS: dict[int, Verdict] = {
    0: Verdict("equal", "#0072B2"),
    1: Verdict("changed", "#E69F00"),
    2: Verdict("partly changed", "#F7D894"),
    3: Verdict("reshaped", "#CC79A7"),
    4: Verdict("added", "#009E73"),
    5: Verdict("absent", "#E0E0E0"),
    6: Verdict("unknown", "#9A9A9A"),
}
ABSENT = 5


def freeze_map(
    matrix: pd.DataFrame,
    *,
    labels: Mapping[str, str] | None = None,
    vector: bool = False,
    template: str | go.layout.Template = SCREEN,
) -> go.Figure:
    """Draw which layers of which models equal the base.

    `matrix` holds int8 codes (`VERDICTS`), one row per model id, one column per layer;
    both names are unique. On screen it is one heatmap, quick for 1,500 x 200; with
    `vector` it is filled rectangles, since a heatmap prints as a bitmap. `labels`
    shows other names for ids.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "map"})
    names = _unique_labels(matrix.index, labels or {})
    figure.update_layout(meta={"paper_inches": _paper_inches(len(matrix))})
    if matrix.size:
        draw = _draw_vector if vector else _draw_heatmap
        draw(figure, matrix, names)
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


def _draw_heatmap(figure: go.Figure, matrix: pd.DataFrame, names: list[str]) -> None:
    codes = matrix.to_numpy(np.int8)
    layers = [escape(layer) for layer in matrix.columns]
    models = [escape(name) for name in names]
    gap = 1 if len(matrix) <= GAPS_UP_TO_ROWS else 0
    words = codes.size <= WORDS_UP_TO_CELLS
    figure.add_heatmap(
        z=codes, x=layers, y=models, zmin=-0.5, zmax=6.5, colorscale=_colorscale(),
        showscale=False, xgap=gap, ygap=gap,
        text=_words(codes) if words else None,
        hovertemplate=_hover(np.unique(codes), words),
    )  # fmt: skip
    for code in np.unique(codes).tolist():
        figure.add_scatter(
            x=[None], y=[None], mode="markers", name=VERDICTS[code].word,
            hoverinfo="skip",
            marker={"symbol": "square", "size": 11, "color": _screen_color(code)},
        )  # fmt: skip
    aliases = dict(zip(models, _ticks(names), strict=True))
    figure.update_xaxes(type="category", showgrid=False, title_text="Layer")
    figure.update_yaxes(
        type="category", autorange="reversed", showgrid=False,
        labelalias={name: cut for name, cut in aliases.items() if cut != name},
    )  # fmt: skip
    figure.update_layout(height=int(np.clip(150 + 20 * len(matrix), 260, 900)))


def _hover(codes: np.ndarray, words: bool) -> str:
    key = ", ".join(f"{code} {VERDICTS[code].word}" for code in codes.tolist())
    verdict = "%{text}" if words else f"%{{z}} ({key})"
    return f"<b>%{{y}}</b><br>%{{x}}: {verdict}<extra></extra>"


def _words(codes: np.ndarray) -> np.ndarray:
    return np.array([verdict.word for verdict in VERDICTS.values()], object)[codes]


def _screen_color(code: int) -> str:
    return SCREEN_ABSENT if code == ABSENT else VERDICTS[code].color


def _colorscale() -> list[tuple[float, str]]:
    edges = np.linspace(0, 1, len(VERDICTS) + 1)
    return [
        (float(edge), _screen_color(code))
        for code in VERDICTS
        for edge in edges[code : code + 2]
    ]


def _draw_vector(figure: go.Figure, matrix: pd.DataFrame, names: list[str]) -> None:
    codes = matrix.to_numpy(np.int8)
    gap = 0.14 if len(matrix) <= GAPS_UP_TO_ROWS else 0
    corners: dict[int, list[tuple]] = {}
    for code, box in rectangles(codes, gap=gap):
        corners.setdefault(code, []).append(box)
    for code in sorted(corners):
        x, y = _outline(np.array(corners[code]))
        color = VERDICTS[code].color
        figure.add_scatter(
            x=x, y=y, mode="lines", fill="toself", name=VERDICTS[code].word,
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
