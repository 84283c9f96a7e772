"""What an installation says of itself, and what it never says."""

import importlib.metadata
import json
import logging
import tomllib
from pathlib import Path

from core.device import detect_device
from core.settings import load_settings
from core.upkeep.about import about, about_text
from core.upkeep.log import log_path

ROOT = Path(__file__).parents[2]
SECRET = "hunter2-is-the-token"


def told(tmp_path, **environment) -> dict:
    values = {"PEDIGREE_CACHE": str(tmp_path), **environment}
    return about(load_settings(values), detect_device("cpu"), values)


def test_versions_are_those_installed(tmp_path):
    versions = told(tmp_path)["versions"]
    assert versions["streamlit"] == importlib.metadata.version("streamlit")
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert versions["pedigree"].startswith(stated)


def test_a_token_is_set_and_never_shown(tmp_path):
    path = log_path(tmp_path)
    path.parent.mkdir()
    path.write_text(f"2026-01-01T00:00:00Z WARNING pedigree: 401 with {SECRET}\n")
    found = told(
        tmp_path, HF_TOKEN=SECRET, BROWSER_PATH=f"/opt/{SECRET}/chrome",
        PEDIGREE_SCHEDULER=f"tls://me:{SECRET}@scheduler.test",
    )  # fmt: skip
    assert found["settings"]["HF_TOKEN"] == "set"
    assert SECRET not in about_text(found) and SECRET not in json.dumps(found)
    assert len(found["log"]) == 1
    assert told(tmp_path)["settings"]["HF_TOKEN"] == "not set"


def test_the_text_names_every_fact(tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "a.parquet").write_bytes(bytes(1234))
    found = told(tmp_path, PEDIGREE_SCHEDULER="tcp://127.0.0.1:8786")
    text = about_text(found)
    for section in ("versions", "settings", "machine"):
        assert all(name in text for name in found[section])
    assert "1.23 kB (files: 1)" in text and "tcp://127.0.0.1:8786" in text


def test_a_missing_cache_folder_is_no_problem(tmp_path):
    found = told(tmp_path / "not" / "there")
    assert found["cache"] == {} and "at the cache" in found["machine"]["disk"]
    assert "nothing was logged" in about_text(found)


def test_the_home_folder_is_not_named(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert told(tmp_path / "cache")["settings"]["PEDIGREE_CACHE"] == "~/cache"


def test_logging_is_left_as_it_was(tmp_path):
    before = list(logging.getLogger().handlers)
    told(tmp_path)
    assert logging.getLogger().handlers == before
