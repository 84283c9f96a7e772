"""Wishes narrow the models down; the answer in words names the right two."""

import numpy as np
import pandas as pd
import pytest

from core.tables.schema import tidy
from core.tables.selection import Selection, best_of, differences, select

MODELS = tidy(
    [
        {"id": "a", "name": "ResNet50", "family": "ResNet", "accuracy": 0.76,
         "params": 25e6, "gmacs": 4.1, "pretraining": "none", "licence": "BSD"},
        {"id": "b", "name": "ViT-B", "family": "ViT", "accuracy": 0.81,
         "params": 86e6, "gmacs": 17.6, "pretraining": "SWAG", "licence": "CC-BY-NC",
         "throughput": 500.0},
        {"id": "c", "name": "VGG features", "family": "VGG", "params": 15e6,
         "pretraining": "none", "licence": "BSD"},
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (Selection(), "abc"),
        (Selection(text="resnet"), "a"),
        (Selection(families=("ViT", "VGG")), "bc"),
        (Selection(pretraining=("none",), licences=("BSD",)), "ac"),
        (Selection(least_accuracy=0.5), "ab"),
        (Selection(most_params=20e6), "c"),
        (Selection(most_gmacs=100), "ab"),
        (Selection(least_throughput=100), "b"),
        (Selection(text="no such model"), ""),
    ],
)
def test_only_models_that_meet_every_wish_stay(wanted, ids):
    assert "".join(select(MODELS, wanted)["id"]) == ids


def test_the_best_and_the_thrifty_model():
    found = best_of(MODELS, "params", "accuracy", margin=0.06)
    assert (found.best["id"], found.thrifty["id"]) == ("b", "a")
    assert best_of(MODELS, "params", "accuracy", margin=0.01).thrifty["id"] == "b"


def test_lower_can_be_better():
    errors = pd.DataFrame({"params": [1, 2], "epe": [3.0, 2.0], "id": ["x", "y"]})
    assert best_of(errors, "params", "epe", margin=0.1, lower=True).best["id"] == "y"


def test_without_numbers_there_is_no_best():
    assert best_of(MODELS[2:], "gmacs", "accuracy", margin=0.1) is None


def test_missing_in_both_is_no_difference():
    both = pd.DataFrame({"same": [np.nan, np.nan], "other": [np.nan, 1.0]})
    assert list(differences(both)) == ["other"]
