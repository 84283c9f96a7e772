"""The catalog: kept copies, tables by name."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from core.errors import UsageError
from core.settings import Settings
from core.tables.catalog import list_tables, load_all, load_table
from core.tables.torchvision.package import installed_version

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return Settings(tmp_path_factory.mktemp("cache"))


def test_the_copy_equals_the_first_reading(tmp_path):
    settings = Settings(tmp_path)
    first = load_all(settings)
    pd.testing.assert_frame_equal(first, load_all(settings))
    assert len(list((tmp_path / "tables").iterdir())) == 1


def test_a_damaged_copy_is_read_anew(tmp_path):
    settings = Settings(tmp_path)
    first = load_all(settings)
    (copy,) = (tmp_path / "tables").iterdir()
    copy.write_bytes(copy.read_bytes()[:100])
    pd.testing.assert_frame_equal(first, load_all(settings))


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    assert len(load_all(Settings(tmp_path / "file"))) >= 166


def test_tables_are_listed_with_their_source(settings):
    tables = {table.name: table for table in list_tables(settings)}
    assert len(tables) == 8
    table = tables["torchvision/classification"]
    assert (table.source, table.note) == ("torchvision package", "")
    assert (table.revision, table.rows) == (installed_version(), 115)


def test_an_unknown_table_is_named(settings):
    with pytest.raises(UsageError, match=r"'nope' is unknown; choose one of torchv"):
        load_table("nope", settings)


def test_opening_the_catalog_imports_nothing_heavy(tmp_path):
    code = (
        "import sys; from pathlib import Path; from core.tables import catalog;"
        "from core.settings import Settings;"
        f"catalog.load_all(Settings(Path({str(tmp_path)!r})));"
        "heavy = {'torch', 'torchvision', 'bs4', 'requests', 'streamlit',"
        "'huggingface_hub', 'scipy'};"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.stdout.strip() == "[]", ran.stderr
