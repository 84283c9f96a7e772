"""Redraw every figure of a family's archive from its data: `python redraw.py --help`.

The figures are named in figures.json: the function that draws each, the Parquet file it
draws, and its options. The functions lie beside this script.
"""

import argparse
import importlib
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go

from core.charts.export import figure_bytes
from core.charts.renderer import Renderer, find_browser
from core.errors import PedigreeError

KINDS = ("pdf", "svg", "png", "html")


@dataclass(frozen=True)
class Drawing:
    """One figure: `draws` names its function as "module:function", `table` its data.

    `index` is the column of the table that names its rows.
    """

    name: str
    draws: str
    table: str
    index: str | None = None
    options: dict[str, object] = field(default_factory=dict)

    def figure(self, rows: pd.DataFrame) -> go.Figure:
        """Draw the figure from its table."""
        module, _, function = self.draws.partition(":")
        draw = getattr(importlib.import_module(module), function)
        return draw(rows.set_index(self.index) if self.index else rows, **self.options)


def drawings(folder: Path, names: list[str] | None = None) -> list[Drawing]:
    """Return the figures that an archive names, or those of them that are asked for."""
    every = json.loads((folder / "figures.json").read_text())
    return [Drawing(**each) for each in every if not names or each["name"] in names]


def main(arguments: list[str]) -> int:
    """Write every figure, in every kind asked for. Raises MissingTool."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(
        description="Redraw the figures from the data; all but HTML need a Chromium."
    )
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--figure", action="append", metavar="NAME")
    parser.add_argument("--column", choices=("single", "double"), default="double")
    parser.add_argument("--to", type=Path, default=here / "redrawn", metavar="FOLDER")
    chosen = parser.parse_args(arguments)
    chosen.to.mkdir(parents=True, exist_ok=True)
    with Renderer() as renderer:
        for drawing in drawings(here, chosen.figure):
            figure = drawing.figure(pd.read_parquet(here / f"{drawing.table}.parquet"))
            for kind in chosen.kind or (["pdf"] if find_browser() else ["html"]):
                path = chosen.to / f"{drawing.name}.{kind}"
                path.write_bytes(
                    figure_bytes(figure, kind, column=chosen.column, renderer=renderer)
                )
                print(path)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except PedigreeError as error:
        sys.exit(str(error))
