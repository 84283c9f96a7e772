"""Models and tasks as vectors: one-hot names, normalized numbers, and text. Knows no
predictor and no accuracy of the records.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from core.transfer.records import Records, label_names


class Encoder(Protocol):
    """Turns N texts into vectors (N, F); its name tells it from every other."""

    @property
    def name(self) -> str: ...

    def __call__(self, texts: Sequence[str]) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class Embedding:
    """What is known of M models and T tasks, in groups of columns.

    Every group is (M, F) or (T, F). One-hot and text rows have length 1 (0 where
    nothing is known); numbers are logarithms, centered, with deviation 1.
    """

    model_names: np.ndarray
    families: np.ndarray
    model_numbers: np.ndarray
    domains: np.ndarray
    labels: np.ndarray
    task_numbers: np.ndarray

    @property
    def models(self) -> np.ndarray:
        """All columns of the models (M, F)."""
        return np.hstack([self.model_names, self.families, self.model_numbers])

    @property
    def tasks(self) -> np.ndarray:
        """All columns of the tasks (T, F)."""
        return np.hstack([self.domains, self.labels, self.task_numbers])


def embed(records: Records, encoder: Encoder | None = None) -> Embedding:
    """Describe models and tasks by one-hot columns, or the words by a text encoder."""
    models, tasks = records.models, records.tasks
    labels = [label_names(text) for text in tasks["labels"]]
    return Embedding(
        model_names=np.eye(len(models)),
        families=one_hot(models["family"]),
        model_numbers=normalized(models, ("params", "gmacs"), ("imagenet_accuracy",)),
        domains=word_vectors([[name] for name in _words(tasks["domain"])], encoder),
        labels=word_vectors(labels, encoder),
        task_numbers=normalized(tasks, ("classes", "samples")),
    )


def one_hot(values: Iterable[object]) -> np.ndarray:
    """Return a column for each distinct value (N, F); missing values are zero rows.

    >>> one_hot(["b", "a", None])
    array([[0., 1.],
           [1., 0.],
           [0., 0.]])
    """
    return pd.get_dummies(pd.Series(list(values), dtype="str")).to_numpy(float)


def normalized(
    table: pd.DataFrame, logarithms: Sequence[str], plain: Sequence[str] = ()
) -> np.ndarray:
    """Center the columns and divide by their deviation; unknown numbers are average.

    >>> normalized(pd.DataFrame({"params": [1, 100, None]}), ["params"]).round(3)
    array([[-1.],
           [ 1.],
           [ 0.]])
    """
    columns = [np.log(table[name].where(table[name] > 0)) for name in logarithms]
    columns += [table[name] for name in plain]
    numbers = np.column_stack([column.astype(float) for column in columns])
    centered = numbers - _mean(numbers)
    deviation = np.sqrt(_mean(centered**2))
    return np.nan_to_num(centered / np.where(deviation > 1e-9, deviation, 1.0))


def word_vectors(
    groups: Sequence[Sequence[str]], encoder: Encoder | None = None
) -> np.ndarray:
    """Return a vector of length 1 for each group of words (N, F), zero for none.

    Without an encoder every word has a column of its own. With one, a group is the
    mean of its words' vectors, centered over all words: encoders crowd all text into
    one corner.

    >>> word_vectors([["cat"], ["cat", "dog"], []]).round(2)
    array([[1.  , 0.  ],
           [0.71, 0.71],
           [0.  , 0.  ]])
    """
    words = sorted({word for group in groups for word in group})
    place = {word: at for at, word in enumerate(words)}
    member = np.zeros((len(groups), len(words)))
    for row, group in enumerate(groups):
        member[row, [place[word] for word in group]] = 1.0
    if encoder is None or not words:
        return _unit(member)
    vectors = np.asarray(encoder(words), float)  # (W, F)
    return _unit(member @ (vectors - vectors.mean(axis=0)))


def _words(values: Iterable[object]) -> list[str]:
    return [value if isinstance(value, str) else "" for value in values]


def _mean(numbers: np.ndarray) -> np.ndarray:
    """Average what is known of each column, 0 where nothing is."""
    known = ~np.isnan(numbers)
    return np.nan_to_num(numbers).sum(axis=0) / np.maximum(known.sum(axis=0), 1)


def _unit(rows: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 1e-12, lengths, 1.0)
