"""Evaluate predictors on held-out cells, split by split, folds in parallel.

Finished splits are kept with their folds, so that a stopped evaluation goes on where
it was. Knows no command line and no page.
"""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd

from core.cache import whole_file
from core.errors import CacheError, UsageError
from core.progress import Progress, silent
from core.transfer.embed import Embedding, Encoder, embed
from core.transfer.predictors.listing import PREDICTORS, predict_all, predictor
from core.transfer.records import Records
from core.transfer.scoring import coverage, score_split
from core.transfer.splits import SPLITS, Fold, fingerprint, folds, split

REVISION = 3
INTERVALS_OF = "gaussian-process"


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Scores, and the held-out cells that they were computed from.

    `scores` has a row a split, predictor and metric (see `score_split`); `cells` maps
    a split to a row a held-out cell: repeat, fold, model, task, accuracy, a column a
    predictor, low and high (90 %) of the Gaussian process. `folds` has a row a split;
    `left_out` says why a split could not be made.
    """

    scores: pd.DataFrame
    cells: dict[str, pd.DataFrame]
    folds: pd.DataFrame
    left_out: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


def evaluate(
    records: Records,
    *,
    splits: Sequence[str] = (),
    predictors: Sequence[str] = (),
    encoder: Encoder | None = None,
    kept: Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Predict every held-out cell of every split (all by default) and score them.

    `kept` is a folder for finished splits. A split that these records cannot make is
    left out with its reason, unless it was asked for by name. Raises UsageError for
    unknown names and JobCancelled when `progress` does.
    """
    started = time.monotonic()
    names = list(predictors) or [one.name for one in PREDICTORS]
    for name in names:
        predictor(name)
    cut, left_out = _cut(records, splits)
    embedding = embed(records, encoder)
    described = encoder.name if encoder else "names"
    key = f"{records.fingerprint}/{described}/{','.join(names)}/{REVISION}"
    report = progress or silent
    total, done, cells = sum(map(len, cut.values())), 0, {}
    for name, parts in cut.items():
        place = kept and kept / f"{name}-{_digest(key + fingerprint(parts))}.parquet"
        found = _read(place) if place else None
        if found is None:
            found = _predict_folds(
                records, embedding, parts, names, workers,
                lambda n, name=name, done=done: report((done + n) / total, name),
            )  # fmt: skip
            if place:
                _write(place, found)
        cells[name], done = found, done + len(parts)
    report(1.0, "scoring")
    scores = [score_split(name, frame, records) for name, frame in cells.items()]
    return Evaluation(
        pd.concat(scores, ignore_index=True), cells, _folds_table(cut, cells),
        left_out, time.monotonic() - started,
    )  # fmt: skip


def _cut(
    records: Records, asked: Sequence[str]
) -> tuple[dict[str, tuple[Fold, ...]], dict[str, str]]:
    cut, left_out = {}, {}
    for one in [split(name) for name in asked] or SPLITS:
        try:
            cut[one.name] = folds(one, records)
        except UsageError as error:
            if asked:
                raise
            left_out[one.name] = error.happened
    if not cut:
        remedy = "add records of more models and tasks"
        raise UsageError("These records", "are too few to be split", remedy)
    return cut, left_out


def _predict_folds(
    records: Records, embedding: Embedding, parts: Sequence[Fold],
    names: Sequence[str], workers: int | None, report: Callable[[int], None],
) -> pd.DataFrame:  # fmt: skip
    from threadpoolctl import threadpool_limits

    # Folds are the parallel work; threads of BLAS and OpenMP under them only wait.
    with (
        threadpool_limits(1),
        ThreadPoolExecutor(
            workers or os.cpu_count(), initializer=threadpool_limits, initargs=(1,)
        ) as pool,
    ):
        waiting = [
            pool.submit(predict_fold, records, embedding, fold, names) for fold in parts
        ]
        try:
            for done, _ in enumerate(as_completed(waiting), start=1):
                report(done)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        return pd.concat([one.result() for one in waiting], ignore_index=True)


def predict_fold(
    records: Records, embedding: Embedding, fold: Fold, names: Sequence[str]
) -> pd.DataFrame:
    """Predict the hidden cells of one fold from all others: a row a cell."""
    hidden = fold.hidden & records.is_known
    found = predict_all(records.without(fold.hidden), embedding, names)
    models, tasks = np.nonzero(hidden)
    columns = {
        "repeat": fold.repeat,
        "fold": fold.name,
        "model": records.models.index[models],
        "task": records.tasks.index[tasks],
        "accuracy": records.values[hidden],
    }
    columns |= {name: one.mean[hidden] for name, one in found.items()}
    if INTERVALS_OF in found:
        known = found[INTERVALS_OF]
        columns |= {"low": known.low[hidden], "high": known.high[hidden]}
    return pd.DataFrame(columns)


def _folds_table(cut: dict, cells: dict[str, pd.DataFrame]) -> pd.DataFrame:
    rows = [
        {
            "split": name,
            "question": split(name).question,
            "drawn": split(name).drawn,
            "folds": len(parts),
            "cells": len(cells[name]),
            "fingerprint": fingerprint(parts),
            "coverage": coverage(cells[name]),
        }
        for name, parts in cut.items()
    ]
    return pd.DataFrame(rows)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def _read(path: Path) -> pd.DataFrame | None:
    """Return a finished split; a damaged file is made again."""
    if not path.exists():
        return None
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError):
        return None


def _write(path: Path, cells: pd.DataFrame) -> None:
    with whole_file(path) as temporary:
        try:
            cells.to_parquet(temporary, index=False)
        except ValueError as error:
            raise CacheError(path, f"cannot be written ({error})") from error
