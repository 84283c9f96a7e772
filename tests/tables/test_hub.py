"""The Hub's listings on small samples."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.errors import SourceChanged
from core.tables.catalog import load_table
from core.tables.hub import TASKS, documents, read_models

URL = "https://huggingface.co/api/models"


def read(*entries):
    return read_models(json.dumps(entries).encode(), URL)


@pytest.fixture
def models(filled):
    return load_table("hub/image-classification", filled).set_index("name")


def test_popularity_size_licence_and_access(models):
    row = models.loc["someone/vit-image-classification"]
    assert (row["downloads"], row["likes"], row["params"]) == (900, 5, 86_000_000)
    assert (row["licence"], row["gated"], row["family"]) == (
        "apache-2.0",
        "auto",
        "ViT",
    )
    assert row["pretraining"] == "imagenet-1k" and row["revision"] == "abc"
    assert row["doc_url"] == "https://huggingface.co/someone/vit-image-classification"


def test_what_the_hub_does_not_say_is_missing(models):
    row = models.loc["other/image-classification"]
    assert (row["licence"], row["gated"], row["family"]) == ("mit", "no", "other")
    assert np.isnan(row["params"]) and np.isnan(row["accuracy"])


def test_a_model_stands_under_one_task(models, filled):
    assert "timm/shared.model" in models.index
    other = load_table("hub/object-detection", filled)
    assert "timm/shared.model" not in set(other["name"])


def test_another_endpoint_can_be_asked(site, settings, quick):
    endpoint = replace(settings, hub_endpoint=f"{site.url}/huggingface.co")
    quick(["hub"], replace(endpoint, sources_url=None))
    assert len(load_table("hub/image-classification", settings)) == 3


def test_each_task_is_one_page_of_the_most_downloaded():
    (urls,) = {one.urls[0].partition("?")[0] for one in documents()}
    assert urls == URL and len(documents()) == len(TASKS)
    assert all("sort=downloads&limit=1000" in one.urls[0] for one in documents())


@pytest.mark.parametrize(
    "entry",
    [
        {"downloads": 5},
        {"id": "a/b", "safetensors": 5},
        {"id": "a/b", "safetensors": {"total": "many", "parameters": {}}},
        {"id": "a/b", "downloads": "many"},
        {"id": "a/b", "tags": [5]},
        "a/b",
        5,
    ],
)
def test_entries_of_another_shape_are_refused(entry):
    with pytest.raises(SourceChanged, match="does not list models as it did"):
        read(entry)


def test_one_odd_card_costs_one_model():
    rows = read({"id": "a/b"}, {"id": "c/d", "downloads": "many"}, {"id": "e/f"})
    assert rows["id"].tolist() == ["a/b", "e/f"]


@pytest.mark.parametrize("content", [b"{}", b"[]", b"<html>", b"[" * 10**5])
def test_anything_but_a_list_is_refused(content):
    with pytest.raises(SourceChanged):
        read_models(content, URL)


def test_long_texts_are_cut():
    (row,) = read({"id": "a/b", "cardData": {"license": "x" * 10**5}}).to_dict(
        "records"
    )
    assert len(row["licence"]) == 200


def test_lists_of_licences_and_data_are_joined():
    card = {"license": ["mit", "other"], "datasets": ["a", "b"]}
    (row,) = read({"id": "a/b", "cardData": card}).to_dict("records")
    assert (row["licence"], row["data"]) == ("mit, other", "a, b")
