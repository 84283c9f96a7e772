"""The same architecture in several sources."""

import numpy as np
import pytest

from core.errors import UsageError
from core.tables.catalog import load_all
from core.tables.elsewhere import disagreements, elsewhere, shared, tower
from core.tables.schema import tidy


@pytest.fixture
def models(filled):
    return load_all(filled)


def test_a_torchvision_model_in_timm(models):
    found = elsewhere(models, "ResNet50_Weights.IMAGENET1K_V1").set_index("id")
    assert set(found.index) == {
        "timm/resnet50.a1_in1k@224", "timm/resnet50.a1_in1k@288",
    }  # fmt: skip
    same = found.loc["timm/resnet50.a1_in1k@224"]
    assert same["gmacs_difference"] == pytest.approx(4.11 / 4.089 - 1)
    assert abs(same["params_difference"]) < 0.001
    assert np.isnan(found.loc["timm/resnet50.a1_in1k@288", "gmacs_difference"])


def test_an_image_tower_in_timm_and_back(models):
    timm = "timm/vit_large_patch14_clip_224.openai_ft_in12k_in1k@224"
    found = elsewhere(models, timm)
    assert set(found["table"]) == {
        "open_clip/classification", "open_clip/retrieval",
        "open_clip/multilingual-retrieval",
    }  # fmt: skip
    assert found["gmacs"].unique().tolist() == [81.015]
    assert timm in set(elsewhere(models, "open_clip/ViT-L-14/openai")["id"])


def test_a_model_that_only_one_source_has_is_nowhere_else(models):
    assert elsewhere(models, "AlexNet_Weights.IMAGENET1K_V1").empty


def test_a_model_without_an_architecture_is_nowhere_else():
    rows = tidy([{"id": "a", "table": "x/t"}, {"id": "b", "table": "y/t"}])
    assert elsewhere(rows, "a").empty and shared(rows).empty


def test_an_unknown_model_is_named(models):
    with pytest.raises(UsageError, match="'nope' is unknown"):
        elsewhere(models, "nope")


def row(owner, params, size=224, **more):
    return {"id": f"{owner}{params}{size}", "table": f"{owner}/t", "arch": "net",
            "image_size": size, "params": params, **more}  # fmt: skip


def test_more_than_two_percent_is_a_disagreement():
    rows = tidy([row("x", 100.0), row("y", 103.0), row("z", 101.9)])
    found = disagreements(rows)
    pairs = list(zip(found["source_a"], found["source_b"], strict=True))
    assert pairs == [("x", "y")] and found["difference"][0] == pytest.approx(0.03)


def test_other_resolutions_and_missing_numbers_are_not_compared():
    rows = tidy([row("x", 100.0), row("y", 200.0, size=384), row("z", None)])
    assert shared(rows).empty


def test_a_source_speaks_with_its_median():
    rows = tidy([row("x", 100.0), row("x", 101.0), row("x", 500.0), row("y", 101.0)])
    assert disagreements(rows).empty and len(shared(rows)) == 1


def test_towers_stand_for_the_whole_where_there_are_none():
    rows = tower(tidy([row("x", 100.0, image_params=60.0), row("y", 50.0)]))
    assert rows["params"].tolist() == [60.0, 50.0]
