"""Features of 2,000 photos through ResNet-18, against a bare PyTorch loop.

    python -m bench.features [--json] [--images N] [--rounds N]

Both read the same JPEG files of 500 x 375 pixels and run the same weights; the bare
loop is torchvision's ImageFolder with the weights' own transforms in a DataLoader, with
no workers or one a core, whichever is faster. Rounds alternate; the best of each
counts. Then a process is killed at half and started again.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torchvision.datasets import ImageFolder
from torchvision.models import ResNet18_Weights

from bench.report import Line, finish
from core.settings import Settings
from core.transfer.backbones import load_backbone
from core.transfer.features import extract
from core.transfer.images import image_folder
from core.transfer.shards import SHARD_IMAGES

NAME = "torchvision/resnet18"
CLASSES = 10
BATCH = 64


def write_photos(root: Path, count: int) -> None:
    """Write smooth random photos, as large and as hard to decode as common ones."""
    rng = np.random.default_rng(0)
    for index in range(count):
        folder = root / f"class {index % CLASSES}"
        folder.mkdir(parents=True, exist_ok=True)
        coarse = rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        photo = Image.fromarray(coarse).resize((500, 375), Image.Resampling.BICUBIC)
        grain = rng.normal(0, 8, (375, 500, 1))
        pixels = np.clip(np.asarray(photo) + grain, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.jpg", quality=90)


def bare_loop(root: Path, network: torch.nn.Module, workers: int) -> float:
    """Return the seconds of the loop that anyone would write."""
    photos = ImageFolder(str(root), ResNet18_Weights.DEFAULT.transforms())
    start, features = time.perf_counter(), []
    with torch.inference_mode():
        for pixels, _ in torch.utils.data.DataLoader(
            photos, batch_size=BATCH, num_workers=workers
        ):
            features.append(network(pixels)[0])
    torch.cat(features)
    return time.perf_counter() - start


def ours(root: Path) -> float:
    """Return the seconds of the same into an empty cache, listing included."""
    with tempfile.TemporaryDirectory() as cache:
        settings = Settings(Path(cache))
        backbone = load_backbone(NAME, settings, weights="random")
        start = time.perf_counter()
        extract(image_folder(root), backbone, settings)
        return time.perf_counter() - start


def throughput(root: Path, rounds: int) -> Line:
    """Compare images a second in alternating rounds."""
    with tempfile.TemporaryDirectory() as cache:
        network = load_backbone(NAME, Settings(Path(cache)), weights="random").network
    loops = {workers: [] for workers in (0, os.cpu_count() or 1)}
    own = []
    for _ in range(rounds):
        for workers, seconds in loops.items():
            seconds.append(bare_loop(root, network, workers))
        own.append(ours(root))
    workers, best = min(((w, min(s)) for w, s in loops.items()), key=lambda p: p[1])
    detail = f"{min(own):.1f} s against {best:.1f} s with {workers} workers"
    return Line(
        "features: throughput of a bare loop", best / min(own), ">=", 0.85, detail
    )


def killed_at_half(root: Path, count: int) -> list[Line]:
    """Kill a run at half, go on, and count what was computed twice."""
    with tempfile.TemporaryDirectory() as cache:
        run = [sys.executable, "-m", "bench.features", "--extract", str(root), cache]
        process = subprocess.Popen(run, stdout=subprocess.PIPE, text=True)
        done = 0
        for line in process.stdout:
            done = int(line)
            if done >= count / 2:
                os.kill(process.pid, signal.SIGKILL)
                break
        process.stdout.close()
        process.wait()
        files = {path: path.stat().st_mtime_ns for path in Path(cache).rglob("*.npz")}
        settings = Settings(Path(cache))
        backbone = load_backbone(NAME, settings, weights="random")
        resumed = extract(image_folder(root), backbone, settings)
        touched = sum(path.stat().st_mtime_ns != then for path, then in files.items())
        twice = done + resumed.computed - count
    share = SHARD_IMAGES / count
    detail = f"killed at {done:,}, {resumed.computed:,} of {count:,} left to compute"
    return [
        Line(
            "features: computed twice after a kill", twice / count, "<=", share, detail
        ),
        Line("features: finished shards written again", touched, "<=", 0),
    ]


def extract_and_tell(root: Path, cache: Path) -> int:
    """Extract, and print how many images are done."""
    settings = Settings(cache)
    backbone = load_backbone(NAME, settings, weights="random")
    images = image_folder(root)

    def tell(fraction: float, _: str) -> None:
        print(round(fraction * len(images)), flush=True)

    extract(images, backbone, settings, progress=tell)
    return 0


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--extract", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.extract:
        return extract_and_tell(*options.extract)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "photos"
        write_photos(root, options.images)
        lines = [
            throughput(root, options.rounds),
            *killed_at_half(root, options.images),
        ]
    return finish(lines, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
