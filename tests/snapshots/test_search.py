"""Search against plain PyTorch: every snapshot loaded and run by itself."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import JobCancelled, UsageError
from core.settings import Settings
from core.snapshots.activation import Activation
from core.snapshots.architecture import build_network, find_architecture, logits_of
from core.snapshots.candidates import Candidate, find_candidates
from core.snapshots.generate import generate_snapshots, make_base
from core.snapshots.search import Ranking, round_sizes, search, stratified_order
from core.snapshots.sections import Sections
from core.snapshots.store.add import add_model
from core.snapshots.store.model_store import ModelStore
from core.transfer.images import ImageSet, UnreadableImage, image_array
from core.transfer.scores.logme import logme
from core.transfer.shards import read_shards
from core.transfer.state import read_state

ROOT = Path(__file__).parents[2]
SIDE, IMAGES, CLASSES = 32, 300, "abcde"


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory):
    """Six tiny ResNets: a base and five that keep some of its blocks."""
    root = tmp_path_factory.mktemp("snapshots")
    built = find_architecture(
        "transformers/resnet", side=SIDE, embedding_size=8, hidden_sizes=[8, 12, 16],
        depths=[2, 1, 1], layer_type="basic",
    )  # fmt: skip
    make_base(root, "base", built, classes=CLASSES)
    generate_snapshots(root, "base", count=5, distribution=[1, 3, 0, 2, 1])
    return root


@pytest.fixture(scope="module")
def images():
    """Draw noisy images whose brightness is the class."""
    labels = np.arange(IMAGES) % len(CLASSES)
    noise = np.random.default_rng(0).integers(0, 100, (IMAGES, SIDE, SIDE, 3))
    pixels = (noise + 25 * labels[:, None, None, None]).astype(np.uint8)
    return image_array("noise", pixels, labels, CLASSES)


@pytest.fixture(autouse=True)
def one_thread():
    """Keep sums in one order."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def ranked(place: Path, images: ImageSet, cache: Path, **options) -> Ranking:
    return search(find_candidates(place), images, Settings(cache), **options)


def plain_features(folder: Path, images: ImageSet, order: np.ndarray) -> np.ndarray:
    """Load a snapshot as anyone would, and listen at its head."""
    one = find_candidates(folder.parent).found[0]
    network = build_network(one.architecture, len(CLASSES)).eval()
    network.load_state_dict(read_state(folder)[0])
    heard = []
    network.classifier.register_forward_pre_hook(
        lambda module, args: heard.append(args[0].mean((2, 3)))
    )
    seen = one.architecture.preprocess
    pixels = np.stack([seen.pixels(images.read(row)) for row in order])
    with torch.no_grad():
        for batch in seen.normalize(torch.from_numpy(pixels)).split(64):
            network(batch)
    return torch.cat(heard).numpy()


def test_the_ranking_is_that_of_each_snapshot_run_in_full(snapshots, images, tmp_path):
    found = ranked(snapshots, images, tmp_path)
    order = stratified_order(images.labels)
    expected = {
        folder.name: logme(plain_features(folder, images, order), images.labels[order])
        for folder in snapshots.glob("base*")
    }
    assert len(expected) == len(found.rows) == 6
    assert list(found.rows["id"]) == sorted(
        expected, key=lambda id: (-expected[id], id)
    )
    scores = found.rows.set_index("id")["score"]
    assert all(scores[id] == pytest.approx(expected[id], abs=1e-9) for id in expected)


@pytest.mark.parametrize("options", [{"share": False}, {"budget_bytes": 8 << 20}])
def test_sharing_and_budget_change_no_bit(snapshots, images, tmp_path, options):
    whole = ranked(snapshots, images, tmp_path / "whole")
    other = ranked(snapshots, images, tmp_path / "other", **options)
    assert other.rows.equals(whole.rows)
    kept = sorted((tmp_path / "whole").rglob("*.npz"))
    assert len(kept) == 6 * 2
    for path in kept:
        twin = tmp_path / "other" / path.relative_to(tmp_path / "whole")
        assert twin.read_bytes() == path.read_bytes()


def test_what_is_shared_runs_once(snapshots, images, tmp_path):
    found = ranked(snapshots, images, tmp_path)
    records = find_candidates(snapshots).found
    indices = [one.lineage["retrain_index"] or 0 for one in records]
    sections = found.alone // (6 * IMAGES)
    assert sections == 5
    assert found.ran <= IMAGES * (sections + sum(indices))
    assert found.ran < 0.6 * found.alone
    again = ranked(snapshots, images, tmp_path, metric="knn")
    assert again.ran == 0


def test_a_store_is_ranked_like_its_folders(snapshots, images, tmp_path):
    store = ModelStore(tmp_path / "store", create=True)
    for folder in snapshots.glob("base*"):
        add_model(store, folder.name, folder)
    stored = ranked(tmp_path / "store", images, tmp_path / "one")
    assert stored.rows.equals(ranked(snapshots, images, tmp_path / "two").rows)


def test_a_bare_weight_file_in_a_store_is_a_failure_with_its_reason(
    snapshots, images, tmp_path
):
    store = ModelStore(tmp_path / "store", create=True)
    add_model(store, "base", snapshots / "base")
    add_model(store, "bare", snapshots / "base" / "model.safetensors")
    found = ranked(tmp_path / "store", images, tmp_path)
    assert list(found.rows["id"]) == ["base"]
    assert "snapshot.json" in found.failures["bare"]


def claiming(one: Candidate, **options) -> Candidate:
    built = one.architecture
    other = replace(built, options={**built.options, **options})
    return replace(one, id="claims", architecture=other)


@pytest.mark.parametrize("options", [
    {"hidden_sizes": [8, 12, 10**7]}, {"depths": [2, 1]}, {"layer_type": "none"},
])  # fmt: skip
def test_a_record_that_claims_another_network_is_a_failure(
    snapshots, images, tmp_path, options
):
    found = find_candidates(snapshots)
    first = found.found[0]
    pair = replace(found, found=(first, claiming(first, **options)))
    ranking = search(pair, images, Settings(tmp_path))
    assert list(ranking.failures) == ["claims"]
    assert list(ranking.rows["id"]) == ["base"]


@pytest.mark.parametrize("metric", ["linear_probe", "leep", "regularized_h_score"])
def test_any_score_is_a_proxy(snapshots, images, tmp_path, metric):
    found = ranked(snapshots, images, tmp_path, metric=metric)
    assert found.rows["score"].notna().all()
    assert found.rows["score"].is_monotonic_decreasing


def test_equal_snapshots_share_a_rank(snapshots, images, tmp_path):
    found = find_candidates(snapshots)
    twins = replace(found, found=(*found.found, replace(found.found[0], id="twin")))
    rows = search(twins, images, Settings(tmp_path)).rows.set_index("id")
    assert rows.loc["twin", "rank"] == rows.loc["base", "rank"]
    assert sorted(rows["rank"])[-1] <= 7


def test_halving_keeps_the_better_half(snapshots, tmp_path):
    labels = np.arange(600) % 3
    noise = np.random.default_rng(0).integers(0, 256, (600, 8, 8, 3), np.uint8)
    images = image_array("noise", noise, labels, "abc")
    assert round_sizes(600, 6) == [256, 600]
    found = ranked(snapshots, images, tmp_path, halving=True)
    assert found.rows["images"].tolist() == [600] * 3 + [256] * 3
    few = ranked(snapshots, images, tmp_path / "alone", halving=True, share=False)
    assert few.rows.equals(found.rows) and found.ran < few.ran


def test_every_beginning_of_the_order_is_stratified():
    labels = np.repeat([0, 1, 2], [60, 30, 10])
    order = stratified_order(labels)
    assert sorted(order) == list(range(100))
    for size in (10, 20, 50):
        shares = np.bincount(labels[order[:size]], minlength=3) / size
        assert np.abs(shares - [0.6, 0.3, 0.1]).max() <= 0.1


def test_unreadable_images_are_named_and_left_out(snapshots, images, tmp_path):
    def read(row):
        if row % 100 == 7:
            raise UnreadableImage("is damaged")
        return images.read(row)

    found = ranked(snapshots, replace(images, read=read), tmp_path)
    assert found.unreadable == dict.fromkeys(
        ["image 7", "image 107", "image 207"], "is damaged"
    )
    assert found.rows["images"].tolist() == [IMAGES - 3] * 6


def test_what_cannot_be_searched_says_why(snapshots, images, tmp_path):
    with pytest.raises(UsageError, match="is not known"):
        ranked(snapshots, images, tmp_path, metric="beauty")
    with pytest.raises(UsageError, match="holds no 64 images"):
        ranked(snapshots, images, tmp_path, budget_bytes=1000)
    with pytest.raises(UsageError, match="holds no snapshots"):
        find_candidates(tmp_path)
    one_class = replace(images, classes=("a",), labels=np.zeros(IMAGES, np.int64))
    with pytest.raises(UsageError, match="has 1 classes"):
        ranked(snapshots, one_class, tmp_path)


@pytest.mark.parametrize("stop_at", [0.05, 0.3, 0.7])
def test_a_stopped_search_ends_as_if_it_had_not_been(
    snapshots, images, tmp_path, stop_at
):
    def stop(fraction, message):
        if fraction > stop_at:
            raise JobCancelled("search", "was stopped")

    whole = ranked(snapshots, images, tmp_path / "whole")
    with pytest.raises(JobCancelled):
        ranked(snapshots, images, tmp_path / "cut", progress=stop)
    resumed = ranked(snapshots, images, tmp_path / "cut")
    assert resumed.rows.equals(whole.rows)
    if stop_at == 0.7:
        assert resumed.ran < whole.ran


@pytest.mark.parametrize("files", [1, 4])
def test_a_killed_search_ends_in_the_same_result(snapshots, tmp_path, files):
    run = [sys.executable, "-m", "core", "search", "--store", str(snapshots)]
    run += ["--dataset", "synthetic", "--json"]
    cache = tmp_path / "cache"
    environment = os.environ | {"PEDIGREE_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        run, cwd=ROOT, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while process.poll() is None and len(list(cache.rglob("shard-*.npz"))) < files:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    from core.snapshots.datasets import load_dataset

    images = load_dataset("synthetic").test
    whole = ranked(snapshots, images, tmp_path / "whole")
    resumed = ranked(snapshots, images, cache)
    assert resumed.rows.equals(whole.rows)
    assert resumed.ran <= whole.ran


CUT = {
    "torchvision/resnet18": {},
    "transformers/vit": {
        "image_size": 32, "patch_size": 8, "hidden_size": 32, "num_hidden_layers": 3,
        "num_attention_heads": 2, "intermediate_size": 64,
    },
    "torchvision/mobilenet_v2": {},
    "torchvision/densenet121": {},
    "timm/vit_tiny_patch16_224": {"img_size": 32},
}  # fmt: skip


@pytest.mark.parametrize("name", CUT)
def test_a_network_in_sections_answers_as_it_does_whole(name):
    built = find_architecture(name, side=32, **CUT[name])
    network = build_network(built, 3, seed=5).eval()
    sections = Sections(built)
    sections.load(network.state_dict())
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    given = Activation((x,), {})
    for place in range(sections.head):
        given = sections.run(place, place + 1, given)
    with torch.no_grad():
        assert torch.equal(sections.logits(given), logits_of(network(x)))
    assert sections.head >= 4


def test_kept_features_are_read_back_whole(snapshots, images, tmp_path):
    ranked(snapshots, images, tmp_path)
    for folder in (tmp_path / "search" / "features").iterdir():
        rows = np.concatenate([shard.rows for shard in read_shards(folder, IMAGES)])
        assert sorted(rows) == list(range(IMAGES))
