"""A folder of labeled images, and the command that tries things."""

import json

import numpy as np
import pytest

from core.__main__ import run
from core.errors import PedigreeError
from core.transfer.images import image_array
from core.zero_shot.classify import label_scores, text_features
from core.zero_shot.labeled import try_folder
from core.zero_shot.recognizer import open_recognizer
from core.zero_shot.texts import TEMPLATE


def quietly(fraction: float, message: str) -> None:
    """Hear progress and say nothing."""


@pytest.fixture(scope="module")
def six():
    """Return six images of noise in two classes."""
    noise = np.random.default_rng(3).integers(0, 255, (6, 40, 40, 3), np.uint8)
    return image_array("six", noise, np.array([0, 0, 0, 0, 1, 1]), ["cat", "big_dog"])


@pytest.fixture
def folder(six, tmp_path):
    """Write them as a folder with a folder a class, and one file that is broken."""
    for place, label in enumerate(six.labels):
        path = tmp_path / "photos" / six.classes[label] / f"{place}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        six.read(place).save(path)
    (tmp_path / "photos" / "cat" / "broken.png").write_bytes(b"nothing")
    return tmp_path / "photos"


def test_confusions_are_counted_image_by_image(six, tiny, offline, cpu):
    found = try_folder(str(tiny("clip")), six, offline, cpu, quietly)
    model = open_recognizer(str(tiny("clip")), offline, cpu, quietly)
    texts = text_features(model, ["cat", "big dog"], [TEMPLATE])
    wanted = np.zeros((2, 2), int)
    for place, label in enumerate(six.labels):
        wanted[label, label_scores(model, six.read(place), texts).argmax()] += 1
    assert (found.counts.to_numpy() == wanted).all()
    assert found.accuracy == pytest.approx(np.trace(wanted) / 6)
    assert found.interval[0] <= found.accuracy <= found.interval[1]
    assert found.majority == pytest.approx(4 / 6)


def test_detectors_and_folders_without_classes_are_refused(six, tiny, offline, cpu):
    one = image_array("one", np.zeros((1, 8, 8)), np.array([-1]), [])
    for name, images, says in (("owlv2", six, "detection"), ("clip", one, "is empty")):
        with pytest.raises(PedigreeError, match=says):
            try_folder(str(tiny(name)), images, offline, cpu, quietly)


def test_the_command_tries_a_folder(folder, tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PEDIGREE_CACHE", str(tmp_path / "cache"))
    command = ["zero-shot", "try", str(folder), "--model", str(tiny("clip")),
               "--device", "cpu", "--json"]  # fmt: skip
    assert run(command) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert result["images"] == 6 and "broken.png" in result["unreadable"][0]
    assert sum(map(sum, result["counts"]["data"])) == 6


def test_the_command_keeps_boxes_and_masks(folder, tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PEDIGREE_CACHE", str(tmp_path / "cache"))
    command = ["zero-shot", "try", str(folder / "cat" / "0.png"), "--labels=cat,dog",
               "--model", str(tiny("owlv2")), "--masks", str(tiny("sam")),
               "--threshold=0", "--device=cpu"]  # fmt: skip
    assert run(command) == 0
    assert "overlap" in capsys.readouterr().out
    (kept,) = (tmp_path / "cache" / "zero_shot" / "tryouts").iterdir()
    assert {path.name for path in kept.iterdir()} == {
        "answer.json", "masks-0.png", "picture.jpg"
    }  # fmt: skip
