"""Accuracy and benchmarks joined, on small samples."""

import numpy as np
import pytest

from core.errors import UsageError
from core.tables.catalog import benchmarks, load_table
from core.tables.schema import origin


@pytest.fixture
def models(filled):
    return load_table("timm/imagenet", filled).set_index("id")


def test_a_row_is_a_weight_at_a_resolution(models):
    small, large = (models.loc[f"timm/resnet50.a1_in1k@{size}"] for size in (224, 288))
    assert (small["acc@1"], large["acc@1"]) == (0.804, 0.812)
    assert (small["gmacs"], large["gmacs"]) == (4.11, 6.8)
    assert large["name"] == "resnet50.a1_in1k · 288 px"
    assert models.loc["timm/vgg16.tv_in1k@224", "name"] == "vgg16.tv_in1k"


def test_units_are_the_schemas(models):
    giant = models.loc["timm/eva_giant_patch14_224.clip_ft_in1k@224"]
    assert giant["params"] == 1_012_560_000
    assert giant["acc_real"] == 0.941 and giant["macts"] == 534.36
    assert (giant["protocol"], giant["licence"]) == ("supervised", "not stated")


def test_throughput_says_its_device(models):
    row = models.loc["timm/tf_efficientnet_b0.ns_jft_in1k@224"]
    said = row["throughput"], row["device"], row["precision"]
    assert said == (16000.0, "RTX 5090", "amp")
    assert row["train_throughput"] == 1600.0 and row["train_device"] == "RTX 3090"
    assert row["family"] == "EfficientNet" and row["pretraining"] == "JFT-300M"


def test_what_was_not_measured_is_missing(models):
    row = models.loc["timm/vgg16.tv_in1k@224"]
    assert np.isnan(row["train_throughput"]) and row["train_device"] == ""


def test_every_number_says_where_it_was_read(models):
    row = models.loc["timm/vgg16.tv_in1k@224"]
    assert "results-imagenet.csv, revision" in origin(row, "acc@1")
    assert origin(row, "gmacs").startswith("benchmark-infer-amp-nchw-pt291-cu130-5090")
    assert origin(row, "throughput").startswith("benchmark-infer-amp-nchw")
    assert "results-sketch.csv, revision" in origin(row, "acc_sketch")


def test_the_best_joined_benchmark_comes_first(filled):
    known = benchmarks(filled)
    assert known["device"].tolist() == ["RTX 5090", "Core i7-12700H", "RTX 3090"]
    assert known["joined"].tolist() == [6, 5, 3]
    assert known["kind"].tolist() == ["infer", "infer", "train"]


def test_another_device_can_be_chosen(filled):
    name = benchmarks(filled)["name"][1]
    rows = load_table("timm/imagenet", filled, benchmark=name)
    assert rows["throughput"].notna().sum() == 5
    assert set(rows["device"]) == {"Core i7-12700H", ""}
    assert set(rows["precision"]) == {"fp32 compiled", ""}
    assert rows["gmacs"].notna().all()


def test_an_unknown_device_is_named(filled):
    with pytest.raises(UsageError, match="'abacus' is not a benchmark of this table"):
        load_table("timm/imagenet", filled, benchmark="abacus")
    with pytest.raises(UsageError, match="is not a benchmark of this table"):
        load_table("torchvision/video", filled, benchmark="abacus")


def test_without_a_refresh_there_are_no_benchmarks(settings):
    assert benchmarks(settings).empty
