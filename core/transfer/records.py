"""Training records: which accuracy each model reached on each task, with what is known
of both. Reads the published files and mends what is wrong in them; knows no predictor.
"""

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import UsageError
from core.tables.csv_table import MISSING, read_csv
from core.transfer.mending import exchange_swapped, renamed_samples

MODEL_COLUMNS = ("family", "params", "gmacs", "imagenet_accuracy")
TASK_COLUMNS = ("domain", "classes", "samples", "samples_per_class", "labels")
MAX_BYTES = 50 * 2**20
MAX_MODELS = 10_000
MODEL_ALIASES = {
    "model": ("model name", "name"),
    "family": ("Architecure_family", "architecture family"),
    "params": ("# of parameters", "parameters"),
    "imagenet_accuracy": ("acc@1 (on ImageNet-1K)", "accuracy"),
    "gmacs": ("GFLOPS", "macs"),
}
TASK_ALIASES = {
    "task": ("dataset name", "name", "dataset"),
    "samples_per_class": ("num_pre_class",),
    "classes": ("categories",),
    "samples": ("Sample_Size",),
}


@dataclass(frozen=True, eq=False)
class Records:
    """Accuracies of M models on T tasks.

    `accuracy` is (M, T), fractions, NaN where nobody measured; its index names the
    rows of `models` (MODEL_COLUMNS), its columns the rows of `tasks` (TASK_COLUMNS).
    `samples` counts images in all, `labels` are names joined by commas. `mended` tells
    what was wrong in the files, a sentence each.
    """

    accuracy: pd.DataFrame
    models: pd.DataFrame
    tasks: pd.DataFrame
    mended: tuple[str, ...] = ()

    @property
    def values(self) -> np.ndarray:
        """The accuracies as float64 (M, T)."""
        return self.accuracy.to_numpy(float)

    @property
    def is_known(self) -> np.ndarray:
        """Which cells somebody measured (M, T)."""
        return ~np.isnan(self.values)

    @property
    def fingerprint(self) -> str:
        """The same for the same numbers, names and order."""
        parts = (self.accuracy, self.models, self.tasks)
        text = "\n".join(part.to_csv() for part in parts)
        return sha256(text.encode()).hexdigest()[:16]

    def without(self, hidden: np.ndarray) -> "Records":
        """Return the same records with the cells of a mask (M, T) not measured."""
        return replace(self, accuracy=self.accuracy.mask(hidden))

    def with_tasks(self, tasks: pd.DataFrame) -> "Records":
        """Return the records with further tasks that nobody has measured.

        Raises UsageError for a name that is taken.
        """
        for name in tasks.index.intersection(self.tasks.index):
            raise UsageError(f"Task {name!r}", "is in the records", "rename it")
        more = tasks.reindex(columns=TASK_COLUMNS)
        return replace(
            self,
            accuracy=self.accuracy.reindex(columns=[*self.accuracy, *more.index]),
            tasks=pd.concat([self.tasks, more.astype(self.tasks.dtypes)]),
        )


def read_records(records: Path, models: Path, tasks: Path) -> Records:
    """Read a matrix (models x tasks) and the descriptions of both, joined by name.

    Tasks named otherwise in the two files are joined by position, where the domain and
    the samples per class in the name agree. Raises UsageError or SourceChanged, naming
    the file.
    """
    accuracy = _read_grid(records)
    known, swapped = exchange_swapped(_read_models(models))
    described = _join_tasks(_read_tasks(tasks), accuracy.columns, tasks)
    mended = [*swapped, *renamed_samples(described, _header(tasks))]
    if not known.index.equals(accuracy.index):
        known = _join_models(known, accuracy.index, models)
        mended.append(
            f"{models.name} lists the models in another order than {records.name}; "
            "they are joined by name."
        )
    return Records(accuracy, known, described, tuple(mended))


def label_names(text: object) -> tuple[str, ...]:
    """Split a list of labels, in their order; nothing where none are known.

    >>> label_names("piano, hot_dog,"), label_names(float("nan"))
    (('piano', 'hot_dog'), ())
    """
    if not isinstance(text, str):
        return ()
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(path, f"cannot be read ({reason})") from error
    if len(content) > MAX_BYTES:
        raise UsageError(path, "is larger than 50 MB", "give a smaller table")
    return content


def _header(path: Path) -> str:
    return _content(path).partition(b"\n")[0].decode("utf-8", "replace")


def _read_grid(path: Path) -> pd.DataFrame:
    """Read the matrix: task names in the first line, model names in the first cell."""
    try:
        lines = csv.reader(io.StringIO(_content(path).decode("utf-8-sig")), strict=True)
        rows = [row for row in islice(lines, MAX_MODELS + 2) if any(row)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(path, "cannot be read as CSV", "save it as UTF-8") from error
    if not 2 <= len(rows) <= MAX_MODELS + 1:
        raise UsageError(path, "has no rows, or too many", "give a row a model")
    tasks, names = rows[0][1:], [row[0].strip() for row in rows[1:]]
    for kind, listed in (("task", tasks), ("model", names)):
        if len(set(listed)) < len(listed) or "" in listed:
            raise UsageError(path, f"has a {kind} twice or without a name")
    numbers = [list(_fractions(row, len(tasks), path)) for row in rows[1:]]
    return pd.DataFrame(numbers, index=names, columns=tasks, dtype=float)


def _fractions(row: list[str], width: int, path: Path) -> Iterator[float]:
    if len(row) != width + 1:
        happened = f"has {len(row) - 1} of {width} numbers for {row[0][:40]!r}"
        raise UsageError(path, happened)
    for cell in row[1:]:
        try:
            value = math.nan if cell.strip().lower() in MISSING else float(cell)
        except ValueError:
            value = math.inf
        if value < 0 or value > 1:
            happened = f"gives {cell[:40]!r} as an accuracy of {row[0][:40]!r}"
            raise UsageError(path, happened, "give fractions from 0 to 1")
        yield value


def _read_models(path: Path) -> pd.DataFrame:
    table = read_csv(
        _content(path), path.name, text=["model", "family"], aliases=MODEL_ALIASES,
        numbers=["params", "gmacs", "imagenet_accuracy"],
    )  # fmt: skip
    if (table["imagenet_accuracy"] > 1).any():
        table["imagenet_accuracy"] = (table["imagenet_accuracy"] / 100).round(8)
    return _by_name(table, "model", path)[list(MODEL_COLUMNS)]


def _read_tasks(path: Path) -> pd.DataFrame:
    table = read_csv(
        _content(path), path.name, text=["task", "domain", "labels"],
        numbers=["classes", "samples", "samples_per_class"], aliases=TASK_ALIASES,
    )  # fmt: skip
    return _by_name(table, "task", path)[list(TASK_COLUMNS)]


def _by_name(table: pd.DataFrame, name: str, path: Path) -> pd.DataFrame:
    if table[name].duplicated().any():
        raise UsageError(path, f"has a {name} twice")
    return table.set_index(name).rename_axis(None)


def _join_models(known: pd.DataFrame, names: pd.Index, path: Path) -> pd.DataFrame:
    absent = names.difference(known.index)
    if len(absent):
        raise UsageError(path, f"says nothing of {', '.join(absent[:5])}")
    return known.loc[names]


def _join_tasks(tasks: pd.DataFrame, names: pd.Index, path: Path) -> pd.DataFrame:
    if names.isin(tasks.index).all():
        return tasks.loc[names]
    if len(tasks) != len(names):
        happened = f"describes {len(tasks)} tasks where the records have {len(names)}"
        raise UsageError(path, happened, "name the tasks alike")
    for name, row in zip(names, tasks.itertuples(), strict=True):
        if not name.endswith(f"_{row.domain}_{row.samples_per_class:g}"):
            happened = f"has {row.Index} where the records have {name}"
            raise UsageError(path, happened, "name the tasks alike")
    return tasks.set_axis(names)
