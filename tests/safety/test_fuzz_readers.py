"""Whoever wrote it: each reader of foreign files ends in an answer or in one printable
sentence, soon. Weight files have a test of their own (tests/weights/test_fuzz_formats).
"""

import io
import json
import shutil
import tarfile
from collections import Counter
from hashlib import sha256
from pathlib import Path
from time import process_time

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from core.derived.card import parse_card, read_card_text
from core.derived.legacy import read_legacy
from core.derived.legacy_report import read_report, read_short_report
from core.errors import PedigreeError
from core.hub.names import read_ids
from core.snapshots.datasets import load_dataset
from core.snapshots.datasets.matlab import read_mat
from core.snapshots.lineage import read_snapshot
from core.snapshots.store.legacy_store import add_legacy_store
from core.snapshots.store.manifest import (
    StoredFile,
    StoredModel,
    manifest_path,
    read_manifest,
    write_manifest,
)
from core.snapshots.store.model_store import ModelStore
from core.snapshots.store.piece import Piece
from core.snapshots.store.query import lineage_tree
from core.tables.csv_table import read_csv
from core.tables.github import read_listing
from core.tables.hub import read_models
from core.tables.own_results import read_own_results
from core.transfer.folder_backbones import read_config
from core.transfer.images import UnreadableImage, open_image
from core.transfer.own_records import read_own_records
from core.transfer.preprocess import of_timm, of_transformers
from core.transfer.records import read_records
from core.transfer.scores.stored import open_arrays
from core.zero_shot.catalog import SURVEY
from core.zero_shot.rows import read_tables

SECONDS_A_CASE = 5
NAMED = (PedigreeError, UnreadableImage)
LEVEL = "LayerSimilarity.IDENTICAL"


def outcome(read) -> str:
    """Call a reader; return what came of it in a word."""
    started = process_time()
    try:
        read()
        word = "answer"
    except NAMED as error:
        text = str(error)
        assert text.replace("\n", " ").isprintable() and len(text) < 1500, repr(text)
        word = type(error).__name__
    assert process_time() - started < SECONDS_A_CASE
    return word


def outcomes(path: Path, contents, read) -> Counter[str]:
    """Read each content under the same name; count what came of it."""
    found: Counter[str] = Counter()
    for content in contents:
        path.write_bytes(content)
        found[outcome(lambda: read(path))] += 1
    return found


CARD = b"""---
base_model: [google/vit, "a/b"]
base_model_relation: finetune
license: mit
datasets: [cifar10]
metrics: [accuracy]
model-index:
- results:
  - metrics: [{type: accuracy, value: 0.98}]
---
# Text
"""
RESULTS = b'model,top1,params (M),image size\nmine,81.5,25.6M,224\n"o, p",79,5,\n'
RECORDS = b'model,dataset,acc,classes,labels\na,pets,91.5,2,"cat, dog"\nb,pets,80,,\n'
REPORT = json.dumps({"u/x": {
    "file_path": "a.txt", "similarity_list": [LEVEL], "similarity_groups": [[LEVEL, 1]],
    "similarity_histogram": {LEVEL: 1}, "first_identical_layer_count": 1,
}}).encode()  # fmt: skip
HEAD = b"comparing: base base_model_id: org/base with derived derived_model_id: u/x\n"
ROW = json.dumps({
    "base-name": "a", "derived-name": "a", "base-weight-shape": [2],
    "derived-weight-shape": [2], "comp-level": LEVEL,
}).encode()  # fmt: skip
LISTED = json.dumps([{
    "id": "o/m", "downloads": 3, "likes": 1, "gated": False, "tags": ["license:mit"],
    "safetensors": {"parameters": {"F32": 3}, "total": 3}, "sha": "0" * 40,
    "cardData": {"license": "mit", "datasets": ["a"]},
}] * 3).encode()  # fmt: skip
TREE = json.dumps(
    {"files": [{"name": "a.csv"}, {"name": "d", "files": [{"name": "b.csv"}]}]}
).encode()
BENCHMARK = b"model,img_size,top1\nresnet18,224,70.1\nvit,384,\n"
CONFIG = json.dumps({
    "model_type": "vit", "num_hidden_layers": 2, "hidden_size": 8, "depths": [1, 2],
    "text_config": {"num_hidden_layers": 2}, "size": {"height": 32, "width": 32},
    "input_size": [3, 32, 32], "image_mean": [0.5] * 3, "image_std": [0.5] * 3,
    "mean": [0.5] * 3, "std": [0.5] * 3, "do_resize": True, "crop_pct": 0.9,
}).encode()  # fmt: skip
SNAPSHOT = json.dumps({
    "version": 1, "id": "s", "base": "b", "parent": "b", "origin": "trained", "seed": 1,
    "architecture": {
        "library": "timm", "name": "resnet18", "options": {"depth": 2},
        "preprocess": {
            "resize": [32, 32], "crop": [32, 32], "interpolation": "bilinear",
            "mean": [0.5], "std": [0.5],
        },
    },
    "weights_digest": "0", "retrained": ["a"], "classes": ["x"], "made_at": "2026",
    "dataset": {"name": "d"}, "metrics": {"test": {"top1": 0.5}},
}).encode()  # fmt: skip
STORE = json.dumps(
    {"models": {"m": {"save_path": "/a/b/m.pt", "architecture_id": "r"}}, "layers": {}}
).encode()

BYTES_READERS = {
    "card.md": (CARD, lambda path: parse_card(path.read_text("utf-8", "replace"))),
    "own-results.csv": (RESULTS, lambda path: read_own_results(path.read_bytes())),
    "own-records.csv": (RECORDS, lambda path: read_own_records(path.read_bytes())),
    "benchmark.csv": (
        BENCHMARK,
        lambda path: read_csv(
            path.read_bytes(), "u", text=["model"], numbers=["img_size", "top1"]
        ),
    ),
    "ids.txt": (b"a/b # one\nhttps://huggingface.co/c/d\n\n", read_ids),
    "SHORT-compare-o-b;.json": (b"u/x: 1 / 2 \nu/y: 0 / 2 \n", read_short_report),
}  # fmt: skip
JSON_READERS = {
    "listing.json": (LISTED, lambda path: read_models(path.read_bytes(), "u")),
    "tree.json": (TREE, lambda path: read_listing(path.read_bytes(), "u")),
    "compare-org-base;.json": (REPORT, read_report),
    "config.json": (CONFIG, lambda path: prepared(read_config(path))),
    "snapshot.json": (SNAPSHOT, lambda path: read_snapshot(path.parent)),
}


def prepared(config: dict) -> None:
    """Read a configuration as preprocessing, as both libraries write it."""
    for read in (of_transformers, of_timm):
        outcome(lambda read=read: read(config))


@pytest.mark.parametrize("name", BYTES_READERS)
def test_mutated_text_ends_in_an_answer_or_a_sentence(name, mutants, tmp_path):
    content, read = BYTES_READERS[name]
    found = outcomes(tmp_path / name, [content, *mutants(content, 24)], read)
    assert found["answer"] and found.total() == 25


@pytest.mark.parametrize("name", JSON_READERS)
def test_mutated_json_ends_in_an_answer_or_a_sentence(name, json_mutants, tmp_path):
    content, read = JSON_READERS[name]
    found = outcomes(tmp_path / name, [content, *json_mutants(content, 80)], read)
    assert found["answer"] and len(found) > 1


def test_a_mutated_card_with_any_bytes_is_read_as_text(mutants, tmp_path):
    found = outcomes(
        tmp_path / "README.md", mutants(CARD, 20),
        lambda path: parse_card(read_card_text(path.parent)),
    )  # fmt: skip
    assert found["answer"]


def test_a_mutated_comparison_fails_its_child_alone(json_mutants, mutants, tmp_path):
    contents = [HEAD + ROW, *mutants(HEAD + ROW, 16)]
    contents += [HEAD + mutant for mutant in json_mutants(ROW, 30)]
    path = tmp_path / "2024-12-01-12:00:00;compare;org-base;u-x.txt"
    statuses: Counter[str] = Counter()

    def read(path: Path) -> None:
        (status,) = read_legacy(path.parent).models["status"]
        statuses[status] += 1

    assert set(outcomes(path, contents, read)) == {"answer"}
    assert statuses["ok"] and statuses["failed"]


def test_a_mutated_store_listing_is_rows_or_a_sentence(json_mutants, tmp_path):
    store = ModelStore(tmp_path / "store", create=True)
    found = outcomes(
        tmp_path / "model_store.json", [STORE, *json_mutants(STORE, 40)],
        lambda path: add_legacy_store(store, path),
    )  # fmt: skip
    assert found["answer"] and len(found) > 1 and not store.manifests()


def test_a_forged_manifest_is_a_tree_or_a_sentence(json_mutants, tmp_path):
    """Whoever writes a manifest can also write its SHA-256."""
    file = StoredFile("model.safetensors", (Piece("d", "F32", (2,), 8, "w"),))
    told = {"parent": "p", "retrain_index": 2, "metrics": {"test": {"top1": 0.5}}}
    write_manifest(tmp_path, StoredModel("m", (file,), "x", "2026", told))
    path = manifest_path(tmp_path, "m")
    document = json.dumps(json.loads(path.read_text())["model"]).encode()

    def sealed(content: bytes) -> bytes:
        try:
            model = json.loads(content)
            text = json.dumps(model, separators=(",", ":"), sort_keys=True).encode()
        except (ValueError, RecursionError):
            return content
        return json.dumps({"sha256": sha256(text).hexdigest(), "model": model}).encode()

    contents = map(sealed, [document, *json_mutants(document, 30)])
    found = outcomes(path, contents, lambda path: lineage_tree([read_manifest(path)]))
    assert found["answer"] and found["CacheError"]


def test_mutated_records_are_records_or_a_sentence(mutants, tmp_path):
    whole = {
        "records.csv": b",t1,t2\nb,0.5,\na,1.0,0.25\n",
        "models.csv": b"family,model,params,imagenet_accuracy,gmacs\nf,a,1,70.5,1\n"
        b"g,b,20,80,3\n",
        "tasks.csv": b"task,samples_per_class,domain,classes,labels,samples\n"
        b't1,10,photo,2,"cat, dog",20\nt2,10,photo,4,"a, b",30\n',
    }
    paths = [tmp_path / name for name in whole]
    for place, (name, content) in enumerate(whole.items()):
        for other, text in whole.items():
            (tmp_path / other).write_bytes(text)
        found = outcomes(
            paths[place], [content, *mutants(content, 16)],
            lambda _: read_records(*paths),
        )  # fmt: skip
        assert found["answer"], name


def test_a_mutated_survey_is_a_survey_or_a_sentence(mutants, tmp_path):
    folder = shutil.copytree(SURVEY, tmp_path / "survey")
    for name in ("links.csv", "survey.toml", "benchmarks.toml", "results.csv"):
        content = (folder / name).read_bytes()
        found = outcomes(
            folder / name, mutants(content, 3), lambda path: read_tables(path.parent)
        )
        assert found.total() == 3
        (folder / name).write_bytes(content)


def test_a_mutated_mat_is_a_list_or_a_sentence(mutants, tmp_path):
    kind = [("class", object), ("fname", object)]
    rows = np.array([(1, "a.jpg"), (2, "b.jpg")], kind)
    for compressed in (False, True):
        savemat(tmp_path / "a.mat", {"annotations": rows}, do_compression=compressed)
        content = (tmp_path / "a.mat").read_bytes()
        found = outcomes(
            tmp_path / "a.mat", mutants(content, 150),
            lambda path: read_mat(path, "annotations"),
        )  # fmt: skip
        assert found["UsageError"]


def test_a_mutated_npz_is_arrays_or_a_sentence(mutants, tmp_path):
    def read(path: Path) -> None:
        with open_arrays(path) as arrays:
            for array in arrays.values():
                array[:]

    for save in (np.savez, np.savez_compressed):
        buffer = io.BytesIO()
        save(buffer, features=np.ones((3, 2)), labels=np.array(["a", "b", "c"]))
        found = outcomes(tmp_path / "a.npz", mutants(buffer.getvalue(), 40), read)
        assert found["UsageError"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP", "PPM"])
def test_a_mutated_image_is_an_image_or_a_sentence(kind, mutants, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (12, 10, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    options = {"exif": exif} if kind in ("PNG", "JPEG", "WEBP", "TIFF") else {}
    Image.fromarray(pixels).save(buffer, kind, **options)
    contents = [buffer.getvalue(), *mutants(buffer.getvalue(), 50)]
    found = outcomes(tmp_path / "image", contents, open_image)
    assert found["answer"] and found["UnreadableImage"]


def test_a_mutated_archive_is_unpacked_or_a_sentence(mutants, tmp_path):
    image = tmp_path / "0.jpg"
    Image.new("RGB", (4, 4)).save(image)
    for name, mode in (("images.tar", "w"), ("CUB_200_2011.tgz", "w:gz")):
        top = "Images" if name == "images.tar" else "CUB_200_2011"
        with tarfile.open(tmp_path / name, mode) as tar:
            tar.add(image, f"{top}/n1/0.jpg")
        content = (tmp_path / name).read_bytes()
        dataset = "stanford-dogs" if name == "images.tar" else "cub-200"

        def read(path: Path, top: str = top, dataset: str = dataset) -> None:
            shutil.rmtree(path.parent / top, ignore_errors=True)
            load_dataset(dataset, path.parent)

        found = outcomes(tmp_path / name, mutants(content, 20), read)
        assert found["UsageError"] == 20  # its lists are not there
        assert not [p for p in tmp_path.parent.iterdir() if p.name == "0.jpg"]
