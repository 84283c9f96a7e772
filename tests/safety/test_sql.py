"""A question in SQL reads the two tables of a store and nothing else."""

import pytest

from core.errors import UsageError
from core.snapshots.store.manifest import StoredModel
from core.snapshots.store.query import query_lineage

MODELS = (StoredModel("m", (), "safetensors", "2026", {"parent": "b"}),)
REACHING = (
    "SELECT * FROM read_csv('{file}')",
    "SELECT * FROM read_text('{file}')",
    "SELECT * FROM read_blob('{folder}/*')",
    "SELECT * FROM read_json('{file}')",
    "SELECT * FROM read_parquet('{file}')",
    "SELECT * FROM '{file}'",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM read_csv('http://127.0.0.1:9/a.csv')",
    "COPY models TO '{out}'",
    "COPY (SELECT 1) TO '{out}' (FORMAT parquet)",
    "EXPORT DATABASE '{out}'",
    "IMPORT DATABASE '{folder}'",
    "ATTACH '{out}' AS other",
    "ATTACH '{out}' (TYPE sqlite)",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{file}'",
    "SET enable_external_access = true",
    "RESET enable_external_access",
    "SET allowed_directories = ['{folder}']",
    "SET temp_directory = '{folder}'",
    "SET memory_limit = '900GB'",
    "SET lock_configuration = false",
    "SELECT 1; SET enable_external_access = true; SELECT * FROM read_text('{file}')",
    "SELECT * FROM secret",
    "SELECT getenv('HOME')",
)


@pytest.fixture
def places(tmp_path):
    """Where a question would reach: a folder, a file in it, one that is not there."""
    file = tmp_path / "secret.csv"
    file.write_text("password\nof mine\n")
    return {"folder": tmp_path, "file": file, "out": tmp_path / "out"}


@pytest.mark.parametrize("question", REACHING)
def test_a_question_that_reaches_out_is_one_sentence(question, places, tmp_path):
    secret = places  # noqa: F841 (a variable of Python that SQL must not see)
    with pytest.raises(UsageError, match=r"The query (cannot|answers)") as no:
        query_lineage(MODELS, question.format(**places))
    assert "of mine" not in str(no.value) and str(no.value).count("\n") == 0
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


def test_a_question_that_fills_the_memory_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="Out of Memory"):
        query_lineage(
            MODELS, "SELECT list(repeat('x', 20000000)) FROM range(1000000) AS t(i)"
        )
    assert not list(tmp_path.iterdir())


def test_questions_about_the_tables_are_answered():
    found = query_lineage(MODELS, "SELECT id, parent FROM models")
    assert found.to_numpy().tolist() == [["m", "b"]]
    found = query_lineage(MODELS, "SELECT count(*) AS n FROM tensors")
    assert found["n"].tolist() == [0]
