"""Held-out cells that mean something: which cells of the records are hidden together.

Folds are fixed: they follow from names alone, by what the tasks are or by the SHA-256
of their names, never from a random generator or the order of a file.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import pandas as pd

from core.errors import UsageError
from core.transfer.records import Records, label_names

MOST_GROUPS = 15
PAPER = "paper-protocol"


@dataclass(frozen=True, eq=False)
class Fold:
    """Cells hidden together: `hidden` is (M, T). Folds of one `repeat` hide no cell
    twice.
    """

    repeat: int
    name: str
    hidden: np.ndarray


@dataclass(frozen=True)
class Split:
    """A way to hide cells: the question it asks, how folds are drawn, the folds."""

    name: str
    question: str
    drawn: str
    cut: Callable[[Records], Iterator[Fold]]


def folds(split: Split, records: Records) -> tuple[Fold, ...]:
    """Cut the records. Raises UsageError when they cannot answer the question."""
    cut = tuple(
        fold for fold in split.cut(records) if (fold.hidden & records.is_known).any()
    )
    for fold in cut:
        if not (records.is_known & ~fold.hidden).any():
            remedy = "add records of other tasks or models"
            raise UsageError(f"Split {split.name}", "would hide every record", remedy)
    if not cut:
        raise UsageError(f"Split {split.name}", "hides no record", "add records")
    return cut


def split(name: str) -> Split:
    """Return the split of this name. Raises UsageError when there is none."""
    for one in SPLITS:
        if one.name == name:
            return one
    names = ", ".join(one.name for one in SPLITS)
    raise UsageError(f"Split {name!r}", "does not exist", f"choose one of {names}")


def fingerprint(cut: Sequence[Fold]) -> str:
    """Return what is the same for the same folds, and for no others."""
    found = sha256()
    for fold in cut:
        found.update(f"{fold.repeat}/{fold.name}/".encode())
        found.update(np.packbits(fold.hidden).tobytes())
    return found.hexdigest()[:16]


def hash_order(names: Sequence[str], salt: str) -> list[int]:
    """Return the places of names in an order that looks random and never changes.

    >>> hash_order(["a", "b", "c"], "c")
    [1, 0, 2]
    """
    keys = [sha256(f"{salt}/{name}".encode()).hexdigest() for name in names]
    return sorted(range(len(names)), key=keys.__getitem__)


def deal(names: Sequence[str], hands: int, salt: str) -> np.ndarray:
    """Deal names into hands of equal size (one more or less): a hand a name.

    >>> np.bincount(deal(list("abcdefg"), 3, "x")).tolist()
    [3, 2, 2]
    """
    hand = np.empty(len(names), dtype=int)
    hand[hash_order(names, salt)] = np.arange(len(names)) * hands // len(names)
    return hand


def size_groups(tasks: pd.DataFrame) -> list[str]:
    """Name each task's size: its images per class, or the third of all it is in."""
    per_class = tasks["samples_per_class"].fillna(tasks["samples"] / tasks["classes"])
    return _bins(per_class, 3)


def _bins(numbers: pd.Series, count: int) -> list[str]:
    """Name numbers by themselves where few differ, else by quantile; "" is unknown."""
    known = numbers.dropna()
    if known.nunique() <= 10:
        return ["" if pd.isna(value) else f"{value:g}" for value in numbers]
    cut = pd.qcut(numbers, count, duplicates="drop")
    return ["" if pd.isna(bin) else f"{bin.left:g} to {bin.right:g}" for bin in cut]


def _by_group(name: str, keys: Callable[[pd.DataFrame], list[str]]) -> Callable:
    """Hide one group of tasks at a time; tasks of unknown group stay."""

    def cut(records: Records) -> Iterator[Fold]:
        given = np.array(keys(records.tasks), dtype=object)
        groups = sorted(set(given) - {""})
        if len(groups) < 2:
            happened = "needs tasks that differ in it"
            raise UsageError(f"Split {name}", happened, "add records")
        if len(groups) > MOST_GROUPS:
            hand = dict(zip(groups, deal(groups, MOST_GROUPS, name), strict=True))
            given = np.array([f"{hand[key]:02d}" if key else "" for key in given])
            groups = sorted(set(given) - {""})
        for group in groups:
            yield Fold(0, group, _columns(records, given == group))

    return cut


def _columns(records: Records, chosen: np.ndarray) -> np.ndarray:
    return np.repeat(chosen[None], len(records.models), axis=0)


def _new_task(records: Records) -> Iterator[Fold]:
    names = list(records.tasks.index)
    for repeat in range(2):
        hand = deal(names, min(5, len(names)), f"new-task/{repeat}")
        for fold in range(hand.max() + 1):
            yield Fold(repeat, str(fold + 1), _columns(records, hand == fold))


def _new_model(records: Records) -> Iterator[Fold]:
    names = list(records.models.index)
    hand = np.arange(len(names))
    if len(names) > MOST_GROUPS:
        hand = deal(names, MOST_GROUPS, "new-model")
    for fold in range(hand.max() + 1):
        hidden = np.repeat((hand == fold)[:, None], len(records.tasks), axis=1)
        members = [name for name, at in zip(names, hand, strict=True) if at == fold]
        yield Fold(0, ", ".join(members[:3]), hidden)


def _random_cells(records: Records) -> Iterator[Fold]:
    known = np.argwhere(records.is_known)
    models, tasks = records.models.index, records.tasks.index
    names = [f"{models[model]}/{tasks[task]}" for model, task in known]
    for repeat in range(5):
        hidden = np.zeros(records.is_known.shape, dtype=bool)
        chosen = known[deal(names, 2, f"random-cells/{repeat}") == 1]
        hidden[tuple(chosen.T)] = True
        yield Fold(repeat, str(repeat + 1), hidden)


def _paper(records: Records) -> Iterator[Fold]:
    """Hide 10 % to all of a task's models, each share in a tenth of the tasks."""
    models, tasks = list(records.models.index), list(records.tasks.index)
    for repeat in range(10):
        tenth = deal(tasks, 10, f"{PAPER}/{repeat}")
        hidden = np.zeros(records.is_known.shape, dtype=bool)
        for task, name in enumerate(tasks):
            order = hash_order(models, f"{PAPER}/{repeat}/{name}")
            observed = len(models) * (9 - tenth[task]) // 10
            hidden[order[observed:], task] = True
        yield Fold(repeat, str(repeat + 1), hidden)


def _texts(column: str) -> Callable[[pd.DataFrame], list[str]]:
    return lambda tasks: [t if isinstance(t, str) else "" for t in tasks[column]]


def _label_sets(tasks: pd.DataFrame) -> list[str]:
    return [", ".join(sorted(set(label_names(text)))) for text in tasks["labels"]]


def _class_counts(tasks: pd.DataFrame) -> list[str]:
    return _bins(tasks["classes"], 5)


BY_NAME = "by the SHA-256 of the names"
SPLITS = (
    Split("new-domain", "A domain without any record?", "one domain a fold",
          _by_group("new-domain", _texts("domain"))),
    Split("new-size", "Other numbers of images per class?", "one size a fold",
          _by_group("new-size", size_groups)),
    Split("new-class-count", "Other numbers of classes?", "one count a fold",
          _by_group("new-class-count", _class_counts)),
    Split("new-label-set", "Labels in a combination not seen?", "one set a fold",
          _by_group("new-label-set", _label_sets)),
    Split("new-task", "A task like the known ones?", f"5 folds, twice, {BY_NAME}",
          _new_task),
    Split("new-model", "A model without any record?", "one model a fold", _new_model),
    Split("random-cells", "Half of the cells?", f"half, 5 times, {BY_NAME}",
          _random_cells),
    Split(PAPER, "The published study's figure, truth left in where it was known?",
          f"10 times, 10 to 100 % of each task's models hidden, {BY_NAME}", _paper),
)  # fmt: skip
