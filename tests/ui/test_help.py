"""Every input and figure on a page says what it means; every chart has a text."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "core/ui").rglob("*.py"), *(ROOT / "pages").glob("*.py"),
                ROOT / "app.py"])  # fmt: skip
EXPLAINED = {
    "metric", "selectbox", "slider", "select_slider", "number_input", "multiselect",
    "toggle", "checkbox", "radio", "segmented_control", "pills", "text_input",
    "text_area", "file_uploader", "date_input",
}  # fmt: skip
TABLES = {"dataframe", "table"}
CHARTS = ("chart", "pictured_chart")


def calls(file: Path, *names: str) -> Iterator[ast.Call]:
    """Yield the calls of these functions or methods in a file."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in names:
                yield node


def has(call: ast.Call, name: str) -> bool:
    return any(keyword.arg == name for keyword in call.keywords)


def where(file: Path, call: ast.Call) -> str:
    return f"{file.relative_to(ROOT)}:{call.lineno}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_input_and_metric_has_help(file):
    silent = [where(file, c) for c in calls(file, *EXPLAINED) if not has(c, "help")]
    assert not silent, f"without help: {silent}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_table_and_chart_has_a_text_alternative(file):
    drawn = (*TABLES, *CHARTS, "exported_table", "prose_table", "share_table")
    mute = [where(file, call) for call in calls(file, *drawn) if not has(call, "alt")]
    assert not mute, f"without alt: {mute}"


def test_charts_are_drawn_in_one_place():
    drawing = [file.name for file in FILES if list(calls(file, "plotly_chart"))]
    assert drawing == ["chart.py"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_beside_a_chart_its_rows_are_offered(file):
    is_drawn = file.name != "chart.py" and list(calls(file, *CHARTS))
    assert not is_drawn or list(calls(file, "export_row", *TABLES)), file.name


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_texts_numbers_are_computed(file):
    """A text alternative that is the same for all data says nothing of what is seen."""
    for call in calls(file, *CHARTS):
        (alt,) = [word.value for word in call.keywords if word.arg == "alt"]
        assert not isinstance(alt, ast.Constant), where(file, call)
