# ruff: noqa: E402
"""How fast, and in how much memory, two checkpoints are compared: against reading the
files, against the plain way, and against its own bounds.

    python bench/compare.py [--json] [--quick]

Every ratio is of minima of at least five interleaved rounds in one run on freshly
copied files, with two threads. Copies are written 8 MiB at a time, as a download is:
how a file was written decides how large the pages are that the system keeps it in, and
what `sendfile` copied (`shutil.copyfile`) lies in the smallest. The base is open and
its norms are known, as for each child but the first; a child is stored as its base is,
so that its header has been read before. Run it on an idle machine: what shares the
memory bus moves both sides, but not equally. `--quick` does two rounds on a smaller
file.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # so that the file runs as a script too

from bench.engine.checkpoints import (
    named_pairs,
    write_child,
    write_large,
    write_resnet50,
)
from bench.engine.reading import read_files, read_memory
from bench.report import Line, finish
from core.weights.bits import UNSIGNED
from core.weights.checkpoint import open_checkpoint
from core.weights.loops.histogram import count_bits
from core.weights.low_rank_scan import scan, screen
from core.weights.matrix_pair import array_pair
from core.weights.measure import KeptBase, measure_pairs
from core.weights.partial_sums import empty_rows
from core.weights.rows import add_norms, compare
from core.weights.spans import CHUNK_BYTES

MB = 1_000_000
COPY_BYTES = 8 << 20
STREAMED_MB = 220
MAPPED_MB = 200


def copy(source: Path, target: Path) -> None:
    """Copy a file as a download writes one."""
    with source.open("rb") as read, target.open("wb") as write:
        shutil.copyfileobj(read, write, COPY_BYTES)


def best_seconds(sides: Mapping[str, Callable], rounds: int) -> dict[str, float]:
    """Run every side once for nothing, then in turn, and return each one's minimum."""
    for run in sides.values():
        run()
    best = dict.fromkeys(sides, float("inf"))
    for _ in range(rounds):
        for name, run in sides.items():
            started = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - started)
    return best


def run_side(name: str, base: Path, child: Path, further: int = 0) -> dict[str, float]:
    """Run one side in its own process; "seconds", "peak_bytes", and "whole" seconds."""
    command = [sys.executable, "-m", "bench.engine.side", name, base, child, further]
    started = time.perf_counter()
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    whole = time.perf_counter() - started
    return {"whole": whole, **json.loads(done.stdout.splitlines()[-1])}


def file_lines(
    kind: str, base: Path, child: Path, rounds: int, *, claims_cat: bool
) -> Iterator[Line]:
    """From files to all distances, against `cat` of the child and against reading both
    files. For a small file `cat` is told, and nothing is claimed.
    """
    same = base.with_name("same.safetensors")
    copy(base, same)
    kept = KeptBase()
    with open_checkpoint(base) as opened:

        def measure(path: Path) -> None:
            with open_checkpoint(path) as other:
                measure_pairs(opened, other, named_pairs(opened, other), kept=kept)

        best = best_seconds(
            {
                "cat": lambda: subprocess.run(
                    ["cat", child], stdout=subprocess.DEVNULL
                ),
                "reading": lambda: read_files(base, child),
                "changed": lambda: measure(child),
                "identical": lambda: measure(same),
            },
            rounds,
        )
    same.unlink()
    changed, identical = best["changed"], best["identical"]
    reading = best["reading"]
    told = f"{1e3 * changed:.1f} ms, cat {1e3 * best['cat']:.1f} ms"
    if claims_cat:
        yield Line(f"{kind} against cat", changed / best["cat"], "<=", 1.0, told)
    yield Line(f"{kind} against reading", reading / changed, ">=", 0.8, told)
    yield Line(f"{kind} identical against reading", reading / identical, ">=", 0.8)


def plain_lines(base: Path, child: Path, rounds: int) -> Iterator[Line]:
    """A further child, and a pair as a whole process, against the plain way."""
    names = ("mapped", "load_file", "from_pretrained")
    further = {name: float("inf") for name in names}
    whole = dict(further)
    peak = {}
    for _ in range(rounds):
        for name in names:
            alone = run_side(name, base, child)
            whole[name] = min(whole[name], alone["whole"])
            peak[name] = alone["peak_bytes"]
            more = run_side(name, base, child, further=3)
            further[name] = min(further[name], more["seconds"])
    ours = further.pop("mapped"), whole.pop("mapped")
    for name, times in (("load_file", (12, 2)), ("from_pretrained", (15, 5))):
        told = f"peaks {peak['mapped'] // MB} and {peak[name] // MB} MB"
        yield Line(f"further child, {name}", further[name] / ours[0], ">=", times[0])
        yield Line(
            f"whole process, {name}", whole[name] / ours[1], ">=", times[1], told
        )


def memory_lines(folder: Path, size_bytes: int) -> Iterator[Line]:
    """Peak memory of a pair of large files, streamed and mapped, in own processes."""
    base, child = folder / "large.safetensors", folder / "large_child.safetensors"
    write_large(base, size_bytes, seed=1)
    write_large(child, size_bytes, seed=2)
    size = f"{size_bytes / 1e9:.1f} GB"
    for name, allowed in (
        ("streamed", STREAMED_MB * MB),
        ("mapped", base.stat().st_size + MAPPED_MB * MB),
    ):
        peak = run_side(name, base, child)["peak_bytes"]
        told = f"{peak // MB} MB of {allowed // MB} MB, a file of {size}"
        yield Line(f"memory, {name}", peak / allowed, "<=", 1.0, told)
    base.unlink(), child.unlink()


def sameness_line(base: Path, child: Path) -> Line:
    """One or two threads, kept or streamed, lent or read: how many results differ."""
    with open_checkpoint(base) as x, open_checkpoint(child) as y:
        pairs = named_pairs(x, y)

        def told() -> list[object]:
            return [
                measure_pairs(x, y, pairs, threads=threads, kept=kept)
                for threads in (1, 2)
                for kept in (None, KeptBase())
            ]

        found = told()
        with base.open("r+b"), child.open("r+b"):  # so that nothing is lent
            found += told()
    different = sum(other != found[0] for other in found)
    return Line("results that differ by threads or reading", different, "<=", 0)


def weights_in_memory(dtype: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes of a base and a changed child of `size` elements, read-only."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(size, dtype=np.float32) * np.float32(0.02)
    y = x + rng.standard_normal(size, dtype=np.float32) * np.float32(0.0004)
    told = []
    for values in (x, y):
        if dtype == "BF16":
            values = (values.view(np.uint32) >> 16).astype(np.uint16)
        elif dtype == "F16":
            values = values.astype(np.float16)
        run = values.view(np.uint8)
        run.flags.writeable = False
        told.append(run)
    return told[0], told[1]


def kernel_lines(size: int, rounds: int) -> Iterator[Line]:
    """The loops on data in memory, against only reading it."""
    for dtype, bound in (("F32", 0.85), ("BF16", 0.75), ("F16", 0.55)):
        x, y = weights_in_memory(dtype, size)
        starts = np.arange(0, x.size, CHUNK_BYTES)
        sizes = np.minimum(CHUNK_BYTES, x.size - starts)
        segments = np.stack([starts, starts, sizes, np.arange(len(starts))], axis=1)
        norms = np.zeros((len(starts), 2))
        add_norms(x, dtype, segments, norms)
        best = best_seconds(
            {
                "reading": lambda x=x, y=y: read_memory(x, y),
                "ours": lambda *a, x=x, y=y, d=dtype, s=segments, n=norms: _in_memory(
                    x, y, d, s, n
                ),
            },
            rounds,
        )
        ratio = best["reading"] / best["ours"]
        yield Line(f"{dtype} in memory against reading", ratio, ">=", bound, "speeds")


def _in_memory(
    x: np.ndarray, y: np.ndarray, dtype: str, segments: np.ndarray, norms: np.ndarray
) -> None:
    sums, counts = empty_rows(len(segments))
    halves = np.array_split(segments, 2)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda s: compare(x, y, dtype, s, norms, sums, counts), halves))


def extra_lines(base: Path, child: Path, rounds: int) -> Iterator[Line]:
    """Sketches, the histogram of bits, and the search for low-rank deltas."""
    kept = KeptBase()
    with open_checkpoint(base) as x, open_checkpoint(child) as y:
        pairs = named_pairs(x, y)
        best = best_seconds(
            {
                "pass": lambda: measure_pairs(x, y, pairs, kept=kept),
                "sketch": lambda: measure_pairs(x, y, pairs, kept=kept, sketch=True),
            },
            rounds,
        )
    yield Line("pass with sketches", best["sketch"] / best["pass"], "<=", 1.45)
    yield histogram_line(rounds)


def histogram_line(rounds: int) -> Line:
    """The histogram of equal bits, against numpy in chunks."""
    x, y = weights_in_memory("F32", 4 << 20)
    segments = np.array([[0, 0, x.size, 0]])
    a, b = x.view(np.uint32), y.view(np.uint32)

    def plain() -> np.ndarray:
        total = np.zeros(33, np.int64)
        for start in range(0, a.size, 1 << 16):
            stop = start + (1 << 16)
            differing = np.bitwise_count(a[start:stop] ^ b[start:stop])
            total += np.bincount(differing, minlength=33)
        return total

    def ours() -> None:
        count_bits(x, y, UNSIGNED[4], segments, np.zeros(65, np.int64))

    best = best_seconds({"numpy": plain, "ours": ours}, rounds)
    return Line("histogram of bits", best["numpy"] / best["ours"], ">=", 0.6, "speeds")


def low_rank_lines(base: Path, child: Path, rounds: int) -> Iterator[Line]:
    """The search for low-rank deltas, against one `torch.linalg.svdvals`."""
    import torch

    delta = torch.randn(3072, 768)
    merged, changed = (
        list(_matrices(base, child, rank=16)),
        list(_matrices(base, child)),
    )
    best = best_seconds(
        {
            "svdvals": lambda: torch.linalg.svdvals(delta),
            "scan": lambda: scan(merged),
            "screen": lambda: screen(changed),
        },
        rounds,
    )
    svd = best["svdvals"]
    yield Line("low-rank scan against one SVD", best["scan"] / svd, "<=", 2.0)
    yield Line("low-rank screening against one SVD", best["screen"] / svd, "<=", 0.1)


def _matrices(base: Path, child: Path, *, rank: int = 0) -> Iterator:
    """Pair the matrices of two files, or of the base and itself with a merged LoRA."""
    rng = np.random.default_rng(0)
    with open_checkpoint(base) as x, open_checkpoint(child) as y:
        for left, right in named_pairs(x, y):
            if len(left.shape) != 2:
                continue
            a, b = (
                np.frombuffer(c.source_of(e).read(e.start, e.stop), "<f4").reshape(
                    e.shape
                )
                for c, e in ((x, left), (y, right))
            )
            if rank:
                down = rng.standard_normal((rank, a.shape[1]), dtype=np.float32)
                up = rng.standard_normal((a.shape[0], rank), dtype=np.float32)
                b = a + up @ down * np.float32(0.0004 / rank**0.5)
            yield array_pair(a, b, dtype="F32", name=left.name)


def all_lines(folder: Path, *, quick: bool) -> Iterator[Line]:
    """Make the checkpoints and measure one claim after the other."""
    rounds = 2 if quick else 7
    base, child = (folder / n / "model.safetensors" for n in ("vit", "vit_child"))
    child.parent.mkdir()
    run_side("make_vit", base, child)
    made, copied = folder / "made.safetensors", folder / "copied.safetensors"
    write_child(base, made)
    copy(base, copied)
    copy(made, child)
    copy(base.with_name("config.json"), child.with_name("config.json"))
    copied.replace(base)
    yield from file_lines("ViT-base", base, child, rounds, claims_cat=True)
    resnet, resnet_child = folder / "resnet.safetensors", folder / "child.safetensors"
    write_resnet50(made)
    copy(made, resnet)
    write_child(resnet, made)
    copy(made, resnet_child)
    yield from file_lines("ResNet-50", resnet, resnet_child, rounds, claims_cat=False)
    yield from kernel_lines(8 << 20 if quick else 86 << 20, rounds)
    yield from extra_lines(base, child, rounds)
    yield from low_rank_lines(base, child, rounds)
    yield from plain_lines(base, child, 1 if quick else 5)
    yield sameness_line(base, child)
    yield from memory_lines(folder, 300 * MB if quick else 3000 * MB)


def main(arguments: list[str]) -> int:
    """Measure, print and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        lines = list(all_lines(Path(folder), quick=chosen.quick))
    return finish(lines, as_json=chosen.json)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
