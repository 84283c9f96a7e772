"""Names that want to be paths: of commits, files, shards, links, folders."""

import json
import os

import numpy as np
import pytest
from safetensors.numpy import save_file

from core.errors import HubUnreachable, PedigreeError, UsageError
from core.hub.checkpoint import describe, root_files
from core.hub.client import HubClient
from core.settings import local_path
from core.snapshots.store.families import add_one
from core.snapshots.store.legacy_store import add_legacy_store
from core.snapshots.store.manifest import StoredFile, StoredModel, write_manifest
from core.snapshots.store.model_store import ModelStore
from core.snapshots.store.stored_source import export
from core.transfer.published import fetch_repository

ESCAPES = ("../../out", "/tmp/out", "a/../../out", "..", "", "A" * 40, "main")


def described(web, commit: object, *files: str) -> None:
    """Let the web answer as a Hub that describes a model."""
    siblings = [{"rfilename": name} for name in ("config.json", *files)]
    body = json.dumps({"sha": commit, "siblings": siblings}).encode()
    web.answer(web.Answer(body=body))


@pytest.mark.parametrize("commit", ESCAPES)
def test_a_commit_that_is_a_path_names_no_folder(web, settings_at, commit, tmp_path):
    described(web, commit, "model.safetensors")
    refused = pytest.raises(HubUnreachable, match="has a commit that is none")
    with HubClient(settings_at(web.url)) as client, refused:
        describe("a/b", client)
    with pytest.raises(HubUnreachable):
        fetch_repository("a/b", settings_at(web.url), lambda part, text: None)
    assert not [p for p in tmp_path.rglob("*") if p.name == "out"]


def test_a_commit_is_taken_as_it_is(web, settings_at):
    described(web, "0123abcd" * 5, "model.safetensors")
    with HubClient(settings_at(web.url)) as client:
        assert describe("a/b", client)[0] == "0123abcd" * 5


def test_a_file_whose_name_is_a_path_is_in_no_repository():
    names = ["../m.bin", "/m.bin", "..\\m.bin", "C:m.bin", "a/m.bin", "m\0.bin", ".."]
    assert root_files(["m.bin", *names]) == ["m.bin"]


@pytest.fixture
def store(tmp_path):
    return ModelStore(tmp_path / "store", create=True)


@pytest.fixture
def model(tmp_path):
    """A model folder, and beside it a file that is nobody's business."""
    folder = tmp_path / "models" / "m"
    folder.mkdir(parents=True)
    save_file({"w": np.ones(4, "f4")}, folder / "model.safetensors")
    (tmp_path / "secret.json").write_text('{"password": "of mine"}')
    return folder


def test_a_link_out_of_a_model_folder_stays_out_of_the_store(store, model, tmp_path):
    (model / "config.json").symlink_to(tmp_path / "secret.json")
    (model / "README.md").write_text("mine")
    (model / "notes.md").symlink_to("README.md")
    add_one(store, model)
    names = [file.name for file in store.model("m").files]
    assert sorted(names) == ["README.md", "model.safetensors", "notes.md"]


def test_the_links_of_the_hubs_own_cache_are_followed(store, tmp_path):
    kept = tmp_path / "models--a--m"
    blobs, commit = kept / "blobs", kept / "snapshots" / "0"
    blobs.mkdir(parents=True)
    commit.mkdir(parents=True)
    save_file({"w": np.ones(4, "f4")}, blobs / "1")
    (blobs / "2").write_text("{}")
    (commit / "model.safetensors").symlink_to("../../blobs/1")
    (commit / "config.json").symlink_to("../../blobs/2")
    add_one(store, commit)
    names = [file.name for file in store.model("0").files]
    assert sorted(names) == ["config.json", "model.safetensors"]


def test_an_export_replaces_a_link_and_writes_through_none(store, model, tmp_path):
    add_one(store, model)
    (tmp_path / "victim").write_text("untouched")
    out = tmp_path / "out"
    out.mkdir()
    (out / "model.safetensors").symlink_to(tmp_path / "victim")
    export(store, "m", out)
    assert (tmp_path / "victim").read_text() == "untouched"
    assert not (out / "model.safetensors").is_symlink()


@pytest.mark.parametrize("name", ["../out", "/tmp/out", "a/b", "a\\b", "..", "C:a", ""])
def test_a_manifest_whose_file_is_a_path_is_not_exported(store, name, tmp_path):
    model = StoredModel("m", (StoredFile(name, ()),), "safetensors", "2026")
    write_manifest(store.models_folder, model)
    with pytest.raises(PedigreeError, match="lacks fields"):
        export(store, "m", tmp_path / "deep" / "er")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("path", [
    "../../etc/passwd", "/etc/passwd", "a/" * 3000, "x" * 5000, "\0", "..", "", 3, None,
])  # fmt: skip
def test_the_studys_listing_reaches_no_file_but_its_own(store, path, tmp_path):
    listing = tmp_path / "study" / "model_store.json"
    listing.parent.mkdir()
    listing.write_text(json.dumps({"models": {"m": {"save_path": path}}}))
    (row,) = add_legacy_store(store, listing).itertuples()
    assert row.status == "failed" and row.reason in ("corrupt", "no-weights")


@pytest.mark.parametrize("text", ["x" * 5000, "/" + "x" * 300, "~nobody-here", "a\0b"])
def test_a_path_that_cannot_be_one_is_one_sentence(text):
    with pytest.raises(UsageError, match="cannot be used as a path") as caught:
        local_path(text)
    assert len(str(caught.value)) < 400


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root enters all")
def test_a_folder_that_may_not_be_entered_is_one_sentence(tmp_path):
    (tmp_path / "closed").mkdir(mode=0)
    with pytest.raises(UsageError, match="Permission denied"):
        local_path(tmp_path / "closed" / "x")


def test_a_path_is_what_was_typed():
    home = local_path("~")
    assert home.is_absolute() and local_path("~/x") == home / "x"
    assert str(local_path("a b/ü")) == "a b/ü"
