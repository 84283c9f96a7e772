"""Make the demo's training records: eight small backbones, 22 tasks about digits, a
head really trained for each pair, and the scores of the same features beside it.

No image that a backbone learned from is in any task: half of the digits is for the
backbones, the other half for the tasks.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from filelock import FileLock

from core.cache import now_utc, write_bytes, write_json
from core.demo.digits import TASKS, Labeled
from core.demo.networks import steady_torch
from core.demo.records import (
    FILES,
    FINISHED,
    HELD_OUT,
    VERSION,
    has_records,
    read_demo,
    records_root,
)
from core.demo.zoo import ZOO, Small, halves, make_backbone, read_record
from core.device import detect_device
from core.progress import Cancelled, Progress, stoppable
from core.settings import Settings
from core.transfer.backbones import load_backbone
from core.transfer.evaluate import evaluate
from core.transfer.features import extract
from core.transfer.heads import measure_head
from core.transfer.images import image_array
from core.transfer.scores.score_all import score_all

SPLIT = "new-label-set"
"""What the demo asks: questions whose answers no record is about."""

SIZES = (8, 40)
"""Training images a class."""

METRICS = (
    "logme", "h_score", "regularized_h_score", "leep", "nce", "transrate", "sfda",
    "knn",
)  # fmt: skip
DOMAINS = {"noisy": "noisy", "inverted": "inverted", "mirrored": "mirrored",
           "quarter-turns": "turned"}  # fmt: skip


@dataclass(frozen=True)
class DemoTask:
    """One question with its images: train (N, 8, 8) and held out, with labels."""

    name: str
    question: str
    train: Labeled
    test: Labeled


def build_records(
    settings: Settings,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    zoo: Sequence[Small] = ZOO,
    questions: Sequence[str] = tuple(TASKS),
    seed: int = 0,
) -> Path:
    """Train the backbones and heads that are missing, and return the folder.

    `zoo` and `questions` may be fewer, for a small try. Raises JobCancelled when
    `cancelled` says so; whole backbones and features stay.
    """
    root = records_root(settings)
    root.mkdir(parents=True, exist_ok=True)
    step = stoppable("Making the records", progress, cancelled)
    with FileLock(root / ".lock"), steady_torch():
        if not has_records(settings):
            source, target = _digit_halves(seed)
            _make_models(root / "models", zoo, (source, target), step)
            tasks = list(demo_tasks(target, questions, seed))
            _measure(root, zoo, tasks, settings, step)
            step(0.95, "Predictors on held-out tasks")
            _hold_out(root, settings, questions)
    if progress:
        progress(1.0, "The records are ready")
    return root


def demo_tasks(
    half: Labeled, questions: Sequence[str], seed: int
) -> Iterator[DemoTask]:
    """Ask questions of half of the digits, with few and with more images.

    Half of these images is for training, the rest is held out, the same for both sizes.
    """
    train, test = halves(*half, seed=seed)
    for question in questions:
        task, generator = TASKS[question], np.random.default_rng(seed)
        x, y = task.ask(*train, generator)
        held = task.ask(*test, generator)
        for size in SIZES:
            rows = [np.flatnonzero(y == label)[:size] for label in np.unique(y)]
            few = np.sort(np.concatenate(rows))
            yield DemoTask(f"{question}-{size}", question, (x[few], y[few]), held)


def _digit_halves(seed: int) -> list[Labeled]:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = (bunch.images / 16).astype(np.float32)
    return halves(images, bunch.target.astype(np.int64), seed)


def _make_models(
    root: Path, zoo: Sequence[Small], asked: tuple[Labeled, Labeled], step: Progress
) -> None:
    for index, small in enumerate(zoo):
        folder, unfinished = root / small.name, root / f".{small.name}"
        if read_record(folder, small):
            continue

        def on_epoch(epoch: int, index: int = index, small: Small = small) -> None:
            done = (index + epoch / small.epochs) / len(zoo)
            step(0.6 * done, f"Training {small.name}, pass {epoch + 1}/{small.epochs}")

        task, generator = TASKS[small.source], np.random.default_rng(small.seed)
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        source, held = (task.ask(*half, generator) for half in asked)
        make_backbone(unfinished, small, source, held, on_epoch)
        unfinished.rename(folder)


def _measure(
    root: Path, zoo: Sequence[Small], tasks: list[DemoTask], settings: Settings,
    step: Progress,
) -> None:  # fmt: skip
    """Train a head for every pair of a backbone and a task, and write the tables."""
    accuracy, scores = {}, []
    for index, small in enumerate(zoo):
        step(0.6 + 0.35 * index / len(zoo), f"Heads on {small.name}")
        pairs = {
            t.name: _pair(root / "models" / small.name, t, settings) for t in tasks
        }
        accuracy[small.name] = {name: found[0] for name, found in pairs.items()}
        scores += [
            {"model": small.name, "task": name, "metric": metric, "value": value}
            for name, (_, found) in pairs.items()
            for metric, value in found.items()
        ]
    tables = (
        pd.DataFrame(accuracy).T.rename_axis("model").reset_index(),
        _model_table(root, zoo), _task_table(tasks), pd.DataFrame(scores),
    )  # fmt: skip
    for name, rows in zip(FILES, tables, strict=True):
        write_bytes(root / name, rows.to_csv(index=False).encode())


def _hold_out(root: Path, settings: Settings, questions: Sequence[str]) -> None:
    """Predict every label set from the others; few questions have too few of them."""
    if len(questions) < len(TASKS):
        return
    found = evaluate(read_demo(settings)[0], splits=[SPLIT], workers=1)
    write_bytes(root / HELD_OUT, found.cells[SPLIT].to_csv(index=False).encode())
    write_json(root / FINISHED, {"version": VERSION, "made_at": now_utc()})


def _pair(
    folder: Path, task: DemoTask, settings: Settings
) -> tuple[float, dict[str, float | None]]:
    """Return the accuracy of a head on one task, and what its training images score."""
    backbone, cpu = load_backbone(str(folder), settings), detect_device("cpu")
    parts = []
    for images, labels in (task.train, task.test):
        answers = TASKS[task.question].labels
        images = image_array(task.name, images, labels, answers)
        parts.append(extract(images, backbone, settings, device=cpu))
    train, test = parts
    head = measure_head((train.features, train.labels), (test.features, test.labels))
    found = score_all(train.features, train.labels, train.source_probabilities, METRICS)
    return head.accuracy, found.values


def _model_table(root: Path, zoo: Sequence[Small]) -> pd.DataFrame:
    records = {s: read_record(root / "models" / s.name, s) for s in zoo}
    return pd.DataFrame(
        {"model": small.name, "family": small.architecture, "params": known["params"],
         "gmacs": known["macs"] / 1e9, "imagenet_accuracy": known["accuracy"]}
        for small, known in records.items()
    )  # fmt: skip


def _task_table(tasks: list[DemoTask]) -> pd.DataFrame:
    return pd.DataFrame(
        {"task": task.name, "domain": DOMAINS.get(task.question, "plain"),
         "classes": len(TASKS[task.question].labels), "samples": len(task.train[1]),
         "samples_per_class": int(task.name.rsplit("-", 1)[1]),
         "labels": ", ".join(_labels(task.question))}
        for task in tasks
    )  # fmt: skip


def _labels(question: str) -> list[str]:
    """Name the answers; a yes to one question is not a yes to another.

    >>> _labels("primes"), _labels("zero-to-four")[:2]
    (['primes no', 'primes yes'], ['0', '1'])
    """
    names = TASKS[question].labels
    is_bare = {"no", "yes"} <= set(names)
    return [f"{question} {name}" if is_bare else name for name in names]
