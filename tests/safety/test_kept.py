"""Files of the cache that are damaged, foreign or of another version: what they told is
not known, or named; no page breaks.
"""

import pandas as pd
import pytest

from core.demo.records import has_records
from core.derived.comparisons import read_result
from core.derived.hub_base import known_base
from core.errors import CacheError
from core.hub.kept import last_listing, listing_path
from core.hub.rows import listing_frame, model_row
from core.settings import Settings
from core.snapshots.kept_rankings import kept_ranking
from core.tables.kept import read_kept
from core.transfer.dataset_scores import kept_scores
from core.zero_shot.fit_document import fit_path, kept_fit
from core.zero_shot.kept_tryouts import read_places, read_tryout
from core.zero_shot.workload import Workload

FOREIGN = {
    "nothing": b"", "an empty object": b"{}", "a list": b"[1]", "null": b"null",
    "another version": b'{"version": 99, "results": [], "rows": 3, "documents": []}',
    "half of it": b'{"rows": [', "nesting": b"[" * 10**5, "NaN": b'{"rows": NaN}',
    "a pickle": b"\x80\x04cos\nsystem\n.", "Parquet in its place": b"PAR1" * 20,
    "no text": b"\xff\xfe\x00",
}  # fmt: skip


@pytest.fixture
def settings(tmp_path):
    return Settings(tmp_path)


def every_file(settings: Settings, content: bytes) -> None:
    """Put `content` wherever the readers below look."""
    root, folder = settings.cache_root, settings.cache_root / "images"
    folder.mkdir(exist_ok=True)
    workload = Workload()
    paths = [
        root / "answer.json", root / "base.json", root / "result.parquet",
        fit_path("m", workload, root), root / "tables" / "hub" / "state.json",
        root / "demo" / "records" / "finished.json",
    ]  # fmt: skip
    from core.snapshots.kept_rankings import _path
    from core.transfer.dataset_scores import _place

    paths += [_path(folder, "d", settings), _place(folder, settings)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_file_of_the_cache_tells_nothing(settings, content):
    every_file(settings, content)
    root, folder = settings.cache_root, settings.cache_root / "images"
    assert kept_fit("m", Workload(), root) is None
    assert read_tryout(root) is None
    assert kept_ranking(folder, "d", settings) is None
    assert kept_scores(folder, settings) is None
    assert known_base(root) is None
    assert not read_kept("hub", settings).documents
    assert read_result(root / "result.parquet") is None


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_damaged_masks_are_none(tmp_path, content):
    (tmp_path / "masks-0.png").write_bytes(content)
    assert read_places(tmp_path, {"masks": "masks-0.png"}) is None


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_listing_is_named_and_foreign_changes_are_none(settings, content):
    path = listing_path("a/b", settings)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(CacheError, match="delete it"):
        last_listing("a/b", settings)
    place = {"parent": "a/b", "relation": "finetune", "hop": 1, "listed_at": "2026"}
    row = model_row({"id": "c/d"}, has_token=False)
    listing_frame([row | place]).to_parquet(path)
    path.with_name(f"{path.name}.changes.json").write_bytes(content)
    try:
        assert last_listing("a/b", settings).new == ()
    except CacheError as error:
        assert "delete it" in str(error)


def test_the_demo_of_a_foreign_version_is_not_made(settings):
    path = settings.cache_root / "demo" / "records" / "finished.json"
    path.parent.mkdir(parents=True)
    for content in (b"{}", b"[1]", b'{"version": 99}'):
        path.write_bytes(content)
        assert not has_records(settings)


def test_a_frame_with_text_for_numbers_is_not_believed(settings):
    path = listing_path("a/b", settings)
    path.parent.mkdir(parents=True)
    pd.DataFrame({"id": [1]}).to_parquet(path)
    with pytest.raises(CacheError, match="delete it"):
        last_listing("a/b", settings)
