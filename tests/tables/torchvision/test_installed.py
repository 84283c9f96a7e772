"""The installed package's tables."""

import numpy as np
import pandas as pd
import pytest
from torchvision import models

from core.errors import SourceChanged
from core.tables.schema import tidy
from core.tables.torchvision.installed import installed_tables
from core.tables.torchvision.kinds import KINDS, check_sentinel, frames


@pytest.fixture(scope="module")
def tables():
    return installed_tables()


@pytest.fixture(scope="module")
def everything(tables):
    return pd.concat(tables.values(), ignore_index=True)


def test_has_every_table(tables):
    rows = {key: len(frame) for key, frame in tables.items()}
    assert list(rows) == list(KINDS)
    assert rows["classification"] >= 115 and rows["optical-flow"] >= 8


def test_ids_and_names_are_unique(everything):
    assert everything["id"].is_unique and everything["name"].is_unique


def test_numbers_are_the_packages_own(tables):
    row = tables["classification"].set_index("id").loc["ResNet50_Weights.IMAGENET1K_V2"]
    meta = models.ResNet50_Weights.IMAGENET1K_V2.meta
    assert row["params"] == meta["num_params"]
    assert row["gmacs"] == meta["_ops"]
    assert row["acc@1"] * 100 == pytest.approx(meta["_metrics"]["ImageNet-1K"]["acc@1"])
    assert row["file_size_bytes"] == pytest.approx(meta["_file_size"] * 2**20, abs=1)
    assert (row["name"], row["family"]) == ("ResNet50 · V2", "ResNet")


def test_fractions_have_no_noise(tables):
    row = tables["classification"].set_index("id").loc["AlexNet_Weights.IMAGENET1K_V1"]
    assert repr(float(row["accuracy"])) == "0.56522"


def test_accuracies_are_fractions_and_costs_positive(everything):
    assert everything["accuracy"].dropna().between(0, 1).all()
    assert (everything["params"] > 0).all()
    assert (everything["gmacs"].fillna(everything["gips"]) > 0).all()


def test_the_row_without_accuracy_is_missing(tables):
    frame = tables["classification"]
    missing = frame.loc[frame["accuracy"].isna(), "id"].tolist()
    assert missing == ["VGG16_Weights.IMAGENET1K_FEATURES"]


def test_quantized_models_count_integer_operations(tables):
    assert tables["quantized"]["gmacs"].isna().all()
    assert tables["quantized"]["gips"].notna().all()


def test_instance_and_keypoint_models_rank_by_their_own_metric(tables):
    for key, metric in (("instance", "mask_map"), ("keypoint", "keypoint_map")):
        assert (tables[key]["accuracy"] == tables[key][metric]).all()
        assert tables[key]["box_map"].notna().all()


def test_flow_has_an_error_and_no_accuracy(tables):
    flow = tables["optical-flow"].set_index("id")
    row = flow.loc["Raft_Small_Weights.C_T_V1"]
    assert flow["accuracy"].isna().all()
    assert (row["epe"], row["epe_final"]) == (2.1231, 3.279)
    assert (row["kitti_epe"], row["fl_all"]) == (7.6557, 0.252801)
    assert row["dataset"] == "Sintel-Train-Cleanpass"
    assert np.isnan(flow.loc["Raft_Large_Weights.C_T_SKHT_K_V1", "epe"])


def test_swag_weights_carry_their_licence(tables):
    frame = tables["classification"]
    swag = frame["id"].str.contains("SWAG")
    assert set(frame.loc[swag, "licence"]) == {"CC-BY-NC-4.0"}
    assert set(frame.loc[swag, "pretraining"]) == {"SWAG (IG-3.6B)"}
    assert set(frame.loc[~swag, "licence"]) == {"not stated"}


def test_builders_link_to_their_documentation(tables):
    url = tables["quantized"].set_index("builder").loc["googlenet", "doc_url"]
    assert url.endswith("/generated/torchvision.models.quantization.googlenet.html")


@pytest.mark.parametrize(
    ("rows", "happened"),
    [([], "has 0 classification rows"), (["a"] * 100, "gives nothing")],
)
def test_a_foreign_table_is_not_believed(rows, happened):
    table = tidy({"id": f"{name}{i}"} for i, name in enumerate(rows))
    with pytest.raises(SourceChanged, match=happened):
        check_sentinel({"classification": table}, "package")


def test_names_grow_only_where_needed():
    kept = [
        {"table": "torchvision/video", "weight": weight, "variant": variant}
        for weight, variant in (
            ("Net_Weights.A", "A"),
            ("Net_Weights.B", "B"),
            ("MC3_18_Weights.A", "A"),
        )
    ]
    assert frames(kept)["video"]["name"].tolist() == ["Net · A", "Net · B", "MC3 18"]
