"""`python -m core score`, as a person and as a script read it."""

import json

import numpy as np
import pytest

from core.__main__ import run
from core.transfer.scores.score_all import METRICS, score_all


@pytest.fixture
def arrays():
    random = np.random.default_rng(0)
    labels = np.arange(60) % 3
    features = random.standard_normal((60, 5)) + labels[:, None]
    source = np.eye(4)[random.integers(0, 4, 60)]
    return {"features": features, "labels": labels, "source_probabilities": source}


@pytest.fixture
def score(tmp_path, capsys, caplog):
    """Run `score` on arrays; return the status, stdout, and stderr with warnings."""

    def answer(arrays, *options, save=np.savez):
        save(tmp_path / "a.npz", **arrays)
        status = run(["score", str(tmp_path / "a.npz"), *options])
        shown = capsys.readouterr()
        return status, shown.out, shown.err + caplog.text

    return answer


def test_the_document_holds_every_score(score, arrays):
    status, out, _ = score(arrays, "--json")
    document = json.loads(out)
    assert status == 0 and tuple(document) == METRICS
    assert document == score_all(*arrays.values()).values


def test_without_a_source_two_scores_are_null_and_stderr_says_so(score, arrays):
    del arrays["source_probabilities"]
    status, out, told = score(arrays, "--json", save=np.savez_compressed)
    document = json.loads(out)
    assert status == 0 and document["leep"] is document["nce"] is None
    assert "leep and nce need source_probabilities" in told


def test_chosen_metrics_alone_are_shown_to_people(score, arrays):
    status, out, _ = score(arrays, "--metric", "logme", "linear_probe")
    lines = out.splitlines()
    assert status == 0 and lines[0].startswith("60 samples of 5 features in 3 classes")
    assert [line.split()[0] for line in lines[3:]] == ["logme", "linear_probe"]


def test_infinite_scores_are_null(score, arrays):
    arrays["features"] = np.eye(3)[arrays["labels"]]
    status, out, told = score(arrays, "--json", "--metric", "logme")
    assert (status, json.loads(out)) == (0, {"logme": None})
    assert "logme is infinite" in told


@pytest.mark.parametrize(
    ("change", "options", "sentence"),
    [
        ({"labels": None}, (), "a.npz holds no array named labels; write it with"),
        (
            {"labels": np.array([{}] * 60)},
            (),
            "labels.npy in a.npz holds Python objects",
        ),
        ({"labels": np.zeros(60)}, (), "labels name fewer than two classes (1)"),
        ({}, ("--metric", "best"), "Metric best is not known; try logme"),
        ({"features": np.full((60, 2), np.nan)}, (), "features hold NaN or infinity"),
        ({}, ("--device", "tpu"), "Device tpu is not on this machine"),
    ],
)
def test_bad_input_is_one_sentence(score, arrays, change, options, sentence):
    kept = {k: v for k, v in {**arrays, **change}.items() if v is not None}
    status, out, told = score(kept, *options)
    last = told.strip().splitlines()[-1]
    assert (status, out) == (1, "")
    assert last.startswith(sentence) and last.endswith(".")
