"""A wrong entry is one sentence that names the file, the entry and the remedy."""

import pytest

from core.errors import UsageError
from core.zero_shot.catalog import load_catalog
from core.zero_shot.rows import read_tables
from core.zero_shot.schema import TABLES

MODEL = """
[[model]]
id = "new"
name = "New"
year = 2026
tasks = ["detection"]
kind = "family"
zero_shot = true
access = "open"
"""


def append(folder, name: str, text: str) -> None:
    file = folder / name
    file.write_text(file.read_text() + text)


def test_a_new_model_is_read(folder):
    append(folder, "later.toml", MODEL)
    assert load_catalog(folder).later["id"].iloc[-1] == "new"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("later.toml", MODEL.replace("2026", '"soon"'), "has year = 'soon'"),
        ("later.toml", MODEL.replace("detection", "poetry"), "tasks = 'poetry'"),
        ("later.toml", MODEL.replace('access = "open"', ""), "lacks access"),
        ("later.toml", MODEL + "stars = 5\n", "has a field 'stars'"),
        ("later.toml", MODEL + MODEL, "has 'new' twice"),
        ("later.toml", MODEL.replace("true", "1"), "has zero_shot = '1'"),
        ("later.toml", "[[model]\n", "is no TOML"),
        ("later.toml", "[stray]\na = 1\n", "holds stray outside [[model]]"),
        ("placements.csv", "pwc_nowhere,1,coca,CoCa,,,,,,9\n", "names the ranking"),
        ("results.csv", "coca,L,imagenet,1.7,,,,,,s,2026-11\n", "value = '1.7'"),
        ("results.csv", "coca,L,imagenet,nan,,,,,,s,2026-11\n", "value = 'nan'"),
        ("results.csv", "coca,L,imagenet,0.7,1.5,,,,,s,2026-11\n", "params = '1.5'"),
        ("results.csv", "coca,L,imagenet,0.7,,,,,,s,2026-13\n", "read = '2026-13'"),
        ("results.csv", "coca,L\n", "has too few or too many cells"),
        ("links.csv", "https://x,audit:nope,paper,,1\n", "has 'audit:nope'"),
    ],
)
def test_a_wrong_entry_is_one_sentence(folder, name, text, said):
    append(folder, name, text)
    with pytest.raises(UsageError) as error:
        load_catalog(folder)
    assert said in str(error.value) and str(error.value).startswith(name)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x" * (4 * 2**20 + 1)])
def test_a_file_that_is_no_text_or_too_long_is_refused(folder, content):
    (folder / "links.csv").write_bytes(content)
    with pytest.raises(UsageError, match=r"links\.csv"):
        load_catalog(folder)


def test_a_missing_file_is_named(folder):
    (folder / "costs.csv").unlink()
    with pytest.raises(UsageError, match=r"costs\.csv cannot be read"):
        read_tables(folder)


@pytest.mark.parametrize("content", ["[other]\na = 1\n", "[survey]\n", "[[survey]]\n"])
def test_a_survey_without_its_origin_is_refused(folder, content):
    (folder / "survey.toml").write_text(content)
    with pytest.raises(UsageError, match=r"survey\.toml"):
        load_catalog(folder)


def test_every_file_of_the_survey_is_declared(folder):
    files = {file.name for file in folder.iterdir()}
    assert files == {table.file for table in TABLES.values()} | {"survey.toml"}
