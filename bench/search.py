"""Ranking 36 fine-tuned ResNet-18 in a store, against scoring each of them in full.

    python -m bench.search [--json] [--images N] [--counts 12,36,108] [--device D]

The snapshots are synthetic, their retrain indices drawn from the study's 25 %
distribution; images have 64 pixels. In full means: the plain PyTorch loop over all
images for every snapshot, its weights read from its folder, pixels decoded once for
all. How much sharing should save follows from the time of each block in that loop and
how often it is run; the bound is 0.8 of that. The loop runs half before the search and
half behind it, so that a machine that slows down slows both. With `--images 2000` this
is the published claim; the default is quicker and smaller.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from bench.report import Line, finish
from core.settings import Settings
from core.snapshots.architecture import build_network, find_architecture
from core.snapshots.blocks import model_blocks, module_roots
from core.snapshots.candidates import Candidates, find_candidates
from core.snapshots.generate import generate_snapshots, make_base
from core.snapshots.groups import BATCH, group_by_architecture
from core.snapshots.prefix_tree import prefix_tree, separate, work
from core.snapshots.search import search, stratified_order
from core.snapshots.store.add import add_model
from core.snapshots.store.model_store import ModelStore
from core.transfer.images import ImageSet, image_array
from core.transfer.scores.logme import logme
from core.transfer.state import read_state

SIDE, CLASSES = 64, 10
CLAIM = 36


def make_snapshots(root: Path, count: int) -> Candidates:
    """Make a base and what is drawn from it; put all into a store."""
    built = find_architecture("torchvision/resnet18", side=SIDE)
    folders = root / "folders"
    make_base(folders, "base", built, classes=[str(i) for i in range(CLASSES)])
    generate_snapshots(folders, "base", count=count - 1)
    store = ModelStore(root / "store", create=True)
    for folder in sorted(path.parent for path in folders.glob("*/snapshot.json")):
        add_model(store, folder.name, folder)
    return find_candidates(root / "store")


def make_images(count: int) -> ImageSet:
    """Draw smooth noise whose brightness tells a little of the class."""
    draw, labels = np.random.default_rng(0), np.arange(count) % CLASSES
    coarse = draw.integers(0, 160, (count, 8, 8, 3)) + 5 * labels[:, None, None, None]
    pixels = coarse.repeat(SIDE // 8, axis=1).repeat(SIDE // 8, axis=2)
    return image_array("noise", pixels.astype(np.uint8), labels, range(CLASSES))


def in_full(
    folders: Sequence[Path], images: ImageSet, clock: Counter, device: str
) -> tuple[float, dict[str, float]]:
    """Return the seconds and scores of the loop that anyone would write; `clock` hears
    the seconds of each block.
    """
    built = find_architecture("torchvision/resnet18", side=SIDE)
    network, heard = build_network(built, CLASSES).eval().to(device), []
    time_blocks(network, clock)
    network.fc.register_forward_pre_hook(lambda module, args: heard.append(args[0]))
    order, scores = stratified_order(images.labels), {}
    began = time.perf_counter()
    pixels = np.stack([built.preprocess.pixels(images.read(row)) for row in order])
    batches = torch.from_numpy(pixels).split(BATCH)
    for folder in folders:
        network.load_state_dict(read_state(folder)[0])
        heard.clear()
        with torch.no_grad():
            for batch in batches:
                network(built.preprocess.normalize(batch.to(device)))
        features = torch.cat(heard).cpu().numpy()
        scores[folder.name] = logme(features, images.labels[order])
    return time.perf_counter() - began, scores


def time_blocks(network: torch.nn.Module, clock: Counter) -> None:
    """Let `clock` count the seconds of each block, in each pass of the network."""
    blocks, last = model_blocks(network), ["", 0.0]
    roots = module_roots(network, blocks)

    def entered(name: str) -> None:
        if network.fc.weight.is_cuda:
            torch.cuda.synchronize()
        now = time.perf_counter()
        if last[0]:
            clock[last[0]] += now - last[1]
        last[:] = ("" if name == blocks[-1].name else name), now

    for block in blocks:
        network.get_submodule(roots[block.name][0]).register_forward_pre_hook(
            lambda module, args, name=block.name: entered(name)
        )


def predicted_speedup(
    candidates: Candidates, images: ImageSet, clock: Counter, device: str
) -> float:
    """Return what sharing should save: the blocks' times in the plain loop, run or
    not.
    """
    root = Path("unused")
    (group,), _ = group_by_architecture(candidates.found, images, root, device=device)
    names = group.sections.names[: group.sections.head]
    costs = [sum(clock[block] for block in section) for section in names]
    return work(separate(group.chains), costs) / work(prefix_tree(group.chains), costs)


def shared(
    candidates: Candidates, images: ImageSet, device: str
) -> tuple[float, dict[str, float]]:
    """Return the seconds and scores of a search into an empty cache."""
    with tempfile.TemporaryDirectory() as cache:
        began = time.perf_counter()
        found = search(candidates, images, Settings(Path(cache)), device=device)
        seconds = time.perf_counter() - began
    return seconds, dict(zip(found.rows["id"], found.rows["score"], strict=True))


def first_of(candidates: Candidates, count: int) -> Candidates:
    """Return the base and those drawn first."""
    return replace(candidates, found=candidates.found[:count])


def ranking(scores: dict[str, float]) -> list[str]:
    """Name the snapshots, the best first, equal ones by name."""
    return sorted(scores, key=lambda id: (-scores[id], id))


def measure(root: Path, images: ImageSet, counts: list[int], device: str) -> list[Line]:
    """Compare the claimed number of snapshots with the loop; time the other numbers."""
    everyone, lines = make_snapshots(root, max([*counts, CLAIM])), []
    clock: Counter = Counter()
    for count in sorted({*counts, CLAIM}):
        some = first_of(everyone, count)
        folders = [root / "folders" / one.id for one in some.found]
        half, plain, expected = len(folders) // 2, 0.0, {}
        if count == CLAIM:
            plain, expected = in_full(folders[:half], images, clock, device)
        seconds, scores = shared(some, images, device)
        print(f"{count:4} snapshots: {seconds:7.1f} s", file=sys.stderr)
        if count != CLAIM:
            continue
        rest, other = in_full(folders[half:], images, clock, device)
        plain, expected = plain + rest, expected | other
        predicted = predicted_speedup(some, images, clock, device)
        speedup, detail = plain / seconds, f"{plain:.1f} s in full"
        differ = sum(a != b for a, b in zip(ranking(scores), ranking(expected),
                                            strict=True))  # fmt: skip
        lines += [
            Line("search: places of the ranking that differ", differ, "<=", 0),
            Line("search: speed-up over what shared blocks predict",
                 speedup / predicted, ">=", 0.8,
                 f"{speedup:.2f} x, {predicted:.2f} x predicted, {detail}"),
        ]  # fmt: skip
    return lines


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--counts", default="12,36,108")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    counts = [int(count) for count in options.counts.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        images = make_images(options.images)
        lines = measure(Path(folder), images, counts, options.device)
    return finish(lines, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
