"""All rankings in one frame: protocols apart, popularity left out, open_clip joined."""

import pytest

from core.zero_shot.open_clip import model_of, open_clip_results
from core.zero_shot.rankings import every_ranking


@pytest.fixture(scope="module")
def ranked(catalog, nothing):
    return every_ranking(catalog, nothing)


def test_supervised_and_zero_shot_models_never_meet(ranked, catalog):
    zero_shot = catalog.every_model.set_index("id")["zero_shot"]
    for _, rows in ranked.groupby(["ranking", "task", "protocol"]):
        assert zero_shot[rows["model"]].nunique() == 1


def test_a_mixed_list_becomes_two_that_start_at_one(ranked):
    roz = ranked[ranked["ranking"] == "roz_performance"]
    ranks = roz.groupby("protocol")[["rank", "listed_rank"]].agg(list)
    assert ranks.loc["zero-shot"].tolist() == [[1, 2], [2, 4]]
    assert ranks.loc["supervised"].tolist() == [[1, 2, 3], [1, 3, 5]]


def test_popularity_ranks_nobody(ranked):
    assert not set(ranked["source"]) & {"hf_trends", "github_trends"}


def test_every_ordered_placement_is_ranked_in_each_of_its_tasks(ranked, catalog):
    lists = catalog.rankings[catalog.rankings["ordered"]].set_index("id")["tasks"]
    expected = catalog.placements["ranking"].map(lists.map(len)).sum()
    surveyed = ranked["ranking"].isin(lists.index)
    assert surveyed.sum() == expected


def test_published_numbers_rank_the_best_checkpoint_of_a_model(ranked):
    rows = ranked[ranked["ranking"] == "published:imagenet"].set_index("model")
    assert rows.loc["siglip2", ["label", "rank", "value"]].tolist() == [
        "g-opt/16-384", 2, 0.85,
    ]  # fmt: skip
    assert rows["value"].is_monotonic_decreasing


def test_a_difference_is_no_ranking(ranked):
    assert "published:imagenet-gain" not in set(ranked["ranking"])


def test_open_clips_checkpoints_find_their_models(catalog, open_clip):
    rows = open_clip_results(open_clip, catalog.every_model)
    models = rows.drop_duplicates("variant")["model"].tolist()
    assert models == ["openai-clip", "clip-rn50x16", ""]
    assert len(rows) == 5


@pytest.mark.parametrize(
    ("weight", "model"),
    [
        ("ViT-SO400M-14-SigLIP-384/webli", "siglip"),
        ("ViT-B-16-SigLIP2-256/webli", "siglip2"),
        ("coca_ViT-L-14/laion2b_s13b_b90k", "coca"),
        ("ViT-H-14-378-quickgelu/dfn5b", "dfn-clip"),
        ("EVA02-L-14-336/merged2b_s6b_b61k", "eva-clip"),
        ("ViT-H-14-quickgelu/metaclip_fullcc", "metaclip"),
        ("ViT-B-32/laion2b_s34b_b79k", "open-clip"),
    ],
)
def test_a_weight_belongs_to_one_model(catalog, weight, model):
    assert model_of(weight, catalog.every_model) == model


def test_open_clips_table_adds_its_benchmarks(catalog, open_clip, ranked):
    copies = open_clip.assign(
        weight=["ViT-B-32/openai", "RN50x16/openai", "RN50x4/openai"]
    )
    more = every_ranking(catalog, copies)
    assert set(more["ranking"]) - set(ranked["ranking"]) == {"open_clip:imagenet"}
    rows = more[more["ranking"] == "open_clip:imagenet"]
    assert rows["model"].tolist() == ["clip-rn50x16", "openai-clip", "clip-rn50x4"]
