"""The demo's records in small: real heads on real backbones, no image seen twice."""

from dataclasses import replace

import numpy as np
import pytest

from core.demo.build_records import METRICS, build_records, demo_tasks
from core.demo.digits import TASKS
from core.demo.records import (
    demo_backbones,
    has_records,
    read_demo,
    records_root,
)
from core.demo.zoo import ZOO, halves
from core.errors import JobCancelled
from core.settings import Settings
from core.transfer.backbones import load_backbone

FEW = tuple(replace(small, epochs=2) for small in (ZOO[1], ZOO[2]))
QUESTIONS = ("zero-to-four", "mirrored")


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return Settings(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def root(settings):
    return build_records(settings, zoo=FEW, questions=QUESTIONS)


def test_every_pair_has_an_accuracy_and_scores(root, settings):
    records, scores = read_demo(settings)
    assert records.accuracy.shape == (2, 4) and records.is_known.all()
    assert list(records.models["family"]) == ["resnet", "vit"]
    assert set(scores["metric"]) == set(METRICS) and len(scores) == 8 * len(METRICS)
    assert scores["value"].notna().all()


def test_heads_learn_more_than_chance(root, settings):
    records, _ = read_demo(settings)
    assert (records.accuracy["zero-to-four-40"] > 0.4).all()


def test_a_backbone_is_a_folder_that_any_set_can_use(root, settings):
    name = str(root / "models" / FEW[0].name)
    backbone = load_backbone(name, settings)
    assert backbone.preprocess.crop == (24, 24) and backbone.preprocess.mean == (0.5,)
    assert {folder.name for folder in demo_backbones(settings)} == {
        small.name for small in FEW
    }


def test_half_a_demo_is_not_the_demo(root, settings):
    assert not has_records(settings)


def test_no_image_is_in_both_halves():
    images = np.arange(400.0).reshape(400, 1, 1)
    one, other = halves(images, np.arange(400) % 10, seed=0)
    assert not set(one[0].ravel()) & set(other[0].ravel())
    assert len(one[1]) + len(other[1]) == 400


def test_tasks_hold_out_the_same_images_for_every_size():
    images = np.random.default_rng(0).random((400, 8, 8)).astype(np.float32)
    tasks = list(demo_tasks((images, np.arange(400) % 10), ("noisy", "parity"), 0))
    few, many = tasks[:2]
    assert np.array_equal(few.test[0], many.test[0])
    seen = {image.tobytes() for image in many.train[0]}
    assert {image.tobytes() for image in few.train[0]} <= seen
    assert not seen & {image.tobytes() for image in many.test[0]}
    assert np.bincount(few.train[1]).tolist() == [8] * 10


def test_a_stopped_build_goes_on(settings, tmp_path):
    other, told = Settings(tmp_path), []
    options = {"zoo": FEW[1:], "questions": QUESTIONS[:1]}
    with pytest.raises(JobCancelled, match="start it again to resume"):
        build_records(
            other, progress=lambda *step: told.append(step),
            cancelled=lambda: len(told) > 1, **options,
        )  # fmt: skip
    assert (records_root(other) / "models" / FEW[1].name).is_dir()
    build_records(other, **options)
    records, _ = read_demo(other)
    assert records.is_known.all()


def test_every_question_has_its_tasks():
    images = np.random.default_rng(0).random((400, 8, 8)).astype(np.float32)
    tasks = list(demo_tasks((images, np.arange(400) % 10), tuple(TASKS), 0))
    assert len({task.name for task in tasks}) == len(tasks) == 2 * len(TASKS)
    assert all(len(task.test[1]) > 90 for task in tasks)
