"""Refreshing every source from a server on loopback that holds small samples."""

import pytest
from filelock import FileLock

from core.errors import CacheError, JobCancelled, UsageError
from core.tables.catalog import list_sources, list_tables, load_all, load_table
from core.tables.history import history
from core.tables.kept import frame, read_kept
from core.tables.refresh import refresh
from core.tables.sources import source_named

PAGE = "docs.pytorch.org/vision/stable/models.html"
RESULTS = (
    "raw.githubusercontent.com/huggingface/pytorch-image-models/main/results/"
    "results-imagenet.csv"
)
NEW = "Net_Video0_Weights.V1"


def notes(settings) -> dict[str, str]:
    return {state.name: state.note for state in list_sources(settings)}


def test_everything_is_filled_at_once(settings, quick):
    found = quick([], settings)
    assert [one.source for one in found] == ["torchvision", "timm", "open_clip", "hub"]
    assert {one.state for one in found} == {"read"}
    rows = {table.name: table.rows for table in list_tables(settings)}
    assert rows["timm/imagenet"] == 6 and rows["open_clip/classification"] == 4
    assert rows["open_clip/multilingual-retrieval"] == 2
    assert rows["hub/image-classification"] == 3 and rows["hub/depth-estimation"] == 2
    assert load_all(settings)["id"].is_unique


def test_the_second_run_transfers_no_bodies(site, settings, quick):
    quick([], settings)
    before, site.bytes_sent = len(site.requests), 0
    found = quick([], settings)
    assert {one.state for one in found} == {"not modified"}
    assert site.bytes_sent == 0 == sum(one.bytes_read for one in found)
    assert len(site.requests) == 2 * before


def test_what_was_not_fetched_is_named_with_the_way_to_have_it(settings, quick):
    quick(["timm"], settings)
    states = {state.name: state for state in list_sources(settings)}
    assert states["timm"].is_fetched and states["timm"].tables == ("timm/imagenet",)
    clip = states["open_clip"]
    assert (clip.is_fetched, clip.rows, clip.tables) == (False, 0, ())
    with pytest.raises(UsageError, match="run `python -m core tables refresh open_cl"):
        load_table("open_clip/retrieval", settings)


def test_an_unknown_source_is_named(settings):
    with pytest.raises(UsageError, match="'imagenet' is unknown; choose one of torch"):
        refresh(["imagenet"], settings)


def test_a_change_is_reported_and_kept_as_history(site, settings, quick):
    quick(["timm"], settings)
    site.edit(RESULTS, "71.600", "72.000")
    (found,) = quick(["timm"], settings)
    assert found.drift.sentence == "0 new, 1 changed, 0 gone"
    assert [one.outcome for one in found.visits].count("read") == 1
    newest = history(settings).iloc[0]
    assert (newest["change"], newest["column"]) == ("changed", "acc@1")
    assert (newest["old"], newest["new"]) == (0.716, 0.72)
    assert history(settings).iloc[-1]["change"] == "first"


def test_rows_that_came_and_went_are_told(site, settings, quick):
    quick(["timm"], settings)
    site.edit(RESULTS, "vgg16.tv_in1k", "vgg16.new_in1k")
    (found,) = quick(["timm"], settings)
    assert found.drift.sentence == "1 new, 0 changed, 1 gone"


def test_torchvision_is_compared_with_the_package(site, settings, quick):
    first, second = quick(["torchvision"], settings), quick(["torchvision"], settings)
    changes = first[0].drift.rows.groupby("change")["id"].apply(set)
    assert NEW in changes["new"]
    assert "ResNet50_Weights.IMAGENET1K_V2" in changes["gone"]
    assert second[0].drift.sentence == first[0].drift.sentence
    assert notes(settings)["torchvision"].endswith(f": {first[0].drift.sentence}.")


def test_rows_that_only_the_page_has_join_the_catalog(settings, quick):
    quick(["torchvision"], settings)
    video = load_table("torchvision/video", settings).set_index("id")
    assert video.loc[NEW, "source"].startswith("https://docs.pytorch.org/")
    assert video.loc["S3D_Weights.KINETICS400_V1", "source"] == "torchvision package"


def test_the_second_address_stands_in(site, settings, quick):
    site.fault("raw.githubusercontent", status=500)
    prefix = RESULTS.removesuffix("results-imagenet.csv")
    mirror = "cdn.jsdelivr.net/gh/huggingface/pytorch-image-models@main/results/"
    for path in [path for path in site.files if path.startswith(prefix)]:
        site.files[mirror + path.removeprefix(prefix)] = site.files[path]
    (found,) = quick(["timm"], settings)
    assert (found.state, found.failures) == ("read", ())
    assert (
        load_table("timm/imagenet", settings)["source"]
        .iloc[0]
        .startswith("https://cdn.jsdelivr.net/")
    )


def test_a_host_that_gave_up_is_not_asked_again(site, settings, quick):
    site.fault("raw.githubusercontent", status=500)
    quick(["timm", "open_clip"], settings)
    asked = [path for path in site.requests if path.startswith("raw.github")]
    assert len(asked) == 4 and len(set(asked)) == 1


def test_without_a_listing_known_benchmarks_are_tried(site, settings, quick):
    site.fault("contents/results", status=404)
    (found,) = quick(["timm"], settings)
    assert found.state == "read" and len(found.failures) == 1
    table = load_table("timm/imagenet", settings)
    assert table["throughput"].notna().sum() == 6
    assert "failed for listing" in notes(settings)["timm"]


def test_a_listing_that_fails_later_leaves_the_known_files(site, settings, quick):
    quick(["timm"], settings)
    site.fault("contents/results", status=404)
    (found,) = quick(["timm"], settings)
    assert found.state == "not modified"
    assert len(read_kept("timm", settings).documents) == 10


def test_a_stop_keeps_the_sources_that_were_finished(settings):
    def stop() -> bool:
        return read_kept("timm", settings).checked_at != ""

    with pytest.raises(JobCancelled, match="what it finished is kept"):
        refresh([], settings, cancelled=stop)
    names = {state.name for state in list_sources(settings) if state.is_fetched}
    assert names == {"torchvision", "timm"}


def test_waiting_can_be_stopped(site, settings):
    site.fault("open_clip", status=429, headers={"Retry-After": "50"})
    slept = []
    with pytest.raises(JobCancelled):
        refresh(
            ["open_clip"],
            settings,
            sleep=slept.append,
            cancelled=lambda: len(slept) == 3,
        )
    assert slept == [1.0, 1.0, 1.0]


def test_progress_rises_to_the_end(settings, quick):
    told = []
    quick(["timm", "hub"], settings, progress=lambda *said: told.append(said))
    shares = [share for share, _ in told]
    assert shares == sorted(shares) and shares[0] == 0 and 0.9 < shares[-1] < 1
    assert told[-1][1] == "Hugging Face Hub: video-classification"


def test_one_refresh_at_a_time(settings, quick, tmp_path):
    with (
        FileLock(tmp_path / "cache/tables/.refresh.lock"),
        pytest.raises(CacheError, match="are being refreshed by another process"),
    ):
        quick(["timm"], settings)


def test_a_damaged_document_is_fetched_anew(settings, quick, tmp_path):
    quick(["timm"], settings)
    kept = read_kept("timm", settings).documents["imagenet"]
    path = tmp_path / f"cache/tables/timm/{kept.sha256[:24]}.body"
    path.write_bytes(b"damaged")
    (found,) = quick(["timm"], settings)
    assert [one.key for one in found.visits if one.outcome == "read"] == ["imagenet"]
    assert path.read_bytes() != b"damaged"


def test_damaged_tables_are_joined_again_without_the_network(settings, quick, tmp_path):
    quick(["timm", "open_clip"], settings)
    before = load_all(settings)
    for path in (tmp_path / "cache/tables").glob("*/*.parquet"):
        path.write_bytes(path.read_bytes()[:50])
    assert load_all(settings).equals(before)
    assert len(frame(source_named("timm"), settings, "benchmarks")) == 14


def test_a_damaged_state_keeps_nothing_and_breaks_nothing(settings, quick, tmp_path):
    quick(["timm"], settings)
    (tmp_path / "cache/tables/timm/state.json").write_text('{"documents": 5}')
    assert not load_all(settings)["id"].str.startswith("timm/").any()
    assert quick(["timm"], settings)[0].state == "read"


def test_old_files_are_forgotten(site, settings, quick, tmp_path):
    quick(["timm"], settings)
    site.edit(RESULTS, "71.600", "72.000")
    quick(["timm"], settings)
    names = [path.name for path in (tmp_path / "cache/tables/timm").iterdir()]
    assert len([name for name in names if name.endswith(".body")]) == 10
    assert len([name for name in names if name.endswith(".parquet")]) == 3
