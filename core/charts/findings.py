"""An image with the boxes and masks that a model found in it. Knows pixels and rows."""

from base64 import b64encode
from io import BytesIO

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts.labels import shorten
from core.charts.theme import SCREEN, escape, family_styles, resolve

BOX = ["x0", "y0", "x1", "y1"]
LABEL_LENGTH = 24
MASK_ALPHA = 140


def findings(
    picture: bytes,
    size: tuple[int, int],
    rows: pd.DataFrame,
    places: np.ndarray | None = None,
    *,
    template: str | go.layout.Template = SCREEN,
) -> go.Figure:
    """Draw a JPEG of an image of `size` (width, height) pixels, and what is in it.

    `rows` has label and score, and x0, y0, x1, y1 where there are boxes. `places`
    (h, w) has the number of the row that a pixel belongs to, 0 for none. A label has
    one color.
    """
    figure = go.Figure(layout={"template": resolve(template), "uirevision": "findings"})
    styles = family_styles(list(dict.fromkeys(map(str, rows["label"]))))
    _add_image(figure, "data:image/jpeg;base64,", picture, size)
    if places is not None and places.any():
        colors = [styles[str(label)].color for label in rows["label"]]
        _add_image(figure, "data:image/png;base64,", _overlay(places, colors), size)
    if set(BOX) <= set(rows):
        _add_boxes(figure, rows, styles)
    else:
        _add_labels(figure, rows, styles, places)
    wide, high = size
    figure.update_xaxes(range=[0, wide], visible=False, constrain="domain")
    figure.update_yaxes(range=[high, 0], visible=False, scaleanchor="x")
    inches = min(6.0, max(1.0, 3.25 * high / wide + 0.4))
    return figure.update_layout(
        height=round(min(640, max(240, 520 * high / wide))),
        margin={"l": 4, "r": 4, "t": 30, "b": 4}, hovermode="closest",
        meta={"paper_inches": {"single": inches, "double": inches}},
    )  # fmt: skip


def _add_image(
    figure: go.Figure, kind: str, content: bytes, size: tuple[int, int]
) -> None:
    figure.add_layout_image(
        source=kind + b64encode(content).decode(), xref="x", yref="y", x=0, y=0,
        sizex=size[0], sizey=size[1], sizing="stretch", layer="below",
    )  # fmt: skip


def _add_boxes(figure: go.Figure, rows: pd.DataFrame, styles: dict) -> None:
    for label, part in rows.groupby(rows["label"].map(str), sort=False):
        x, y, told = [], [], []
        for x0, y0, x1, y1, score in part[[*BOX, "score"]].to_numpy(float):
            x += [x0, x1, x1, x0, x0, None]
            y += [y0, y0, y1, y1, y0, None]
            told += [score] * 6
        figure.add_scatter(
            x=x, y=y, name=escape(shorten(label, LABEL_LENGTH)), mode="lines",
            line={"color": styles[label].color, "width": 2.5}, customdata=told,
            hovertemplate=f"{escape(label)}: %{{customdata:.3f}}<extra></extra>",
        )  # fmt: skip


def _add_labels(
    figure: go.Figure, rows: pd.DataFrame, styles: dict, places: np.ndarray | None
) -> None:
    """Name in the legend the labels that any pixel has."""
    seen = set() if places is None else set(np.unique(places).tolist())
    for number, label in enumerate(rows["label"].map(str), start=1):
        if number in seen:
            figure.add_scatter(
                x=[None], y=[None], name=escape(shorten(label, LABEL_LENGTH)),
                mode="markers", showlegend=True,
                marker={"color": styles[label].color, "symbol": "square", "size": 10},
            )  # fmt: skip


def _overlay(places: np.ndarray, colors: list[str]) -> bytes:
    """Return a PNG that colors the pixels of every row, and is clear elsewhere."""
    from PIL.Image import fromarray

    palette = np.zeros((int(places.max()) + 1, 4), np.uint8)
    for number, color in enumerate(colors[: len(palette) - 1], start=1):
        palette[number] = (*bytes.fromhex(color[1:]), MASK_ALPHA)
    file = BytesIO()
    fromarray(palette[places]).save(file, format="PNG")
    return file.getvalue()
