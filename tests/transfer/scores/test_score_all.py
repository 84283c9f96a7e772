"""All scores together: the same numbers, and what they hide."""

from math import inf

import numpy as np
import pytest
import torch

from core.errors import UsageError
from core.transfer.scores.gbc import gbc_diagonal, gbc_spherical
from core.transfer.scores.h_score import h_score
from core.transfer.scores.knn import knn
from core.transfer.scores.leep import leep
from core.transfer.scores.linear_probe import linear_probe
from core.transfer.scores.logme import logme
from core.transfer.scores.n_leep import n_leep
from core.transfer.scores.parc import parc
from core.transfer.scores.regularized_h_score import regularized_h_score
from core.transfer.scores.score_all import METRICS, score_all
from core.transfer.scores.sfda import sfda
from core.transfer.scores.stored import open_arrays
from core.transfer.scores.transrate import transrate

DEVICES = ["cpu-torch", "cuda"] if torch.cuda.is_available() else ["cpu-torch"]
NO_SOURCE = {"leep", "nce"}
ALONE = (logme, h_score, regularized_h_score, n_leep, gbc_diagonal, gbc_spherical)
ALONE += (transrate, parc, sfda, knn, linear_probe)


def softmax(features):
    powers = np.exp(features)
    return powers / powers.sum(axis=1, keepdims=True)


def test_together_they_are_what_they_are_alone(case):
    names = [score.__name__ for score in ALONE]
    found = score_all(*case, softmax(case[0]), [*names, "leep"])
    for score in ALONE:
        assert found.values[score.__name__] == score(*case)
    assert found.values["leep"] == leep(softmax(case[0]), case[1])


def test_every_score_of_the_contract_has_its_key(tall):
    found = score_all(*tall)
    assert tuple(found.values) == METRICS and len(METRICS) == 12
    assert found.values["leep"] is None and found.values["nce"] is None
    assert all(isinstance(found.values[name], float) for name in {*METRICS} - NO_SOURCE)
    assert (found.samples, found.features, found.classes) == (120, 7, 4)


@pytest.mark.parametrize("device", DEVICES)
def test_a_device_tells_the_same_numbers(case, device):
    given = *case, softmax(case[0])
    here, there = score_all(*given), score_all(*given, device=device)
    for name, value in here.values.items():
        assert there.values[name] == pytest.approx(value, rel=1e-8, abs=1e-10), name


def test_names_of_classes_gaps_and_number_types_do_not_matter(tall):
    features, labels = (tall[0] * 30).round(), tall[1]
    known = score_all(features, labels).values
    gaps = np.array([-7, 0, 33, 10**12])[labels]
    assert score_all(features.astype(np.int16), gaps).values == known
    words = np.array(["ant", "bee", "cow", "dog"])[labels]
    assert score_all(torch.tensor(features), words).values == known


def test_inputs_are_never_changed(tall):
    kept = [array.copy() for array in (*tall, softmax(tall[0]))]
    given = [array.copy() for array in kept]
    for array in given:
        array.setflags(write=False)
    for device in ("cpu", "cpu-torch"):
        score_all(*given, device=device)
    assert all((a == b).all() for a, b in zip(given, kept, strict=True))


def test_files_score_as_arrays_do(tall, tmp_path):
    np.savez(tmp_path / "a.npz", features=tall[0], labels=tall[1])
    with open_arrays(tmp_path / "a.npz") as found:
        there = score_all(found["features"], found["labels"][:])
    assert there == score_all(*tall)


def test_warnings_tell_what_the_scores_hide(make):
    features, labels = make(20, 35, 3, seed=0)
    features[:, 4], labels[7] = 1.5, 9
    told = score_all(features, labels, metrics=["h_score", "sfda", "n_leep", "parc"])
    assert told.warnings == (
        "h_score says nothing: 20 samples in 35 dimensions.",
        "sfda saturates: 20 samples in 35 dimensions.",
        "1 of 4 classes have a single sample.",
        "1 of 35 features are constant.",
        "n_leep has 20 clusters for 20 samples.",
    )


def test_scores_without_a_value_are_named(tmp_path):
    points = np.array([[0.0], [0.0], [1.0], [1.0]])
    told = score_all(points, [0, 0, 1, 1], metrics=["sfda", "parc"])
    assert told.values == {"sfda": None, "parc": None}
    assert told.warnings[-1] == "parc is not defined for these samples."
    exact = score_all(np.repeat(np.eye(2), 3, axis=0), [0, 0, 0, 1, 1, 1])
    assert exact.values["logme"] == inf
    assert "logme is infinite: the features give the labels exactly." in exact.warnings


@pytest.mark.parametrize(
    ("features", "labels", "problem"),
    [
        (np.ones((3, 2)), [0, 0, 0], "fewer than two classes"),
        (np.ones((0, 2)), [], "fewer than two classes"),
        (np.ones((3, 2)), [0, 1], "have 3 rows for 2 labels"),
        (np.ones((3, 0)), [0, 1, 1], "have the shape"),
        (np.ones((3, 2, 2)), [0, 1, 1], "pool or flatten"),
        (np.ones(3), [0, 1, 1], "have the shape"),
        ([[1.0, np.nan], [0, 0]], [0, 1], "hold NaN or infinity in 1 of 2 rows"),
        (np.ones((2, 2), dtype=complex), [0, 1], "are of type complex128"),
    ],
)
def test_what_cannot_be_scored_is_a_named_error(features, labels, problem):
    for name in set(METRICS) - NO_SOURCE:
        with pytest.raises(UsageError, match=problem):
            score_all(features, labels, metrics=[name])


def test_an_unknown_metric_is_a_named_error(tall):
    with pytest.raises(UsageError, match="Metric lgome is not known; try logme, h_sc"):
        score_all(*tall, metrics=["logme", "lgome"])


def test_constant_features_and_single_members_have_scores(make):
    labels = [0, 0, 0, 1, 1, 2]
    found = score_all(np.full((6, 3), 0.1), labels).values
    assert found["h_score"] == found["regularized_h_score"] == found["transrate"] == 0
    assert found["gbc_diagonal"] == pytest.approx(-6)
    assert found["parc"] is None and found["sfda"] is None
    assert np.isfinite(found["logme"]) and found["knn"] is not None
