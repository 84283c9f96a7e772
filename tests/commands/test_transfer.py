"""`python -m core transfer`, as a script and a person read it."""

import json
from pathlib import Path

import numpy as np
import pytest

from core.__main__ import run
from core.transfer.scoring import ALL_METRICS

HEAD = "model,task,accuracy,params,domain,classes,samples"


@pytest.fixture
def own(tmp_path, monkeypatch) -> Path:
    """Own records of four models on twelve tasks; the cache goes to `tmp_path`."""
    monkeypatch.setenv("PEDIGREE_CACHE", str(tmp_path / "cache"))
    random = np.random.default_rng(0)
    lines = [
        f"net{m},task{t},{0.5 + 0.1 * m + random.normal(0, 0.02):.3f},{m + 1}M,"
        f"{('photo', 'scan')[t % 2]},{2 + t % 3},{100 + 50 * (t % 2)}"
        for m in range(4)
        for t in range(12)
    ]
    file = tmp_path / "own.csv"
    file.write_text("\n".join([HEAD, *lines]))
    return file


def asked(capsys, *arguments: object) -> dict:
    """Return the one JSON document that a run prints."""
    assert run([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_evaluate_prints_the_contract(own, capsys):
    document = asked(
        capsys, "transfer", "evaluate", "--own", own, "--split", "new-task",
        "--split", "new-model", "--predictor", "linear", "--predictor", "model-mean",
    )  # fmt: skip
    assert list(document["splits"]) == ["new-task", "new-model"]
    linear = document["splits"]["new-task"]["linear"]
    assert set(ALL_METRICS) | {"intervals", "ties"} == set(linear)
    assert linear["intervals"]["rmse"][0] <= linear["rmse"]
    assert document["splits"]["new-model"]["model-mean"]["kendall"] is None
    assert document["folds"]["new-task"]["folds"] == 10
    assert document["records"] == 48


def test_evaluate_marks_ties_and_writes_the_cells(own, capsys, tmp_path):
    cells = tmp_path / "cells.csv"
    arguments = ["transfer", "evaluate", "--own", own, "--split", "new-domain",
                 "--predictor", "linear", "--cells", cells]  # fmt: skip
    assert run([str(argument) for argument in arguments]) == 0
    out = capsys.readouterr().out
    assert "2 folds (one domain a fold)" in out and "* the best" in out
    assert len(cells.read_text().splitlines()) == 49


def test_recommend_answers_within_the_budget(own, capsys):
    document = asked(
        capsys, "transfer", "recommend", "--own", own, "--domain", "scan",
        "--classes", 3, "--samples", 150, "--max-params", "3M", "--no-check",
    )  # fmt: skip
    assert document["models"][0]["model"] == "net2"
    assert document["excluded"] == {"net3": "4,000,000 parameters"}
    assert document["reliability"] is None and document["sentence"]


def test_recommend_tells_people_what_stands_behind_it(own, capsys):
    assert run(["transfer", "recommend", "--own", str(own), "--domain", "scan"]) == 0
    out = capsys.readouterr().out
    assert "Asked likewise of known tasks (new-task)" in out
    assert "rank by mean-accuracy" in out


def test_hashed_words_say_on_stderr_what_they_cannot_do(own, capsys, caplog):
    arguments = ["--own", str(own), "--text", "hashed", "--split", "new-domain"]
    assert run(["transfer", "evaluate", *arguments, "--predictor", "linear"]) == 0
    assert "No text encoder" in caplog.text + capsys.readouterr().err


def test_scores_are_combined_on_other_datasets(own, capsys, tmp_path):
    rows = [f"set{t},net{m},{0.1 * m + 0.3},{m}" for t in range(4) for m in range(4)]
    file = tmp_path / "scored.csv"
    file.write_text("\n".join(["task,model,accuracy,logme", *rows]))
    document = asked(
        capsys, "transfer", "evaluate", "--scored", file, "--score", "logme"
    )
    found = document["splits"]["leave-one-dataset-out"]
    assert found["combination"]["kendall"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate"], "Records are missing"),
        (["evaluate", "--records", "x"], "come in three files"),
        (["evaluate", "--own", "nothing.csv"], "cannot be read"),
        (["evaluate", "--scored", "x"], "unknown names"),
        (["recommend", "--own", "OWN", "--max-params", "1"], "excludes every model"),
        (["recommend", "--own", "OWN", "--text", "nowhere"], "holds no text model"),
        (["evaluate", "--own", "OWN", "--split", "x"], "does not exist"),
    ],
)
def test_what_is_wrong_is_one_sentence(own, capsys, arguments, said):
    given = [str(own) if argument == "OWN" else argument for argument in arguments]
    assert run(["transfer", *given]) == 1
    assert said in capsys.readouterr().err.splitlines()[-1]
