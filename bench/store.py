"""A model store of 35 trained ResNet-18 and their base: bytes, exactness, speed.

    python -m bench.store [--json] [--snapshots N] [--rounds N] [--learning-rate R]

The snapshots are trained for a few steps on made-up images, from a base with random
weights, as deep as the study's 25 % distribution draws; so the bytes are of the real
size and really changed, while nothing is said of accuracy. Adding is timed against
SHA-256 of the same files by as many threads, both with the files in memory, in
interleaved rounds; adding also writes and flushes to disk. How much coding saves
depends on how far training moved the weights: compare --learning-rate 1e-3 and 1e-5.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import file_digest, sha256
from pathlib import Path

from safetensors.numpy import load_file

from bench.report import Line, finish
from core.commands.answer import progress_line
from core.snapshots.architecture import find_architecture
from core.snapshots.datasets import Caps, make_dataset
from core.snapshots.datasets.builtin import synthetic
from core.snapshots.generate import make_base
from core.snapshots.lineage import WEIGHTS
from core.snapshots.recipe import Recipe
from core.snapshots.retrain_index import draw_indices
from core.snapshots.store.add import add_model
from core.snapshots.store.check import verify
from core.snapshots.store.collect import collect
from core.snapshots.store.compress import compress
from core.snapshots.store.model_store import ModelStore
from core.snapshots.store.origin import told_lineage
from core.snapshots.store.stored_source import export
from core.snapshots.store.usage import usage
from core.snapshots.train import train_snapshots

POINTS, IMAGES, SIDE, THREADS = 9, 120, 64, 2
# at 64 pixels the last stage still sees two by two, so that every weight is trained


def make_snapshots(root: Path, count: int, learning_rate: float) -> list[Path]:
    """Make a base and really train `count` snapshots of it, a few steps each."""
    data = make_dataset(synthetic(IMAGES), caps=Caps())
    make_base(
        root, "base", find_architecture("torchvision/resnet18", side=SIDE),
        classes=data.classes,
    )  # fmt: skip
    indices = draw_indices("TWENTY_FIVE_PERCENT", POINTS, count, seed=42)
    recipes = [
        Recipe(
            f"snapshot-{number:02}", "base", retrain_index=index, epochs=1,
            batch_size=32, seed=number, learning_rate=learning_rate,
        )
        for number, index in enumerate(indices)
    ]  # fmt: skip
    train_snapshots(root, recipes, data, progress=progress_line)
    return [root / name for name in ("base", *(recipe.name for recipe in recipes))]


def unique_bytes(folders: Sequence[Path]) -> int:
    """Count distinct tensors without the store: by dtype, shape and bytes."""
    sizes = {}
    for folder in folders:
        for array in load_file(folder / WEIGHTS).values():
            key = str(array.dtype), array.shape, sha256(array.tobytes()).digest()
            sizes[key] = array.nbytes
    return sum(sizes.values())


def hashing_seconds(folders: Sequence[Path]) -> float:
    """Time SHA-256 of every weight file, as many at once as adding has threads."""
    started = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(_sha256, [folder / WEIGHTS for folder in folders]))
    return time.perf_counter() - started


def adding_seconds(folders: Sequence[Path], place: Path) -> float:
    """Time adding every folder to a new store."""
    shutil.rmtree(place, ignore_errors=True)
    started = time.perf_counter()
    store = ModelStore(place, create=True)
    for folder in folders:
        add_model(
            store, folder.name, folder, lineage=told_lineage(folder), workers=THREADS
        )
    return time.perf_counter() - started


def exported_wrong(store: ModelStore, folders: Sequence[Path], place: Path) -> int:
    """Count files that do not come out with the SHA-256 they went in with."""
    wrong = 0
    for folder in folders:
        export(store, folder.name, place)
        names = [path.name for path in folder.iterdir()]
        wrong += sum(_sha256(folder / n) != _sha256(place / n) for n in names)
        shutil.rmtree(place)
    return wrong


def flips_missed(store: ModelStore) -> int:
    """Flip one bit of each of three packs, in front, middle and end; count misses."""
    packs = sorted(store.packs.iterdir())[:3]
    for share, path in zip((0.0, 0.5, 1.0), packs, strict=True):
        _flip(path, share)
    found = " ".join(verify(store)["subject"])
    for share, path in zip((0.0, 0.5, 1.0), packs, strict=True):
        _flip(path, share)
    return sum(path.name not in found for path in packs)


def _flip(path: Path, share: float) -> None:
    with path.open("rb+") as file:
        file.seek(int(share * (path.stat().st_size - 1)))
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def measure(root: Path, chosen: argparse.Namespace) -> list[Line]:
    """Make, add, export, damage, compress and collect; return the claims."""
    folders = make_snapshots(root / "made", chosen.snapshots, chosen.learning_rate)
    hashing, adding = [], []
    for _ in range(chosen.rounds):
        hashing.append(hashing_seconds(folders))
        adding.append(adding_seconds(folders, root / "store"))
    store = ModelStore(root / "store")
    unique, plain = unique_bytes(folders), usage(store)
    wrong = exported_wrong(store, folders, root / "out")
    missed = flips_missed(store)
    started = time.perf_counter()
    coded = compress(store)
    seconds = time.perf_counter() - started
    small = usage(store)
    wrong_coded = exported_wrong(store, folders, root / "out")
    for folder in folders[1::2]:
        store.remove(folder.name)
    collect(store)
    left = usage(store)
    published = plain.published_bytes / 1e6
    return [
        Line("bytes on disk against unique bytes", plain.disk_bytes / unique, "<=",
             1.02, f"{plain.models} models, {published:,.0f} MB published, "
             f"{unique / 1e6:,.0f} MB unique"),
        Line("files exported otherwise than added", wrong, "<=", 0),
        Line("packs with a flipped bit that verify misses", missed, "<=", 0),
        Line("speed of adding against hashing", min(hashing) / min(adding), ">=", 0.5,
             " and ".join(f"{published / min(s):,.0f}" for s in (adding, hashing))
             + " MB/s"),
        Line("bytes of coded tensors against before",
             coded.after_bytes / max(coded.before_bytes, 1), "<=", 0.9,
             f"{coded.coded} of {coded.tried} changed tensors pay, learning rate "
             f"{chosen.learning_rate:g}, {seconds:.0f} s"),
        Line("bytes on disk once compressed, against unique bytes",
             small.disk_bytes / unique, "<=", 1.02),
        Line("files exported otherwise once compressed", wrong_coded, "<=", 0),
        Line("bytes on disk against unique bytes, half of the models removed",
             left.disk_bytes / left.once_bytes, "<=", 1.02),
    ]  # fmt: skip


def main(arguments: list[str]) -> int:
    """Measure, print and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--snapshots", type=int, default=35)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        lines = measure(Path(place), chosen)
    return finish(lines, as_json=chosen.json)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
