"""A family as one zip: whole, the same twice, and redrawn by its own script."""

import io
import json
import os
import subprocess
import sys
import zipfile

import pandas as pd
import pytest

from core.charts.archive import DRAWINGS, code_files, family_zip
from core.charts.export import figure_bytes
from core.charts.freeze_map import freeze_map
from core.derived.dossier import bibtex, origin
from core.derived.family import Family, family
from core.derived.order import sort_rows
from core.settings import Settings
from tests.standin.stored import BASE, READ_AT, keep_family

COMPARED = 30


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """A cache that holds a small family."""
    settings = Settings(tmp_path_factory.mktemp("cache"))
    keep_family(settings, COMPARED)
    return settings


@pytest.fixture(scope="module")
def kept(settings):
    """The small family."""
    return family(BASE, settings, limit=0)


@pytest.fixture(scope="module")
def archive(kept, settings):
    """Its archive, made without a browser."""
    return family_zip(kept, origin(BASE, settings), None)


@pytest.fixture
def folder(archive, tmp_path):
    """The archive, unpacked elsewhere."""
    zipfile.ZipFile(io.BytesIO(archive)).extractall(tmp_path / "family")
    return tmp_path / "family"


def redraw(folder, *arguments):
    """Run the script as a reader would, far from the project."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, "redraw.py", *arguments], cwd=folder, env=environment,
        capture_output=True, text=True,
    )  # fmt: skip


def test_the_script_redraws_every_figure_from_the_data(folder):
    done = redraw(folder, "--kind", "html")
    assert done.returncode == 0, done.stderr
    named = {each["name"] for each in json.loads((folder / "figures.json").read_text())}
    assert {"freeze-map-blocks", "patterns", "frozen-depth", "layers"} <= named
    assert {path.stem for path in (folder / "redrawn").iterdir()} == named
    assert "head-only" in (folder / "redrawn" / "patterns.html").read_text()


def test_other_data_are_another_figure(folder):
    table = folder / "data" / "patterns.parquet"
    rows = pd.read_parquet(table).assign(kind=lambda rows: "my-" + rows["kind"])
    rows.to_parquet(table)
    redraw(folder, "--kind", "html", "--figure", "patterns")
    assert "my-head-only" in (folder / "redrawn" / "patterns.html").read_text()


@pytest.mark.browser
def test_the_figures_inside_are_those_that_the_script_draws(
    kept, settings, renderer, tmp_path, pdf_tool
):
    content = family_zip(kept, origin(BASE, settings), renderer)
    zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path)
    inside = {path.stem for path in (tmp_path / "figures").iterdir()}
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert inside == {each["name"] for each in figures}
    names = "freeze-map-patterns", "layers"
    done = redraw(tmp_path, *(word for name in names for word in ("--figure", name)))
    assert done.returncode == 0, done.stderr
    for name in names:
        first, again = tmp_path / "figures" / name, tmp_path / "redrawn" / name
        words = pdf_tool("pdftotext", first.with_suffix(".pdf"))
        assert set(words.split()) & {"frozen", "Layer"}
        assert words == pdf_tool("pdftotext", again.with_suffix(".pdf"))


def test_tables_hold_every_model_and_tensor(folder, kept):
    models = pd.read_parquet(folder / "data" / "models.parquet")
    assert (
        len(models) == len(kept.models) == len(pd.read_csv(folder / "data/models.csv"))
    )
    tensors = pd.read_parquet(folder / "data" / "tensors.parquet")
    assert len(tensors) == len(kept.tensors())
    members = pd.read_parquet(folder / "data" / "pattern-members.parquet")
    assert len(members) == COMPARED


def test_the_readme_says_from_where_when_and_on_what_evidence(folder):
    text = (folder / "README.md").read_text()
    for fact in (BASE, "1" * 40, "https://huggingface.co", READ_AT, "probe", "failed"):
        assert fact in text


def test_the_same_family_gives_the_same_bytes(kept, settings, archive):
    assert family_zip(kept, origin(BASE, settings), None) == archive


def test_code_brings_all_that_it_imports_and_nothing_of_the_pages():
    files = code_files([each.draws.partition(":")[0] for each in DRAWINGS])
    assert "core/charts/theme.py" in files
    assert not [name for name in files if name.startswith(("core/ui", "core/hub"))]


def test_a_family_without_comparisons_has_an_archive_too(settings):
    empty = Family(BASE, (), ())
    names = zipfile.ZipFile(
        io.BytesIO(family_zip(empty, origin(BASE, settings), None))
    ).namelist()
    assert "README.md" in names
    assert "0 models compared" in bibtex(empty, origin(BASE, settings))


@pytest.mark.browser
def test_pdf_of_the_published_mix_is_vector_and_small(
    kept, renderer, tmp_path, pdf_tool
):
    matrix = sort_rows(kept.matrix("tensor"), kept.models, "frozen depth")
    last = matrix.iloc[[-1] * (1500 - len(matrix))]
    many = pd.concat([matrix, last]).set_axis([f"m{n}" for n in range(1500)])
    path = tmp_path / "map.pdf"
    figure = freeze_map(many, vector=True)
    path.write_bytes(figure_bytes(figure, "pdf", column="double", renderer=renderer))
    assert path.stat().st_size < 1_000_000
    assert len(pdf_tool("pdfimages", path, "-list").splitlines()) == 2
    assert "1,500 models" in pdf_tool("pdftotext", path)
