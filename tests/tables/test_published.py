"""The published tables themselves, served on loopback: counts, joins, fronts."""

import json
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from core.settings import Settings
from core.tables.catalog import (
    benchmarks,
    list_tables,
    load_all,
    load_table,
)
from core.tables.elsewhere import disagreements, shared
from core.tables.filters import pareto_front
from core.tables.refresh import refresh
from core.tables.torchvision.package import installed_version

HOSTS = {
    "timm": "raw.githubusercontent.com/huggingface/pytorch-image-models/main/results/",
    "open_clip": "raw.githubusercontent.com/mlfoundations/open_clip/main/docs/",
}
LISTING = "api.github.com/repos/huggingface/pytorch-image-models/contents/results"
# timm counts MACs of activations and squeeze-excitation that torchvision leaves out,
# and rounds to a hundredth; its Inception V3 has no auxiliary classifier.
EXCEPTIONS = {
    ("efficientnet_b0", "gmacs"): 0.037,
    ("efficientnet_b1", "gmacs"): 0.034,
    ("efficientnet_b2", "gmacs"): 0.030,
    ("efficientnet_b3", "gmacs"): 0.024,
    ("efficientnet_b4", "gmacs"): 0.022,
    ("inception_v3", "params"): 0.140,
    ("mnasnet_100", "gmacs"): 0.051,
    ("mobilenetv2_100", "gmacs"): 0.030,
    ("mobilenetv3_large_100", "gmacs"): 0.060,
    ("mobilenetv3_small_100", "gmacs"): 0.053,
}


@pytest.fixture(scope="module")
def published(new_site, tmp_path_factory, find_shared) -> Iterator[tuple]:
    """A cache that was refreshed from the published files."""
    site = new_site()
    find_shared("timm/results-imagenet.csv")
    for name, prefix in HOSTS.items():
        for file in find_shared(name).glob("*.csv"):
            site.files[prefix + file.name] = file.read_bytes()
    names = [file.name for file in find_shared("timm").iterdir()]
    site.files[LISTING] = json.dumps([{"name": name} for name in names]).encode()
    page = find_shared("torchvision/fixture_0.29.2.html").read_bytes()
    site.files["docs.pytorch.org/vision/stable/models.html"] = page
    settings = Settings(tmp_path_factory.mktemp("cache"), sources_url=site.url)
    refresh(["torchvision", "timm", "open_clip"], settings)
    yield site, settings
    site.close()


@pytest.fixture
def timm(published) -> pd.DataFrame:
    return load_table("timm/imagenet", published[1])


def test_rows_per_table(published):
    rows = {table.name: table.rows for table in list_tables(published[1])}
    assert rows["timm/imagenet"] == 1556
    assert rows["open_clip/classification"] == rows["open_clip/retrieval"] == 121
    assert rows["open_clip/multilingual-retrieval"] == 123
    assert rows["torchvision/classification"] >= 115


def test_a_second_refresh_transfers_no_bodies(published):
    site, settings = published
    site.bytes_sent = 0
    found = refresh(["torchvision", "timm", "open_clip"], settings)
    assert {one.state for one in found} == {"not modified"} and site.bytes_sent == 0


@pytest.mark.parametrize(("cost", "points"), [("throughput", 34), ("gmacs", 37)])
def test_timm_fronts(timm, cost, points):
    faster = cost == "throughput"
    front = pareto_front(timm, cost, "accuracy", higher_cost_is_better=faster)
    assert len(front) == points


def test_every_accuracy_has_its_benchmark(timm, published):
    assert timm["throughput"].notna().all() and timm["gmacs"].notna().all()
    assert set(timm["device"]) == {"RTX 5090"}
    known = benchmarks(published[1])
    joined = dict(zip(known["name"].str[-9:], known["joined"], strict=True))
    assert joined["u130-5090"] == joined["u128-4090"] == 1556
    assert joined["0h-dynamo"] == 1451 and joined["3-rtx3090"] == 715


def test_the_join_agrees_with_pandas(timm, find_shared):
    read = {
        name: pd.read_csv(find_shared(f"timm/{name}.csv"), thousands=",")
        for name in ("results-imagenet", "results-imagenet-a",
                     "benchmark-infer-amp-nchw-pt291-cu130-5090")
    }  # fmt: skip
    main, hard, costs = read.values()
    main["arch"] = main["model"].str.split(".").str[0]
    both = main.merge(
        costs, left_on=["arch", "img_size"], right_on=["model", "infer_img_size"]
    )
    assert timm["throughput"].tolist() == both["infer_samples_per_sec"].tolist()
    assert np.allclose(timm["acc@1"], main["top1"] / 100)
    assert np.allclose(timm["params"], main["param_count"] * 1e6)
    hard = hard.set_index(["model", "img_size"])["top1"] / 100
    keys = pd.MultiIndex.from_frame(timm[["weight", "image_size"]])
    assert np.allclose(timm["acc_a"], hard.reindex(keys), equal_nan=True)
    assert timm["acc_a"].isna().sum() == 1


def test_pretraining_of_all_names(timm):
    counts = timm["pretraining"].value_counts()
    assert (counts["ImageNet-22K"], counts["ImageNet-21K"]) == (110, 58)
    assert counts["none named"] == 1248 and (timm["family"] != "other").all()


@pytest.mark.skipif(
    not installed_version().startswith("0.29."), reason="golden for torchvision 0.29"
)
def test_sources_agree_on_what_they_share(published):
    models = load_all(published[1])
    found = disagreements(models)
    differ = {
        (row.arch, row.column): row.difference for row in found.itertuples(index=False)
    }
    assert differ.keys() == EXCEPTIONS.keys()
    assert all(differ[key] <= bound for key, bound in EXCEPTIONS.items())
    assert shared(models)["arch"].nunique() == 74


def test_resnet50_and_the_tower_of_clip(published):
    found = shared(load_all(published[1]))
    numbers = found.set_index(["arch", "image_size", "column"]).sort_index()
    resnet = numbers.loc[("resnet50", 224, "gmacs")]
    assert (resnet["value_a"], resnet["value_b"]) == (4.11, 4.089)
    clip = numbers.loc[("vit_large_patch14_clip", 224, "gmacs")]
    assert (round(clip["value_a"]), round(clip["value_b"])) == (81, 81)
    assert (clip["source_a"], clip["source_b"]) == ("open_clip", "timm")


def test_best_zero_shot_model(published):
    rows = load_table("open_clip/classification", published[1])
    best = rows.loc[rows["accuracy"].idxmax()]
    assert (best["name"], best["accuracy"]) == (
        "ViT-H-14-378-quickgelu · dfn5b",
        0.8437,
    )
    assert rows["image_gmacs"].notna().all() and rows["acc@1"].isna().all()


def test_a_warm_cache_opens_fast(published):
    def elapsed() -> float:
        start = time.perf_counter()
        load_table("timm/imagenet", published[1])
        return time.perf_counter() - start

    assert min(elapsed() for _ in range(5)) < 0.2
