"""The Jobs page: what runs, what the cache holds, clearing it, what is installed."""

import os
import time

import pytest

from core.ui.loaders import jobs

PAGE = "pages/jobs.py"
HOUR_AGO = time.time() - 3600


@pytest.fixture
def kept(cache_root):
    """Fill the cache with a comparison and a snapshot, an hour old."""
    for name in ("derived/base/one.json", "snapshots/mine/model.safetensors"):
        path = cache_root / name
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(3000))
        os.utime(path, (HOUR_AGO, HOUR_AGO))
    return cache_root


def button(page, label: str):
    return next(one for one in page.button if label in one.label)


def ask_to_clear(page, kind: str):
    page.selectbox(key="clear").set_value(kind).run()
    return button(page, "Delete …").click().run()


def test_the_cache_is_told_by_kind(open_page, kept):
    frames = [frame.value for frame in open_page(PAGE).dataframe]
    rows = next(rows for rows in frames if "kind" in rows).set_index("kind")
    assert rows["size_bytes"].to_dict() == {"comparisons": 3000, "snapshots": 3000}
    assert rows["newest"].str.endswith("Z").all()


def test_clearing_tells_the_loss_asks_again_and_spares_the_rest(open_page, kept):
    page = ask_to_clear(open_page(PAGE), "comparisons")
    assert "1 file, 3 kB" in page.warning[0].value and "Hub" in page.warning[0].value
    assert (kept / "derived").exists()
    page = button(page, "Delete comparisons now").click().run()
    assert "Deleted 1 file of comparisons" in page.success[0].value
    assert not (kept / "derived").exists()
    assert (kept / "snapshots/mine/model.safetensors").exists()


def test_no_is_an_answer(open_page, kept):
    page = ask_to_clear(open_page(PAGE), "comparisons")
    page = button(page, "Keep").click().run()
    assert not page.warning and (kept / "derived").exists()


def test_snapshots_are_deleted_by_name_alone(open_page, kept):
    page = open_page(PAGE)
    page.selectbox(key="clear").set_value("snapshots").run()
    assert button(page, "Delete …").disabled
    page.multiselect(key="clear-names").set_value(["mine"]).run()
    page = button(page, "Delete …").click().run()
    assert "mine" in page.warning[0].value
    button(page, "Delete snapshots now").click().run()
    assert not (kept / "snapshots/mine").exists()


def test_nothing_is_deleted_while_a_job_runs(open_page, kept):
    page = open_page(PAGE)
    job = jobs().start("wait", "Waiting", wait)
    try:
        page = ask_to_clear(page, "comparisons")
        assert button(page, "Delete comparisons now").disabled
        assert any("A job is running" in caption.value for caption in page.caption)
    finally:
        job.cancel()


def wait(job) -> None:
    while True:
        job.report(0.5, "Waiting")
        time.sleep(0.01)


def test_what_was_just_written_is_not_deleted(open_page, kept):
    os.utime(kept / "derived/base/one.json")
    page = ask_to_clear(open_page(PAGE), "comparisons")
    page = button(page, "Delete comparisons now").click().run()
    assert "wait until no job writes there" in page.error[0].value.replace("\\", "")
    assert (kept / "derived/base/one.json").exists()


def test_the_report_of_a_problem_holds_no_token(open_page, kept, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "correct-horse-battery")
    page = open_page(PAGE, about="true")
    (report,) = [code.value for code in page.code]
    assert "HF_TOKEN" in report and "streamlit" in report and "comparisons" in report
    assert "correct-horse" not in report
