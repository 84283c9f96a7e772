"""`search`: a ranking as text and as one JSON document, kept for the page."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.__main__ import run
from core.settings import Settings
from core.snapshots.architecture import find_architecture
from core.snapshots.generate import generate_snapshots, make_base
from core.snapshots.kept_rankings import kept_ranking


@pytest.fixture
def snapshots(tmp_path, monkeypatch):
    """Three snapshots of a tiny ResNet, and a cache of the test's own."""
    monkeypatch.setenv("PEDIGREE_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "snapshots"
    built = find_architecture(
        "transformers/resnet", side=16, embedding_size=4, hidden_sizes=[4, 8],
        depths=[1, 1], layer_type="basic",
    )  # fmt: skip
    make_base(root, "base", built)
    generate_snapshots(root, "base", count=2, distribution=[1, 2])
    return root


@pytest.fixture
def photos(tmp_path) -> Path:
    """Forty noisy images in two folders, and one file that is no image."""
    draw = np.random.default_rng(0)
    for index in range(40):
        folder = tmp_path / "photos" / "ab"[index % 2]
        folder.mkdir(parents=True, exist_ok=True)
        pixels = draw.integers(0, 200, (16, 16, 3)) + 50 * (index % 2)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{index}.png")
    (tmp_path / "photos" / "a" / "broken.png").write_bytes(b"no image")
    return tmp_path / "photos"


def test_a_folder_of_images_is_ranked_kept_and_told(snapshots, photos, capsys):
    asked = ["search", "--store", str(snapshots), "--dataset", str(photos)]
    assert run([*asked, "--metric", "knn", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {row["id"] for row in told["rows"]} == {
        "base", "base-list-s42-000", "base-list-s42-001",
    }  # fmt: skip
    assert list(told["unreadable"]) == ["a/broken.png"]
    assert told["ran"] < told["alone"]
    settings = Settings(snapshots.parent / "cache")
    kept = kept_ranking(snapshots, str(photos), settings)
    assert kept.rows["id"].tolist() == [row["id"] for row in told["rows"]]
    assert run([*asked, "--metric", "knn"]) == 0
    said = capsys.readouterr().out
    assert "0 passes of an image" in said and "nan" not in said


@pytest.mark.parametrize(("asked", "sentence"), [
    (["--dataset", "nowhere"], "is not a folder"),
    (["--dataset", "digits", "--metric", "beauty"], "is not known"),
    (["--dataset", "digits", "--budget-bytes", "9"], "holds no 64 images"),
])  # fmt: skip
def test_what_cannot_be_searched_is_one_sentence(snapshots, capsys, asked, sentence):
    assert run(["search", "--store", str(snapshots), *asked]) == 1
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert sentence in said and "Traceback" not in said
