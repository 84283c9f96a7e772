"""open_clip's tables on small samples: MACs, towers, zero-shot columns."""

import numpy as np
import pytest

from core.errors import SourceChanged
from core.tables.catalog import load_table
from core.tables.open_clip.files import read_profile, read_results
from core.tables.open_clip.tags import pretraining
from core.tables.schema import origin

URL = "https://example.org/openclip_classification_results.csv"


@pytest.fixture
def models(filled):
    return load_table("open_clip/classification", filled).set_index("id")


def test_flops_are_halved_and_towers_kept_apart(models):
    row = models.loc["open_clip/ViT-L-14/openai"]
    assert (row["gmacs"], row["image_gmacs"], row["text_gmacs"]) == (
        87.665, 81.015, 6.65,
    )  # fmt: skip
    assert (row["params"], row["image_params"]) == (427_620_000, 303_970_000)
    assert "FLOPs halved" in origin(row, "gmacs") and row["image_size"] == 224


def test_zero_shot_scores_have_columns_of_their_own(models):
    row = models.loc["open_clip/ViT-L-14/openai"]
    assert (row["protocol"], row["metric"]) == ("zero-shot", "zero_shot@1")
    assert np.isnan(row["acc@1"]) and np.isnan(row["acc_v2"])
    assert row["accuracy"] == row["zero_shot@1"] and row["zero_shot_datasets"] == 35


def test_retrieval_is_a_table_of_its_own(filled):
    rows = load_table("open_clip/retrieval", filled)
    assert rows["metric"].unique().tolist() == ["retrieval_mean"]
    assert rows["coco_text_r@1"].notna().all() and rows["zero_shot@1"].isna().all()


def test_a_table_without_costs_adds_up_the_towers(filled):
    rows = load_table("open_clip/multilingual-retrieval", filled).set_index("builder")
    assert rows.loc["RN50", "params"] == 102_010_000
    assert rows.loc["RN50", "gmacs"] == pytest.approx(9.09)


def test_without_a_profile_the_whole_model_is_known(site, settings, quick):
    site.fault("model_profile.csv", status=404)
    (found,) = quick(["open_clip"], settings)
    row = load_table("open_clip/classification", settings).iloc[0]
    assert found.state == "read" and row["gmacs"] == 87.665
    assert np.isnan(row["image_gmacs"]) and np.isnan(row["image_size"])


@pytest.mark.parametrize(
    ("tag", "data"),
    [
        ("openai", "WIT-400M (OpenAI)"),
        ("datacomp_xl_s13b_b90k", "DataComp"),
        ("commonpool_l_laion_s1b_b8k", "CommonPool"),
        ("mscoco_finetuned_laion2b_s13b_b90k", "LAION-2B"),
        ("frozen_laion5b_s13b_b90k", "LAION-5B"),
        ("metaclip_fullcc", "MetaCLIP"),
        ("v1", "none named"),
    ],
)
def test_tags_name_their_data(tag, data):
    assert pretraining(tag) == data


HEAD = "name,pretrained,params (M),FLOPs (B),Average perf. on 35 datasets,"
SETS = "ImageNet 1k,ImageNet v2,ImageNet Sketch,ImageNet-A,ImageNet-R\n"


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("a,b,1,2,70.1,70,60,50,40,30\n", "gives a score that is no fraction"),
        ("a,b,1,2,.7,.7,.6,.5,.4,.3\n" * 2, "lists a twice"),
        ("", "has no rows"),
    ],
)
def test_impossible_scores_are_refused(rows, reason):
    with pytest.raises(SourceChanged, match=reason):
        read_results((HEAD + SETS + rows).encode(), URL)


def test_a_profile_needs_its_towers():
    with pytest.raises(SourceChanged, match="has no column image_mparams"):
        read_profile(b"model,image_size,mparams\na,224,5\n", URL)
