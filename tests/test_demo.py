"""The demo family, trained in small: what was done to a model is what is recovered."""

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
from safetensors import safe_open

from core.cache import read_json
from core.demo.build import build_recipes, demo_bases, is_built, is_whole
from core.demo.digits import TASKS, load_split
from core.demo.recipes import BASES, CHILDREN, truth
from core.derived.card import parse_card, read_card_text
from core.derived.family import family
from core.errors import CacheError, JobCancelled
from core.settings import load_settings

QUICK = tuple(replace(recipe, epochs=1) for recipe in BASES + CHILDREN)
FEW = tuple(r for r in QUICK if r.architecture == "resnet")[:4]
CLAIMS = ("kind", "frozen_blocks", "statistics_drift", "cast_dtype")


def digests(root, recipes) -> dict[str, str]:
    files = {
        recipe.name: root / recipe.name / "model.safetensors" for recipe in recipes
    }
    return {name: sha256(f.read_bytes()).hexdigest() for name, f in files.items()}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return load_settings({"PEDIGREE_CACHE": str(tmp_path_factory.mktemp("demo"))})


@pytest.fixture(scope="module")
def root(settings):
    """The whole demo, each model trained for one pass."""
    root = settings.cache_root / "demo" / "digits"
    build_recipes(root, QUICK)
    return root


@pytest.mark.slow
def test_every_pattern_is_recovered_as_it_was_trained(root, settings):
    found = {}
    for base in demo_bases(settings):
        for model in family(base, settings).document()["models"]:
            found[model["id"]] = {claim: model[claim] for claim in CLAIMS}
    known = read_json(root / "truth.json")
    assert len(found) >= 12
    assert found == {n: {c: known[n][c] for c in CLAIMS} for n in known}


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_in_another_folder(root, tmp_path):
    build_recipes(tmp_path, FEW)
    assert digests(tmp_path, FEW) == digests(root, FEW)


@pytest.mark.slow
def test_another_seed_gives_other_weights(root, tmp_path):
    build_recipes(tmp_path, FEW[:1], seed=1)
    assert digests(tmp_path, FEW[:1]) != digests(root, FEW[:1])


@pytest.mark.slow
def test_only_a_missing_model_is_trained_again(root):
    before = digests(root, QUICK)
    lost = root / FEW[1].name
    (lost / "training.json").unlink()
    messages = []
    build_recipes(root, QUICK, progress=lambda _, message: messages.append(message))
    assert all(FEW[1].name in message for message in messages[:-1])
    assert digests(root, QUICK) == before
    build_recipes(root, QUICK, progress=lambda _, message: messages.append(message))
    assert messages[-2:] == ["The demo family is ready"] * 2


@pytest.mark.slow
def test_a_stopped_build_keeps_finished_models_and_no_half_ones(tmp_path):
    stops = iter([False] * 6 + [True] * 100)
    with pytest.raises(JobCancelled, match="start it again to resume"):
        build_recipes(tmp_path, FEW, cancelled=lambda: next(stops))
    visible = {path.name for path in tmp_path.iterdir() if path.name[0] != "."}
    assert FEW[0].name in visible and len(visible) < len(FEW)
    assert all(is_whole(tmp_path, r, 0) for r in FEW if r.name in visible)
    build_recipes(tmp_path, FEW[:2])
    assert is_whole(tmp_path, FEW[1], 0)


@pytest.mark.slow
def test_files_carry_the_tensor_names_of_the_hub(root):
    hub_names = {
        "digits-vit": "vit.encoder.layer.0.attention.attention.query.weight",
        "digits-resnet": "resnet.encoder.stages.0.layers.0.layer.0.convolution.weight",
    }
    for name, tensor in hub_names.items():
        with safe_open(root / name / "model.safetensors", "np") as file:
            assert tensor in set(file.keys())


@pytest.mark.slow
def test_cards_say_where_the_model_comes_from(root):
    for recipe in QUICK:
        text = read_card_text(root / recipe.name)
        card = parse_card(text)
        record = read_json(root / recipe.name / "training.json")
        assert card.base_models == ((recipe.base,) if recipe.base else ())
        assert card.metric_value == pytest.approx(record["accuracy"], abs=1e-4)
        assert "made on this machine by Pedigree's demo" in text and "UCI" in text


@pytest.mark.slow
def test_torch_is_left_as_it_was(tmp_path):
    import torch

    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    build_recipes(tmp_path, FEW[:2])
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)


def test_nothing_is_built_in_an_empty_cache(tmp_path):
    settings = load_settings({"PEDIGREE_CACHE": str(tmp_path)})
    assert not is_built(settings) and demo_bases(settings) == []


def test_a_folder_that_cannot_be_written_is_one_named_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CacheError, match="cannot hold the demo"):
        build_recipes(tmp_path / "file" / "demo", FEW)


def test_names_never_tell_what_was_frozen():
    names = " ".join(recipe.name for recipe in CHILDREN)
    words = ("head", "frozen", "prefix", "full", "norm", "bias", "rank", "lora")
    assert not any(word in names for word in words)


def test_there_are_enough_children_of_every_kind():
    told = truth(CHILDREN).values()
    assert sum(entry["base"] == "digits-vit" for entry in told) >= 6
    assert sum(entry["base"] == "digits-resnet" for entry in told) >= 6
    depths = {e["frozen_blocks"] for e in told if e["kind"] == "frozen-prefix"}
    assert depths == {1, 2, 3, 5}


@pytest.mark.parametrize("name", sorted(TASKS))
def test_every_task_asks_for_its_own_labels_of_unseen_images(name):
    split = load_split(TASKS[name], seed=0)
    for images, labels in (split.train, split.test):
        assert set(labels) == set(range(len(TASKS[name].labels)))
        assert images.shape[1:] == (8, 8) and images.dtype == np.float32
        assert images.min() >= 0 and images.max() <= 1


def test_train_and_test_are_the_digits_once_each():
    from sklearn.datasets import load_digits

    split = load_split(TASKS["digits"], seed=3)
    ours = np.concatenate([split.train[0], split.test[0]]).reshape(-1, 64)
    theirs = (load_digits().images / 16).astype(np.float32).reshape(-1, 64)
    assert (np.sort(ours, axis=0) == np.sort(theirs, axis=0)).all()
    assert len(split.test[1]) == 450
