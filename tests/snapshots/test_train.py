"""Training really freezes what it says, and its records can be held against files."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.derived.compare import compare_paths
from core.errors import JobCancelled, UsageError
from core.snapshots.architecture import build_network, find_architecture, logits_of
from core.snapshots.blocks import find_blocks, model_blocks, retrain_index
from core.snapshots.freeze import freeze, has_statistics, recovered_blocks, set_mode
from core.snapshots.generate import make_base
from core.snapshots.lineage import Snapshot, read_snapshot
from core.snapshots.measure import load_network, measure_snapshot
from core.snapshots.presets import PRESETS, plan_recipes
from core.snapshots.recipe import Recipe, recipe_of
from core.snapshots.retrain_index import DISTRIBUTIONS
from core.snapshots.train import read_epochs, train_snapshot, train_snapshots

pytestmark = pytest.mark.usefixtures("one_thread")

FAST = {"epochs": 1, "batch_size": 40, "learning_rate": 3e-3}
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


@pytest.fixture(scope="module")
def root(tmp_path_factory, tiny):
    """A folder with the base of each kind."""
    root = tmp_path_factory.mktemp("trained")
    for kind, architecture in tiny.items():
        make_base(root, kind, architecture)
    return root


def changed(root, name, contents):
    """Name the tensors of a snapshot that differ from its parent's."""
    mine, theirs = contents(root / name), contents(root / name.split("-")[0])
    return {tensor for tensor in mine if mine[tensor] != theirs[tensor]}


@pytest.fixture(scope="module")
def drawn(root, digits, cpu, one_thread):
    """Return a function that trains a snapshot of a kind by each distribution, once."""

    def train(kind: str) -> list[Snapshot]:
        points = {"resnet": 9}.get(kind, 7)
        like = Recipe("like", kind, 0, **FAST)
        recipes = [
            plan_recipes(kind, name.lower(), points, 1, name, like=like)[0]
            for name in DISTRIBUTIONS
        ]
        return train_snapshots(root, recipes, digits, device=cpu)

    return train


def test_what_is_frozen_is_bit_identical(kind, drawn, root, contents):
    for made in drawn(kind):
        moved = changed(root, made.id, contents)
        inside = {
            name
            for block in find_blocks(contents(root / made.id))
            if block.name in made.retrained
            for name in block.tensors
        }
        assert moved <= inside and moved
        assert {n for n in inside if n.endswith("running_mean")} <= moved


def test_frozen_statistics_move_only_where_asked_and_the_choice_is_recorded(
    root, digits, cpu, contents
):
    for kind in ("resnet", "mobilenet"):
        recipe = Recipe(f"{kind}-drift", kind, 1, statistics="tracked", **FAST)
        made = train_snapshot(root, recipe, digits, device=cpu)
        moved = changed(root, made.id, contents)
        frozen = [b for b in find_blocks(contents(root / made.id))
                  if b.name not in made.retrained]  # fmt: skip
        names = {n for block in frozen for n in block.tensors}
        drifted = {name for name in names if name.endswith(STATISTICS)}
        assert moved & names == drifted
        assert made.recipe["statistics"] == "tracked"
        assert compare_paths(root / kind, root / made.id).flags.statistics_drift


def test_every_distribution_is_recovered_by_comparing(kind, drawn, root):
    for made in drawn(kind):
        found = compare_paths(root / kind, root / made.id)
        moved = recovered_blocks(found)
        blocks = find_blocks(tensor.base_name for tensor in found.tensors)
        assert moved == made.retrained
        assert retrain_index(blocks, moved) == made.retrain_index
        index = made.recipe["retrain_index"]
        assert found.kind == ("frozen-prefix" if index else "head-only")


def test_the_recorded_accuracy_is_that_of_the_stored_weights(
    kind, drawn, root, digits, cpu
):
    made = drawn(kind)[0]
    found = measure_snapshot(root / made.id, digits.test, device=cpu)
    told = made.metrics["test"]
    for name in ("top1", "top5", "loss"):
        assert getattr(found, name) == told[name]
    network, _ = load_network(root / made.id)
    seen, answers = made.built.preprocess, []
    with torch.no_grad():
        for row in range(len(digits.test)):
            pixels = torch.from_numpy(seen.pixels(digits.test.read(row))[None])
            answers.append(int(logits_of(network(seen.normalize(pixels))).argmax()))
    assert np.mean(np.array(answers) == digits.test.labels) == told["top1"]
    assert told["low"] <= told["top1"] <= told["high"]


def test_training_learns(root, digits, cpu):
    recipe = Recipe("resnet-all", "resnet", 8, epochs=8, batch_size=10, augment="none",
                    learning_rate=1e-2, patience=None)  # fmt: skip
    made = train_snapshot(root, recipe, digits, device=cpu)
    assert made.metrics["test"]["low"] > 0.2
    losses = [row["train_loss"] for row in made.metrics["epochs"]]
    assert len(losses) == 8 and losses[-1] < 0.6 * losses[0]


@pytest.mark.parametrize("augment", ["none", "flip"])
def test_kept_features_train_as_running_everything_does(augment, root, digits, cpu):
    found = []
    for cached in (True, False):
        recipe = Recipe(f"vit-{augment}-{cached}", "vit", 2, augment=augment,
                        cache_features=cached, **FAST)  # fmt: skip
        made = train_snapshot(root, recipe, digits, device=cpu)
        assert made.recipe["features_kept"] is cached
        found.append(made.metrics["epochs"][0])
    for name in ("train_loss", "validation_loss"):
        assert found[0][name] == pytest.approx(found[1][name], rel=1e-4)


def test_random_crops_forbid_keeping_features(root, digits, cpu):
    recipe = Recipe("vit-crop", "vit", 1, augment="crop-flip", **FAST)
    made = train_snapshot(root, recipe, digits, device=cpu)
    assert made.recipe["features_kept"] is False


def test_a_mask_trains_exactly_its_blocks(root, digits, cpu, contents):
    blocks = ("stem", "block 3", "head")
    made = train_snapshot(
        root, Recipe("vit-mask", "vit", blocks=blocks, **FAST), digits, device=cpu
    )
    moved = changed(root, made.id, contents)
    found = find_blocks(contents(root / made.id))
    assert tuple(b.name for b in found if moved & set(b.tensors)) == blocks
    assert made.retrain_index is None and made.retrained == blocks


def test_the_optimizer_holds_trainable_parameters_alone(kind, tiny):
    network = build_network(tiny[kind], 10)
    frozen = freeze(network, model_blocks(network), ["head"])
    set_mode(network, frozen)
    learned = {n for n, p in network.named_parameters() if p.requires_grad}
    assert learned == {b for b in frozen.tensors if b in learned} and learned
    quiet = [m for m in network.modules() if has_statistics(m) and not m.training]
    assert len(quiet) == len([m for m in network.modules() if has_statistics(m)])


def test_patience_stops_early_and_keeps_the_best_epoch(root, digits, cpu):
    recipe = Recipe("resnet-patience", "resnet", 0, epochs=30, batch_size=160,
                    learning_rate=1e-9, patience=2, augment="none")  # fmt: skip
    made = train_snapshot(root, recipe, digits, device=cpu)
    rows = made.metrics["epochs"]
    best = max(rows, key=lambda r: (r["validation_top1"], -r["validation_loss"]))
    assert len(rows) < 30 and made.metrics["best_epoch"] == best["epoch"]


def test_a_child_of_a_child_waits_for_its_parent(root, digits, cpu):
    first, second = ("resnet-a", "resnet", 2), ("resnet-b", "resnet-a", 1)
    recipes = [Recipe(*named, **FAST) for named in (second, first)]
    told = []
    made = train_snapshots(
        root, recipes, digits, device=cpu, progress=lambda part, text: told.append(part)
    )
    assert [(s.id, s.parent, s.base) for s in made] == [
        ("resnet-a", "resnet", "resnet"), ("resnet-b", "resnet-a", "resnet")
    ]  # fmt: skip
    assert told == sorted(told) and told[0] >= 0 and told[-1] < 1
    assert recipe_of(made[1].recipe) == replace(recipes[0], precision="float32")


def test_a_trained_snapshot_is_not_trained_again_but_another_recipe_is(
    root, digits, cpu
):
    recipe = Recipe("vit-again", "vit", 0, **FAST)
    first = train_snapshot(root, recipe, digits, device=cpu)
    assert train_snapshot(root, recipe, digits, device=cpu) == first
    other = Recipe("vit-again", "vit", 0, seed=5, **FAST)
    assert train_snapshot(root, other, digits, device=cpu) != first
    assert read_epochs(root, "vit-again") == list(
        read_snapshot(root / "vit-again").metrics["epochs"]
    )


def test_a_stopped_training_leaves_no_snapshot(root, digits, cpu):
    recipe = Recipe("vit-stopped", "vit", 1, **FAST)
    with pytest.raises(JobCancelled):
        train_snapshot(root, recipe, digits, device=cpu, cancelled=lambda: True)
    assert not (root / "vit-stopped").exists()


@pytest.mark.parametrize(
    ("wrong", "happened"),
    [
        ({"parent": "nobody", "retrain_index": 1}, "parent that is not there: nobody"),
        ({"parent": "vit", "retrain_index": 7}, "not between 0 and 6"),
        ({"parent": "vit", "blocks": ("block 9",)}, "Block block 9 is not"),
        ({"parent": "vit"}, "needs either"),
        ({"parent": "vit", "retrain_index": 1, "augment": "spin"}, "says 'spin'"),
        ({"parent": "vit", "retrain_index": 1, "epochs": 0}, "needs an epoch"),
    ],
)
def test_a_recipe_that_cannot_be_followed_is_one_sentence(
    wrong, happened, root, digits, cpu
):
    with pytest.raises(UsageError, match=happened):
        train_snapshot(root, Recipe("wrong", **wrong), digits, device=cpu)


def test_presets_are_the_studys_four_and_can_be_built():
    assert set(PRESETS) == {"resnet-18", "resnet-152", "efficientnet-v2-l", "vit-l-32"}
    for preset in PRESETS.values():
        assert find_architecture(preset.architecture).channels == 3
