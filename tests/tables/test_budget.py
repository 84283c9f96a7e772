"""What fits a budget, in words."""

import pytest

from core.tables.budget import Budget, fits
from core.tables.schema import tidy

MODELS = tidy(
    {"id": name, "name": name, "arch": arch, "accuracy": accuracy, "params": params,
     "gmacs": gmacs, "throughput": speed, "device": "RTX 5090", "licence": licence}
    for name, arch, accuracy, params, gmacs, speed, licence in [
        ("small", "s", 0.70, 1e6, 0.1, 9000.0, "mit"),
        ("small-2", "s", 0.72, 1e6, 0.1, 9000.0, "cc"),
        ("medium", "m", 0.78, 5e6, 1.0, 4000.0, "mit"),
        ("large", "l", 0.85, 9e7, 9.0, None, "mit"),
        ("unmeasured", "u", None, 1e6, 0.1, 9000.0, "mit"),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("budget", "names"),
    [
        (Budget(), ["large", "medium", "small-2"]),
        (Budget(most_params=5e6), ["medium", "small-2"]),
        (Budget(most_gmacs=0.5), ["small-2"]),
        (Budget(least_throughput=4000), ["medium", "small-2"]),
        (Budget(licences=("mit",)), ["large", "medium", "small"]),
        (Budget(most_params=10), []),
    ],
)
def test_the_best_come_first_one_an_architecture(budget, names):
    assert fits(MODELS, budget).ranked["name"].tolist() == names


def test_the_answer_in_words():
    found = fits(
        MODELS, Budget(most_params=5e6, least_throughput=5000, licences=("cc",))
    )
    assert found.sentence == (
        "Of 4 models 1 fits at most 5 M parameters, at least 5,000 images/s on "
        "RTX 5090, a license of cc. 1 lacks a number that this asks for. "
        "Best: small-2, 72.0 % at 1 M parameters, 9,000 images/s."
    )
    assert (found.considered, found.unknown) == (4, 1)


def test_the_runners_up_follow():
    found = fits(MODELS, Budget(), runners_up=1)
    assert found.best["name"] == "large"
    assert found.runners_up["name"].tolist() == ["medium"]
    assert found.sentence.endswith("Best: large, 85.0 %. Then medium, 78.0 %.")


def test_all_that_fit_are_kept_in_their_order():
    found = fits(MODELS, Budget(most_params=5e6, most_gmacs=2), runners_up=0)
    assert found.fitting["name"].tolist() == ["small", "small-2", "medium"]
    assert found.sentence.endswith("Best: medium, 78.0 % at 5 M parameters, 1 GMACs.")


def test_nothing_fits():
    found = fits(MODELS, Budget(most_params=10))
    assert found.best is None and found.runners_up.empty
    assert found.sentence == "Of 4 models 0 fit at most 10 parameters."


def test_lower_can_be_better():
    flow = tidy([{"name": "a", "epe": 1.2}, {"name": "b", "epe": 0.9}])
    found = fits(flow, Budget(), value="epe", lower=True)
    assert found.best["name"] == "b" and "Best: b, 0.9 px." in found.sentence


def test_the_best_is_never_beaten_by_what_fits():
    for limit in (1e6, 5e6, 1e8):
        found = fits(MODELS, Budget(most_params=limit))
        fitting = MODELS[MODELS["params"] <= limit]
        assert found.best["accuracy"] == fitting["accuracy"].max()


def test_no_models_at_all():
    assert fits(tidy([]), Budget(most_gmacs=1)).best is None
