"""Refreshing torchvision's tables from a server on loopback."""

import pytest

from core.errors import FetchError, SourceChanged
from core.settings import Settings
from core.tables.catalog import list_tables, load_all, load_table
from core.tables.refresh import refresh_torchvision
from core.tables.stored import page_frame, page_path

PATH = "/docs.pytorch.org/vision/stable/models.html"
NEW = "Net_Video0_Weights.V1"


@pytest.fixture
def settings(web, tmp_path):
    return Settings(tmp_path, sources_url=web.url)


def test_a_good_page_is_kept_and_compared(web, settings, page):
    web.answer(web.Answer(body=page().encode()))
    found = refresh_torchvision(settings)
    assert web.requests[0][0] == PATH and not found.is_unchanged
    changes = found.drift.rows.groupby("change")["id"].apply(set)
    assert NEW in changes["new"]
    assert "ResNet50_Weights.IMAGENET1K_V2" in changes["gone"]
    assert list_tables(settings)[0].note.endswith(f": {found.drift.sentence}.")


def test_rows_that_only_the_page_has_join_the_catalog(web, settings, page):
    web.answer(web.Answer(body=page().encode()))
    refresh_torchvision(settings)
    video = load_table("torchvision/video", settings).set_index("id")
    assert video.loc[NEW, "source"].startswith("https://docs.pytorch.org/")
    assert video.loc["S3D_Weights.KINETICS400_V1", "source"] == "torchvision package"
    assert load_all(settings)["id"].is_unique


def test_the_second_refresh_asks_for_news_only(web, settings, page):
    web.answer(
        web.Answer(body=page().encode(), headers={"ETag": '"v1"'}), web.Answer(304)
    )
    first, second = refresh_torchvision(settings), refresh_torchvision(settings)
    assert web.requests[1][1]["If-None-Match"] == '"v1"'
    assert second.is_unchanged and second.drift.sentence == first.drift.sentence


def test_a_damaged_copy_is_fetched_anew(web, settings, page):
    web.answer(web.Answer(body=page().encode(), headers={"ETag": '"v1"'}))
    refresh_torchvision(settings)
    page_path(settings).write_bytes(b"damaged")
    assert not refresh_torchvision(settings).is_unchanged
    assert "If-None-Match" not in web.requests[1][1]


def test_a_changed_page_leaves_the_last_good_one(web, settings, page):
    broken = page().replace("Params", "Size")
    web.answer(web.Answer(body=page().encode()), web.Answer(body=broken.encode()))
    refresh_torchvision(settings)
    good = page_frame(settings)
    with pytest.raises(SourceChanged, match="has no column params"):
        refresh_torchvision(settings)
    assert page_frame(settings).equals(good)
    note = list_tables(settings)[0].note
    assert note.startswith("The refresh of 20") and "has no column params" in note


def test_a_failure_before_any_copy_leaves_the_package(web, settings):
    web.answer(web.Answer(404))
    with pytest.raises(FetchError):
        refresh_torchvision(settings)
    tables = {table.name: table for table in list_tables(settings)}
    assert tables["torchvision/classification"].rows >= 115
    assert "answered 404" in tables["torchvision/video"].note


def test_success_clears_the_failure(web, settings, page):
    web.answer(web.Answer(404), web.Answer(body=page().encode()))
    with pytest.raises(FetchError):
        refresh_torchvision(settings)
    refresh_torchvision(settings)
    assert "failed" not in list_tables(settings)[0].note
