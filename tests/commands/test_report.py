"""`report`: a family, the study's files, the census; wrong usage is exit 2."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from core.__main__ import run
from core.derived.census_study import published_study

CARD = "---\nbase_model: base\n---\n"


@pytest.fixture
def base(tmp_path, monkeypatch, capsys):
    """A base with a copy and a child of which the last of three blocks was trained."""
    monkeypatch.setenv("PEDIGREE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    random = np.random.default_rng(0)
    names = [f"vit.encoder.layer.{n}.output.dense.weight" for n in range(3)]
    weights = {name: random.normal(size=(8, 8)).astype("f4") for name in names}
    changed = weights | {names[-1]: weights[names[-1]] + 1}
    for name, tensors in (("base", weights), ("copy", weights), ("tuned", changed)):
        folder = tmp_path / "models" / name
        folder.mkdir(parents=True)
        save_file(tensors, folder / "model.safetensors")
        (folder / "README.md").write_text("" if name == "base" else CARD)
    assert run(["derived", str(tmp_path / "models" / "base"), "--json"]) == 0
    capsys.readouterr()
    return tmp_path / "models" / "base"


def told(capsys):
    return json.loads(capsys.readouterr().out)


def test_a_family_goes_through_the_studys_files_unchanged(base, tmp_path, capsys):
    files = tmp_path / "study"
    assert run(["report", str(base), "--legacy", str(files), "--json"]) == 0
    ours = told(capsys)
    assert ours.pop("legacy") == {"files": 4, "left_out": []}
    assert run(["report", "--legacy-import", str(files), "--json"]) == 0
    theirs = told(capsys)
    assert theirs["kinds"] == ours["kinds"] == {"frozen-prefix": 1, "identical": 1}
    assert theirs["frozen_blocks"] == ours["frozen_blocks"] == {"2": 1}


def test_the_census_tells_every_finding_without_asking_anybody(base, tmp_path, capsys):
    rows = tmp_path / "rows.csv"
    assert run(["report", "--census", "--json", "--csv", str(rows)]) == 0
    document = told(capsys)
    assert len(document["bases"]) == 33
    findings = document["findings"]
    assert sum(document["standings"].values()) == len(findings)
    counted = [row for row in findings if row["standing"] != "not counted"]
    assert all(row["patterns"] and row["published"] is not None for row in counted)
    assert len(rows.read_text().splitlines()) == len(findings) + 1


def test_the_census_in_words_tells_each_correction_once(base, capsys):
    assert run(["report", "--census"]) == 0
    text = capsys.readouterr().out
    for finding in published_study().bases[0].findings:
        assert finding.says in text
    assert text.count("batch norms of the backbone stay frozen") == 1


def test_a_base_that_cannot_be_compared_is_told_and_is_no_error(base, capsys):
    name = "microsoft/resnet-18"
    assert run(["report", "--census", name, "--compare", "--json"]) == 0
    document = told(capsys)
    assert list(document["failures"]) == [name]
    assert {row["standing"] for row in document["findings"]} == {"not checked"}


@pytest.mark.parametrize("arguments", [
    [], ["a/b", "c/d"], ["a/b", "--compare"], ["--census", "--legacy", "x"],
    ["--census", "--retry", "all"], ["--retry", "all", "a/b"],
])  # fmt: skip
def test_options_that_do_not_go_together_are_wrong_usage(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(["report", *arguments])
    assert stopped.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_a_base_that_the_study_lacks_is_one_sentence(capsys):
    assert run(["report", "--census", "org/base"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("org/base is no base of the published study;")
