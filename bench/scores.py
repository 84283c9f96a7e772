"""What transferability scores cost: one shared stream against the plain way.

    python -m bench.scores [--json] [--samples N]

50,000 samples of 2,048 rectified features in 100 classes, with the probabilities of
1,000 source classes, as float32 on disk. The plain way takes each score by itself: an
SVD and a loop over classes for LogME, `numpy.linalg.pinv` for the H-score,
scikit-learn's `LedoitWolf` for the regularized one. Each side runs in a process of its
own; peak memory is what the system counts as resident (VmHWM), mapped pages included.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.engine.side import peak_bytes
from bench.report import Line, finish
from bench.server import ROOT

WIDTH, CLASSES, SOURCE_CLASSES = 2048, 100, 1000
SHARED = ("logme", "h_score", "regularized_h_score")
ROWS = 5000


def make(folder: Path, samples: int) -> None:
    """Write features, labels and source probabilities, some thousand rows at a time."""
    random = np.random.default_rng(0)
    labels = random.integers(0, CLASSES, samples)
    means = 0.25 * random.standard_normal((CLASSES, WIDTH), dtype=np.float32)
    shapes = {"features": (samples, WIDTH), "source": (samples, SOURCE_CLASSES)}
    files = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", "f4", shape)
        for name, shape in shapes.items()
    }
    for start in range(0, samples, ROWS):
        rows = slice(start, min(start + ROWS, samples))
        own = labels[rows]
        noise = random.standard_normal((len(own), WIDTH), dtype=np.float32)
        files["features"][rows] = np.maximum(noise + means[own], 0)
        powers = np.exp(
            random.standard_normal((len(own), SOURCE_CLASSES), dtype=np.float32)
        )
        powers[np.arange(len(own)), 10 * own] *= 100
        files["source"][rows] = powers / powers.sum(axis=1, keepdims=True)
    np.save(folder / "labels.npy", labels)


def shared(folder: Path) -> dict[str, float]:
    """Score features in memory, all three at once."""
    from core.transfer.scores.score_all import score_all

    features, labels = (np.load(folder / f"{n}.npy") for n in ("features", "labels"))
    return timed(lambda: score_all(features, labels, None, SHARED).values)


def streamed(folder: Path) -> dict[str, float]:
    """Score features that stay on disk; those of the source classes too."""
    from core.transfer.scores.score_all import score_all
    from core.transfer.scores.stored import open_arrays

    names = (*SHARED, "gbc_diagonal", "gbc_spherical", "leep", "nce")
    with (
        open_arrays(folder / "features.npy") as features,
        open_arrays(folder / "source.npy") as source,
    ):
        labels = np.load(folder / "labels.npy")
        arrays = features["features"], labels, source["features"]
        return timed(lambda: score_all(*arrays, names).values)


def plain(folder: Path) -> dict[str, float]:
    """Score features in memory, each score by itself."""
    features, labels = (np.load(folder / f"{n}.npy") for n in ("features", "labels"))
    ways = plain_logme, plain_h_score, plain_regularized_h_score
    features = features.astype(float)
    return timed(
        lambda: {
            name: way(features, labels) for name, way in zip(SHARED, ways, strict=True)
        }
    )


def plain_logme(features: np.ndarray, labels: np.ndarray) -> float:
    """Iterate the two precisions of each class, from one SVD of the features."""
    count, width = features.shape
    u, s, _ = np.linalg.svd(features, full_matrices=False)
    s, total = s**2, 0.0
    for label in np.unique(labels):
        target = (labels == label).astype(float)
        x2 = (u.T @ target) ** 2
        rest, a, b = target @ target - x2.sum(), 1.0, 1.0
        for _ in range(100):
            gamma = (s / (s + a / b)).sum()
            m2 = (s * x2 / (s + a / b) ** 2).sum()
            residual = (x2 / (1 + s * b / a) ** 2).sum() + rest
            a, b = gamma / m2, (count - gamma) / residual
        total += count * np.log(b) + width * np.log(a) - count * np.log(2 * np.pi)
        total -= b * residual + a * m2 + np.log(a + b * s).sum()
    return total / (2 * count * len(np.unique(labels)))


def class_means(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Replace every sample by the mean of its class."""
    replaced = np.empty_like(features)
    for label in np.unique(labels):
        replaced[labels == label] = features[labels == label].mean(axis=0)
    return replaced


def plain_h_score(features: np.ndarray, labels: np.ndarray) -> float:
    """Invert the covariance by numpy's `pinv`."""
    between = np.cov(class_means(features, labels), rowvar=False)
    inverse = np.linalg.pinv(np.cov(features, rowvar=False), rcond=1e-15)
    return np.trace(inverse @ between)


def plain_regularized_h_score(features: np.ndarray, labels: np.ndarray) -> float:
    """Shrink the covariance by scikit-learn's `LedoitWolf`."""
    from sklearn.covariance import LedoitWolf

    shrunk = LedoitWolf().fit(features)
    between = np.cov(class_means(features, labels), rowvar=False)
    inverse = np.linalg.pinv(shrunk.covariance_, rcond=1e-15)
    return (1 - shrunk.shrinkage_) * np.trace(inverse @ between)


def timed(score: Callable[[], dict]) -> dict[str, float]:
    """Return scores, the time and processor time they took, and the peak memory."""
    start, busy = time.perf_counter(), time.process_time()
    scores = score()
    return {
        **scores,
        "seconds": time.perf_counter() - start,
        "busy_seconds": time.process_time() - busy,
        "peak_bytes": peak_bytes(),
    }


SIDES = {"shared": shared, "streamed": streamed, "plain": plain}


def measure(name: str, folder: Path) -> dict[str, float]:
    """Run one side in a process of its own."""
    command = [sys.executable, "-m", "bench.scores", "--side", name, str(folder)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def main(arguments: list[str]) -> int:
    """Measure, print and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--samples", type=int, default=50_000)
    parser.add_argument("--side", nargs=2, metavar=("NAME", "FOLDER"))
    chosen = parser.parse_args(arguments)
    if chosen.side:
        print(json.dumps(SIDES[chosen.side[0]](Path(chosen.side[1]))))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), chosen.samples)
        ours, disk, theirs = (measure(name, Path(folder)) for name in SIDES)
    apart = max(abs(ours[name] / theirs[name] - 1) for name in SHARED)
    busy = ours["busy_seconds"] / theirs["busy_seconds"]
    lines = [
        Line("time of LogME, H-score and regularized H-score against the plain way",
             ours["seconds"] / theirs["seconds"], "<=", 0.1,
             f"{ours['seconds']:.1f} s / {theirs['seconds']:.1f} s; "
             f"processor time {busy:.3f}"),
        Line("peak memory in GB, features in memory", ours["peak_bytes"] / 1e9, "<=",
             2.5, f"the plain way {theirs['peak_bytes'] / 1e9:.1f} GB"),
        Line("peak memory in GB, features on disk", disk["peak_bytes"] / 1e9, "<=", 0.6,
             f"{disk['seconds']:.1f} s with GBC, LEEP and NCE"),
        Line("largest relative difference of a score", apart, "<=", 1e-6),
    ]  # fmt: skip
    return finish(lines, as_json=chosen.json)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
