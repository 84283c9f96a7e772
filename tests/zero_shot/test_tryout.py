"""Tiny real models on a real image: one pass, boxes inside, masks, refusals."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from core.device import Device
from core.errors import PedigreeError, UsageError
from core.zero_shot.recognizer import expected_fit, open_recognizer
from core.zero_shot.segment import masks_of_boxes
from core.zero_shot.texts import MAX_LABELS, read_texts
from core.zero_shot.tryout import Question, look, read_image, try_model

LABELS = ["cat", "dog", "a zebra"]
SEES = {
    "clip": "vision_model", "siglip": "vision_model", "siglip2": "vision_model",
    "owlv2": "owlv2.vision_model", "clipseg": "clip.vision_model",
    "grounding-dino": "model.backbone", "sam": "vision_encoder",
}  # fmt: skip
READERS = [name for name in SEES if name != "sam"]


def quietly(fraction: float, message: str) -> None:
    """Hear progress and say nothing."""


@pytest.fixture(scope="module")
def opened(tiny, offline, cpu):
    """Return a function that loads a tiny model once."""
    models = {}

    def model(name: str):
        if name not in models:
            models[name] = open_recognizer(str(tiny(name)), offline, cpu, quietly)
        return models[name]

    return model


def passes(model) -> list[int]:
    """Return a list that grows by the batch size of every pass of the image."""
    seen: list[int] = []
    part = model.network.get_submodule(SEES[model.network.config.model_type])
    part.register_forward_hook(lambda module, inputs, output: seen.append(1))
    return seen


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("count", [1, 7])
def test_any_number_of_labels_is_one_pass_of_the_image(name, count, opened, photo):
    model = opened(name)
    seen = passes(model)
    labels = [f"{'abcdefg'[place]} cat" for place in range(count)]
    look(model, photo, labels, Question(labels, threshold=0.0))
    assert len(seen) == 1


@pytest.mark.parametrize("name", ["clip", "siglip", "siglip2"])
def test_classifiers_rank_every_label(name, opened, photo):
    rows, places = look(opened(name), photo, LABELS, Question(LABELS))
    assert set(rows["label"]) == set(LABELS) and places is None
    assert rows["score"].is_monotonic_decreasing and rows["score"].between(0, 1).all()
    is_softmax = name == "clip"
    assert (abs(rows["score"].sum() - 1) < 1e-5) == is_softmax


@pytest.mark.parametrize("name", ["clip", "siglip"])
def test_scores_are_those_of_the_library_itself(name, opened, photo):
    model = opened(name)
    texts = [f"a photo of a {label}." for label in LABELS]
    tokens = model.tokens(texts)
    if name == "siglip":
        del tokens["attention_mask"]
    with torch.no_grad():
        logits = model.network(**model.prepared(photo), **tokens).logits_per_image[0]
    wanted = logits.softmax(0) if name == "clip" else logits.sigmoid()
    rows, _ = look(model, photo, LABELS, Question(LABELS))
    found = rows.set_index("label").loc[LABELS, "score"]
    np.testing.assert_allclose(found, wanted.numpy(), rtol=1e-4)


@pytest.mark.parametrize("name", ["owlv2", "grounding-dino"])
def test_boxes_lie_inside_the_image_and_above_the_threshold(name, opened, photo):
    rows, _ = look(opened(name), photo, LABELS, Question(LABELS, threshold=0.3))
    assert len(rows) and set(rows["label"]) <= set(LABELS)
    assert (rows["score"] > 0.3).all() and rows["score"].is_monotonic_decreasing
    assert (rows["x0"] >= 0).all() and (rows["x0"] < rows["x1"]).all()
    assert (rows["x1"] <= photo.width).all() and (rows["y1"] <= photo.height).all()


def test_owlv2_boxes_are_those_of_the_library_inside_the_image(opened, photo):
    model = opened("owlv2")
    tokens = model.tokens([f"a photo of a {label}." for label in LABELS])
    with torch.no_grad():
        output = model.network(**model.prepared(photo), **tokens)
    (wanted,) = model.images.post_process_object_detection(
        output, threshold=0.3, target_sizes=[(photo.height, photo.width)]
    )
    corners = wanted["boxes"].numpy().clip(0, [100, 60, 100, 60])
    rows, _ = look(model, photo, LABELS, Question(LABELS, threshold=0.3))
    for box in rows[["x0", "y0", "x1", "y1"]].to_numpy():
        assert np.abs(corners - box).max(1).min() < 1e-3


def test_grounding_dino_keeps_labels_apart_that_share_a_text(opened, photo):
    model = opened("grounding-dino")
    alone, _ = look(model, photo, ["cat"], Question(["cat"], threshold=0.0))
    both, _ = look(model, photo, ["cat", "dog"], Question(["cat"], threshold=0.0))
    assert set(alone["label"]) == {"cat"} and set(both["label"]) <= {"cat", "dog"}
    with pytest.raises(UsageError, match="tokens in one text"):
        look(model, photo, ["cat dog " * 20] * 9, Question(["cat"]))


def test_every_pixel_goes_to_the_best_label_or_to_none(opened, photo):
    model = opened("clipseg")
    rows, places = look(model, photo, LABELS, Question(LABELS, threshold=0.0))
    assert places.shape == (60, 100) and set(np.unique(places)) <= {1, 2, 3}
    assert rows["share"].sum() == pytest.approx(1)
    _, none = look(model, photo, LABELS, Question(LABELS, threshold=1.0))
    assert not none.any()


def test_boxes_become_masks_by_one_pass(opened, photo):
    boxes, _ = look(opened("owlv2"), photo, LABELS, Question(LABELS, threshold=0.0))
    model = opened("sam")
    seen = passes(model)
    rows, places = masks_of_boxes(model, photo, boxes)
    assert len(seen) == 1 and len(rows) == len(boxes)
    assert places.shape == (60, 100) and places.max() <= len(boxes)


def test_the_chain_measures_time_and_memory(tiny, photo, offline, cpu):
    question = Question(["cat", "dog"], threshold=0.0, masks=str(tiny("sam")))
    name = str(tiny("grounding-dino"))
    found = try_model(name, photo, question, offline, cpu, quietly)
    assert found.task == "masks" and "→" in found.model
    assert found.places.shape == (60, 100) and len(found.rows)
    assert found.looking.seconds > 0 and found.looking.peak_bytes > 2**20


def test_no_boxes_are_no_masks(opened, photo):
    boxes, _ = look(opened("owlv2"), photo, LABELS, Question(LABELS, threshold=1.0))
    rows, places = masks_of_boxes(opened("sam"), photo, boxes)
    assert rows.empty and not places.any()


def test_a_model_that_does_not_fit_is_refused_before_it_is_loaded(tiny, offline):
    device = Device("cpu", "cpu", "A small machine", 10**6, 10**6)
    with pytest.raises(UsageError, match=r"is not loaded: It needs about"):
        expected_fit(str(tiny("clip")), offline, device)


@pytest.mark.parametrize("name", ["clip", "grounding-dino"])
def test_a_single_pixel_is_an_answer_or_one_sentence(name, tiny, offline, cpu):
    pixel, question = Image.new("RGB", (1, 1)), Question(["cat"], threshold=0.0)
    try:
        found = try_model(str(tiny(name)), pixel, question, offline, cpu, quietly)
    except PedigreeError as error:
        assert "\n" not in str(error)
    else:
        assert list(found.rows["label"].unique()) in (["cat"], [])


def test_padding_follows_the_text_and_long_texts_are_cut(tiny):
    texts = read_texts(tiny("clip"), length=8, lower=False)
    ids, mask = texts.encode(["cat", "a very long label"])
    assert [len(row) for row in ids] == [8, 8] and ids[0][-1] == 189 == ids[1][-1]
    assert sum(mask[0]) == 5 and sum(mask[1]) == 8


@pytest.mark.parametrize(
    ("change", "says"),
    [({"labels": []}, "is empty"), ({"labels": [" ", ""]}, "is empty"),
     ({"labels": [str(n) for n in range(10_000)]}, f"name {MAX_LABELS:,} at most"),
     ({"labels": ["x" * 300]}, "300 letters"), ({"templates": ["{} {}"]}, "exactly"),
     ({"templates": []}, "exactly"), ({"threshold": 2.0}, "use 0 to 1")],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_one_sentence(change, says):
    with pytest.raises(UsageError, match=says):
        replace(Question(["cat"]), **change)


def test_images_that_cannot_be_read_are_one_sentence(tmp_path, photo):
    corrupt, huge = tmp_path / "corrupt.png", tmp_path / "huge.png"
    photo.save(corrupt)
    content = bytearray(corrupt.read_bytes())
    corrupt.write_bytes(content[: len(content) // 2])
    content[16:24] = (30_000).to_bytes(4, "big") * 2
    huge.write_bytes(content)
    for path in (corrupt, huge, tmp_path / "absent.png"):
        with pytest.raises(UsageError, match=r"choose another image|check the path"):
            read_image(path)


def test_wrong_roles_are_told(tiny, photo, offline, cpu):
    sam, clip = str(tiny("sam")), str(tiny("clip"))
    for name, masks, says in ((sam, "", "reads no labels"), (clip, sam, "no boxes")):
        with pytest.raises(PedigreeError, match=says):
            question = Question(["cat"], masks=masks)
            try_model(name, photo, question, offline, cpu, quietly)
