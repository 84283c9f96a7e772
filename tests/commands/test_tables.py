"""`python -m core tables`, as a person and as a script read it."""

import json
import threading
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core.__main__ import run

RESULTS = "/raw.githubusercontent.com/mlfoundations/open_clip/main/docs/"
FILE = "openclip_classification_results.csv"
SETS = ("ImageNet 1k", "ImageNet v2", "ImageNet Sketch", "ImageNet-A", "ImageNet-R")


def scores(rows: int, top1: float = 0.7) -> bytes:
    head = ["name", "pretrained", "params (M)", "FLOPs (B)"]
    lines = [",".join([*head, "Average perf. on 35 datasets", *SETS])]
    lines += [
        f"ViT-B-16,t{at},149.62,41.09,0.5,{top1},.6,.5,.4,.3" for at in range(rows)
    ]
    return "\n".join(lines).encode()


@pytest.fixture
def files():
    return {RESULTS + FILE: scores(4)}


@pytest.fixture
def tables(files, tmp_path, monkeypatch, capsys):
    """Run `tables` with a cache of its own and the files in place of the web."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files.get(self.path, b"")
            tag = f'"{sha256(body).hexdigest()}"'
            is_known = body and self.headers.get("If-None-Match") == tag
            self.send_response(304 if is_known else 200 if body else 404)
            self.send_header("ETag", tag)
            self.send_header("Content-Length", "0" if is_known else str(len(body)))
            self.end_headers()
            self.wfile.write(b"" if is_known else body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("PEDIGREE_CACHE", str(tmp_path))
    monkeypatch.setenv("PEDIGREE_SOURCES", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.delenv("HF_ENDPOINT", raising=False)

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = run(["tables", *arguments])
        return status, *capsys.readouterr()

    yield call
    server.shutdown()
    server.server_close()


def test_without_a_refresh_only_the_package_is_listed(tables):
    status, out, _ = tables("list", "--json")
    rows = json.loads(out)
    assert status == 0 and len(rows) == 8
    assert set(rows[0]) == {"name", "rows", "source", "fetched_at"}
    _, text, _ = tables("list")
    assert "timm's results: not fetched yet; run `python -m core tables re" in text


def test_a_refresh_says_what_it_read_and_the_second_that_nothing_changed(tables):
    status, first, progress = tables("refresh", "open_clip")
    assert status == 0 and "open_clip: 1 read (" in first
    assert "4 rows: 4 new, 0 changed, 0 gone" in first and "100" not in first
    assert "open_clip's zero-shot results" in progress
    _, second, _ = tables("refresh", "open_clip")
    assert "1 file not modified (304), no bodies transferred; 4 rows" in second


def test_the_refresh_document(tables):
    _, out, _ = tables("refresh", "open_clip", "--json")
    (found,) = json.loads(out)
    assert found["source"] == "open_clip" and found["state"] == "read"
    assert found["bytes_read"] == len(scores(4)) and not found["is_unchanged"]
    assert [one["outcome"] for one in found["documents"]] == ["read", *["failed"] * 3]
    assert {row["change"] for row in found["changes"]} == {"new"}


def test_changes_are_printed(tables, files):
    tables("refresh", "open_clip")
    files[RESULTS + FILE] = scores(4, top1=0.71)
    _, text, _ = tables("refresh", "open_clip")
    assert "0 new, 4 changed, 0 gone" in text
    assert "open_clip/ViT-B-16/t0: zero_shot@1 0.7 is now 0.71" in text


def test_fewer_rows_wait_for_accept(tables, files):
    tables("refresh", "open_clip")
    files[RESULTS + FILE] = scores(1)
    status, _, error = tables("refresh", "open_clip")
    assert status == 1 and "has 1 rows, the kept copy 4; look at it" in error
    status, text, _ = tables("refresh", "open_clip", "--accept")
    assert status == 0 and "1 row: 0 new, 0 changed, 3 gone" in text


def test_when_nothing_could_be_read_it_is_one_sentence(tables):
    status, out, error = tables("refresh", "hub")
    *_, last = error.strip().splitlines()
    assert status == 1 and out == ""
    assert last.startswith("hub could not be refreshed: https://huggingface.co/api/mo")
    assert "answered 404" in last and "Traceback" not in error


def test_one_source_that_fails_leaves_the_others(tables):
    status, text, _ = tables("refresh", "open_clip", "hub")
    assert status == 0 and "hub: failed; nothing is kept" in text
    _, listed, _ = tables("list")
    assert "The refresh of 20" in listed and "answered 404" in listed


def test_an_unknown_source_is_one_sentence(tables):
    status, _, error = tables("refresh", "imagenet")
    assert status == 1
    assert error.startswith("Source 'imagenet' is unknown; choose one of torchvision,")
    assert len(error.splitlines()) == 1


def test_show_as_text_json_and_csv(tables, tmp_path):
    tables("refresh", "open_clip")
    _, text, _ = tables("show", "open_clip/classification")
    assert "ViT-B-16 · t0" in text and "149620000" in text
    _, out, _ = tables("show", "open_clip/classification", "--json")
    assert json.loads(out)[0]["throughput"] is None
    path = tmp_path / "out.csv"
    _, said, _ = tables("show", "open_clip/classification", "--csv", str(path))
    assert said == f"Wrote 4 rows to {path}.\n" and path.read_bytes().count(b"\n") == 5


def test_a_table_that_was_not_fetched_says_how(tables):
    status, _, error = tables("show", "timm/imagenet")
    assert status == 1
    assert error.endswith(
        "is not here yet; run `python -m core tables refresh timm`.\n"
    )
