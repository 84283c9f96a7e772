"""A figure or a frame as the bytes of a file. Knows no pages and writes no files."""

import io
import re
import struct
import zlib
from contextlib import nullcontext
from typing import Literal

import pandas as pd
import plotly.graph_objects as go

from core.charts.paper import (
    CSS_PX_PER_INCH,
    WIDTH_INCHES,
    Column,
    height_inches_of,
    paper_figure,
)
from core.charts.renderer import Renderer

FigureKind = Literal["svg", "pdf", "png", "html"]
TableKind = Literal["csv", "parquet", "latex"]

PNG_DPI = 300
LONG_TABLE_ROWS = 40
MIME = {
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "png": "image/png",
    "html": "text/html",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "latex": "application/x-tex",
}
LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&",
    "#": r"\#", "%": r"\%", "_": r"\_", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}",
}  # fmt: skip


def figure_bytes(
    figure: go.Figure,
    kind: FigureKind,
    *,
    column: Column = "single",
    height_inches: float | None = None,
    renderer: Renderer | None = None,
) -> bytes:
    """Draw `figure` as it looks in a paper, or wrap it up as one HTML file.

    PNG has 300 dpi; HTML keeps the screen's size, carries plotly.js and asks nobody for
    anything. The height is the figure's own `meta["paper_inches"][column]` unless
    given. Raises MissingTool where SVG, PDF or PNG find no browser.
    """
    if kind == "html":
        return _page(figure)
    width = WIDTH_INCHES[column] * CSS_PX_PER_INCH
    height = (height_inches or height_inches_of(figure, column)) * CSS_PX_PER_INCH
    drawn = paper_figure(figure, column, height)
    scale = PNG_DPI / CSS_PX_PER_INCH if kind == "png" else 1
    with nullcontext(renderer) if renderer else Renderer() as drawing:
        content = drawing.image(drawn, kind, width=width, height=height, scale=scale)
    return _with_resolution(content, PNG_DPI) if kind == "png" else content


def table_bytes(
    frame: pd.DataFrame, kind: TableKind, *, caption: str = "", label: str = ""
) -> bytes:
    """Write the rows of `frame`, without its index, as CSV, Parquet or a LaTeX table.

    Whole numbers lose the ".0" that missing neighbors gave them. In CSV, text that a
    spreadsheet would run as a formula gets a leading apostrophe (OWASP, "CSV
    injection"); Parquet keeps every value as it is.
    """
    if kind == "parquet":
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False)
        return buffer.getvalue()
    plain = frame.apply(_whole_numbers)
    if kind == "csv":
        return plain.rename(columns=_inert).map(_inert).to_csv(index=False).encode()
    return latex_table(plain, caption=caption, label=label).encode()


def latex_table(frame: pd.DataFrame, *, caption: str, label: str) -> str:
    """Return a booktabs table, a longtable above 40 rows, every text escaped."""
    is_long = len(frame) > LONG_TABLE_ROWS
    packages = (
        r"\usepackage{booktabs,longtable}" if is_long else r"\usepackage{booktabs}"
    )
    table = frame.rename(columns=escape_latex).map(_latex_cell)
    body = table.to_latex(
        index=False,
        escape=False,
        na_rep="--",
        longtable=is_long,
        caption=escape_latex(caption) or None,
        label=re.sub(r"[^A-Za-z0-9:-]+", "-", f"tab:{label}") if label else None,
        column_format="".join(map(_alignment, frame.dtypes)),
        position=None if is_long else "t",
    )
    return f"% \\usepackage[T1]{{fontenc}} {packages}\n{body}"


def escape_latex(text: object) -> str:
    r"""Return text that LaTeX prints as it is written, on one line.

    >>> escape_latex("acc@1_top & 50%")
    'acc@1\\_top \\& 50\\%'
    """
    line = re.sub(r"[\x00-\x1f\x7f]+", " ", str(text))
    return "".join(LATEX.get(letter, letter) for letter in line)


def file_name(name: str, kind: str) -> str:
    """Return a download's name that every system accepts.

    >>> file_name("freeze-owner/name", "latex")
    'freeze-owner-name.tex'
    """
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:80] or "pedigree"
    return f"{stem}.{'tex' if kind == 'latex' else kind}"


def _page(figure: go.Figure) -> bytes:
    shown = go.Figure(figure).update_layout(
        paper_bgcolor="#FFFFFF", font_color="#1A1A1A"
    )
    page = shown.to_html(
        include_plotlyjs=True,
        include_mathjax=False,
        config={"displaylogo": False, "showSendToCloud": False, "responsive": True},
    )
    return page.encode()


def _with_resolution(png: bytes, dpi: int) -> bytes:
    """Insert the pHYs chunk (PNG specification 11.3.4.3) right behind the header."""
    per_meter = round(dpi / 0.0254)
    body = b"pHYs" + struct.pack(">IIB", per_meter, per_meter, 1)
    chunk = struct.pack(">I", 9) + body + struct.pack(">I", zlib.crc32(body))
    header_end = 8 + 25
    return png[:header_end] + chunk + png[header_end:]


def _whole_numbers(values: pd.Series) -> pd.Series:
    if not pd.api.types.is_float_dtype(values):
        return values
    known = values.dropna()
    is_whole = len(known) > 0 and ((known % 1 == 0) & (known.abs() < 2**53)).all()
    return values.astype("Int64") if is_whole else values


def _inert(value: object) -> object:
    """Keep a spreadsheet from running a text. A carriage return, which Python's writer
    does not quote before 3.13, would begin a row of its own.

    >>> _inert("=1+1"), _inert("a\\r=1"), _inert(-1)
    ("'=1+1", 'a\\n=1', -1)
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text[:1] in tuple("=+-@\t\n") else text


def _latex_cell(value: object) -> object:
    if isinstance(value, float) and not pd.isna(value):
        return f"{value:.5g}"
    return escape_latex(value) if isinstance(value, str) else value


def _alignment(dtype: object) -> str:
    is_number = pd.api.types.is_numeric_dtype(dtype)
    return "r" if is_number and not pd.api.types.is_bool_dtype(dtype) else "l"
