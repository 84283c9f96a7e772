"""Each source cut off in turn: the last good data stays, and a note says why."""

import socket
from dataclasses import replace

import pytest

from core.tables.catalog import list_sources, load_all
from core.tables.history import history

MAIN = {
    "torchvision": "docs.pytorch.org",
    "timm": "results/results-imagenet.csv",
    "open_clip": "openclip_classification_results.csv",
    "hub": "pipeline_tag=image-classification",
}
HOSTS = {
    "torchvision": "org/vision/",
    "timm": "pytorch-image-models",
    "open_clip": "open_clip",
    "hub": "huggingface.co",
}
KEYS = {
    "torchvision": "Params",
    "timm": "top1,",
    "open_clip": "ImageNet 1k",
    "hub": '"id"',
}
HTML = b"<!doctype html><html><body>Please log in</body></html>"


@pytest.fixture(params=sorted(MAIN))
def source(request) -> str:
    return request.param


@pytest.fixture
def before(filled):
    """What the cache held before."""
    return load_all(filled)


def path_of(site, source: str) -> str:
    return next(path for path in site.files if MAIN[source] in path)


def check_kept(settings, source, before, reason: str) -> None:
    assert load_all(settings).equals(before)
    state = next(one for one in list_sources(settings) if one.name == source)
    assert state.is_fetched and reason in state.note
    assert state.note.startswith("The refresh of 20") and "http" in state.note


@pytest.mark.parametrize(
    ("status", "headers", "reason"),
    [
        (500, {}, "answered 500 after 4 tries"),
        (429, {"Retry-After": "3600"}, "answered 429 after 1 try"),
        (404, {}, "answered 404"),
    ],
)
def test_a_source_that_refuses(
    site, filled, quick, source, status, headers, reason, before
):
    site.fault(HOSTS[source], status=status, headers=headers)
    (found,) = quick([source], filled)
    assert found.state == "failed" and reason in found.failures[0]
    check_kept(filled, source, before, reason)


def test_a_source_that_cannot_be_reached(filled, quick, source, before):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        (found,) = quick([source], replace(filled, sources_url=url))
    assert found.state == "failed"
    check_kept(filled, source, before, "refused or dropped the connection")


def test_a_body_cut_short(site, filled, quick, source, before):
    site.fault(MAIN[source], cut_to=100)
    quick([source], filled)
    check_kept(filled, source, before, "refused or dropped the connection")


def test_a_body_cut_short_that_promises_no_more(site, filled, quick, source, before):
    path = path_of(site, source)
    site.files[path] = site.files[path][:-20]
    if source == "torchvision":
        site.files[path] = site.files[path][:2000]
    quick([source], filled)
    state = next(one for one in list_sources(filled) if one.name == source)
    assert load_all(filled).equals(before) and "failed" in state.note


def test_a_web_page_in_its_place(site, filled, quick, source, before):
    site.fault(MAIN[source], body=HTML)
    quick([source], filled)
    reasons = {"torchvision": "has no tables", "hub": "answers with no JSON"}
    reason = reasons.get(source, "is a web page, not a CSV file")
    check_kept(filled, source, before, reason)


def test_a_renamed_column(site, filled, quick, source, before):
    key = KEYS[source]
    site.edit(path_of(site, source), key, key.replace(key.strip('",'), "renamed"))
    quick([source], filled)
    reasons = {
        "torchvision": "has no column params",
        "timm": "has no column top1",
        "open_clip": "has no column ImageNet 1k",
        "hub": "KeyError('id')",
    }
    check_kept(filled, source, before, reasons[source])


def test_half_of_the_rows_missing(site, filled, quick, source, before):
    path = path_of(site, source)
    lines = site.files[path].decode().splitlines(keepends=True)
    if source == "torchvision":
        text = site.files[path].decode().replace("<tr><td><p><a", "<tr><xx><p><a", 90)
    elif source == "hub":
        text = '[{"id": "someone/vit-image-classification"}]'
    else:
        text = "".join(lines[: len(lines) // 3 + 1])
    site.files[path] = text.encode()
    quick([source], filled)
    reason = "not 100 or more" if source == "torchvision" else "the kept copy"
    check_kept(filled, source, before, reason)


@pytest.mark.parametrize("source", ["timm", "open_clip", "hub"], indirect=True)
def test_fewer_rows_are_taken_once_a_person_accepts(
    site, filled, quick, source, before
):
    path = path_of(site, source)
    lines = site.files[path].decode().splitlines(keepends=True)
    text = "".join(lines[:2])
    if source == "hub":
        text = '[{"id": "someone/vit-image-classification"}]'
    site.files[path] = text.encode()
    assert quick([source], filled)[0].failures
    (found,) = quick([source], filled, accept=True)
    assert found.state == "read" and not found.failures
    assert len(load_all(filled)) < len(before)
    assert "gone" in set(history(filled)["change"])


@pytest.mark.parametrize("source", ["timm", "open_clip"], indirect=True)
def test_a_table_in_front_changes_nothing(site, filled, quick, source, before):
    path = path_of(site, source)
    site.files[path] = b"name,value\nversion,3\n\n" + site.files[path]
    (found,) = quick([source], filled)
    assert found.state == "read" and not found.failures
    assert found.drift.sentence == "0 new, 0 changed, 0 gone"


def test_a_table_in_front_of_the_page_changes_nothing(site, filled, quick, page):
    before = load_all(filled)
    front = "<table><tr><td>alexnet()</td><td>resnet()</td></tr></table>"
    path = path_of(site, "torchvision")
    site.files[path] = page(front=front).encode()
    assert quick(["torchvision"], filled)[0].state == "read"
    assert load_all(filled)["id"].equals(before["id"])


def test_a_join_that_lost_its_keys_is_refused(site, filled, quick):
    before = load_all(filled)
    for path in [path for path in site.files if "benchmark-infer" in path]:
        site.files[path] = site.files[path].replace(b"\n", b"\nx_").removesuffix(b"x_")
    (found,) = quick(["timm"], filled)
    assert found.state == "failed"
    assert "now has gmacs in 0 rows of timm/imagenet" in found.failures[0]
    assert load_all(filled).equals(before)


def test_one_file_that_fails_leaves_the_others_fresh(site, filled, quick):
    site.edit(path_of(site, "timm"), "71.600", "72.000")
    site.fault("results-sketch.csv", body=HTML)
    (found,) = quick(["timm"], filled)
    assert found.state == "read" and len(found.failures) == 1
    rows = load_all(filled).set_index("id")
    assert rows.loc["timm/vgg16.tv_in1k@224", "acc@1"] == 0.72
    assert rows.loc["timm/vgg16.tv_in1k@224", "acc_sketch"] == 0.416
    note = next(one.note for one in list_sources(filled) if one.name == "timm")
    assert "failed for sketch" in note and note.endswith("Z stays.")


def test_a_source_that_never_came_says_why(site, settings, quick, source):
    site.fault(HOSTS[source], status=404)
    (found,) = quick([source], settings)
    state = next(one for one in list_sources(settings) if one.name == source)
    assert found.state == "failed" and not state.is_fetched
    assert "answered 404" in state.note


def test_success_clears_the_failure(site, filled, quick, source, before):
    site.fault(HOSTS[source], status=404)
    quick([source], filled)
    site.faults.clear()
    quick([source], filled)
    state = next(one for one in list_sources(filled) if one.name == source)
    assert "failed" not in state.note
