"""`cache` and `about` from the command line: text, one document, one sentence."""

import json
import os
import time

import pytest

from core.__main__ import run


@pytest.fixture
def cache_root(tmp_path, monkeypatch):
    monkeypatch.setenv("PEDIGREE_CACHE", str(tmp_path))
    for name in ("derived/a/one.json", "snapshots/mine/model.safetensors"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(2000))
        os.utime(path, (time.time() - 600,) * 2)
    return tmp_path


def answer(capsys, *arguments: str) -> dict:
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_list_counts_every_kind(cache_root, capsys):
    kinds = {one["kind"]: one for one in answer(capsys, "cache", "list")["kinds"]}
    assert kinds["comparisons"]["files"] == 1
    assert kinds["comparisons"]["bytes"] == 2000
    assert kinds["tables"]["oldest"] is None
    assert run(["cache", "list"]) == 0
    assert "2 kB" in capsys.readouterr().out


def test_clear_says_what_would_go_and_deletes_only_with_yes(cache_root, capsys):
    assert run(["cache", "clear", "comparisons"]) == 0
    said = capsys.readouterr().out
    assert "Would delete comparisons (2 kB, files: 1)" in said
    assert "--yes" in said and (cache_root / "derived/a/one.json").exists()
    told = answer(capsys, "cache", "clear", "comparisons", "--yes")
    assert told["cleared"] is True and not (cache_root / "derived").exists()


def test_a_persons_own_must_be_named(cache_root, capsys):
    assert run(["cache", "clear", "snapshots", "--yes"]) == 1
    assert "goes only by name; there is mine" in capsys.readouterr().err
    assert run(["cache", "clear", "snapshots", "mine", "--yes"]) == 0
    assert "Deleted snapshots (2 kB, files: 1): mine." in capsys.readouterr().out


def test_about_is_one_document_without_the_token(cache_root, capsys, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "sesame-open-now")
    found = answer(capsys, "about")
    assert found["settings"]["HF_TOKEN"] == "set"
    assert found["cache"]["snapshots"]["bytes"] == 2000
    assert run(["about"]) == 0
    text = capsys.readouterr().out
    assert "sesame" not in text and "streamlit" in text
