"""Files that leave the house: no formula in a CSV, no command in a LaTeX table, no
script in a page, no code in code.
"""

import csv
import io
import json

import pandas as pd
import plotly.graph_objects as go
import pytest

from core.__main__ import run
from core.charts.export import figure_bytes, table_bytes
from core.commands.answer import table

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "a\r=1", "a\r\n=1",
            '=HYPERLINK("http://evil.example","x")', "=cmd|' /C calc'!A0")  # fmt: skip
SCRIPT = "</script><script>alert(1)</script>"


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would run a cell (OWASP, "CSV injection")."""
    return cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_and_no_header_of_a_csv_is_a_formula(formula):
    written = table_bytes(pd.DataFrame({formula: [formula], "n": [-1.5]}), "csv")
    header, row = csv.reader(io.StringIO(written.decode(), newline=""))
    formula = formula.replace("\r\n", "\n").replace("\r", "\n")
    assert not is_formula(header[0]) and not is_formula(row[0])
    assert row[0].lstrip("'") == formula and row[1] == "-1.5"


def test_a_report_of_hostile_names_holds_no_formula(tmp_path, capsys):
    folder = tmp_path / "study"
    folder.mkdir()
    row = {"base-name": "=1+1", "derived-name": "=1+1", "base-weight-shape": [2],
           "derived-weight-shape": [2],
           "comp-level": "LayerSimilarity.IDENTICAL"}  # fmt: skip
    head = "comparing: base base_model_id: org/base with derived derived_model_id: =cmd"
    name = "2024-12-01-12:00:00;compare;org-base;=cmd.txt"
    (folder / name).write_text(f"{head}\n{json.dumps(row)}\n")
    path = tmp_path / "out.csv"
    assert run(["report", "--legacy-import", str(folder), "--csv", str(path)]) == 0
    (model,) = csv.DictReader(io.StringIO(path.read_text()))
    assert model["id"] == "'=cmd" and model["status"] == "ok"


@pytest.mark.parametrize("text", [
    r"\input{/etc/passwd}", r"\write18{rm x}", r"\immediate\write18{x}", "%", "a\\\\b",
    r"\end{tabular}\input{x}", "^^5cinput{x}", "$\\input{x}$", "~", "\n\\input{x}",
])  # fmt: skip
def test_a_latex_table_runs_no_command_of_a_name(text):
    frame = pd.DataFrame({text: [text]})
    table = table_bytes(frame, "latex", caption=text, label=text).decode()
    for command in (r"\input", r"\write", r"\immediate", "^^"):
        assert command not in table
    assert table.count(r"\end{tabular}") == 1


def test_an_html_page_runs_no_script_of_a_name():
    figure = go.Figure(layout={"title": SCRIPT})
    figure.add_scatter(x=[1], y=[1], name=SCRIPT, text=[SCRIPT], customdata=[SCRIPT])
    page = figure_bytes(figure, "html").decode()
    assert SCRIPT not in page and "<script>alert" not in page
    assert "alert(1)" in page  # the name is there, as text of JSON


def test_a_terminal_gets_no_control_character():
    told = table(["name\x1b"], [["\x1b[2J\x07evil\u202e\u2028"]])
    assert "evil" in told and all(c.isprintable() or c == "\n" for c in told)
